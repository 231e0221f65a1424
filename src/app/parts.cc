#include "limbic/app/parts.h"

#include "limbic/brain/amygdala/delta.h"
#include "limbic/brain/amygdala/kalman.h"
#include "limbic/brain/amygdala/readout.h"
#include "limbic/brain/cortex/gaussian.h"
#include "limbic/brain/cortex/identity.h"
#include "limbic/brain/cortex/transformer.h"
#include "limbic/evals/accuracy.h"
#include "limbic/evals/audit.h"
#include "limbic/evals/auroc.h"
#include "limbic/evals/coverage.h"
#include "limbic/evals/mean.h"
#include "limbic/evals/nll.h"
#include "limbic/evals/oracle_gap.h"
#include "limbic/evals/planning.h"
#include "limbic/evals/reconstruction.h"
#include "limbic/losses/any_subset.h"
#include "limbic/losses/assess.h"
#include "limbic/losses/distil.h"
#include "limbic/losses/l2.h"
#include "limbic/losses/signal_losses.h"
#include "limbic/losses/view_losses.h"
#include "limbic/worlds/conditioning.h"
#include "limbic/worlds/door_key.h"
#include "limbic/worlds/gaussian_linear.h"
#include "limbic/worlds/gaussian_mixture.h"
#include "limbic/worlds/hmm.h"
#include "limbic/worlds/luck.h"
#include "limbic/worlds/mixnet.h"
#include "limbic/worlds/slcp.h"
#include "limbic/worlds/spider.h"
#include "limbic/worlds/table.h"
#include "limbic/worlds/tree.h"
#include "limbic/worlds/two_moons.h"

namespace limbic::app {
namespace {

// Adds a part whose constructor takes its config, then all, none or the first of what every part of
// its kind is given.
template <class Type, class Config, class Product, class... Args>
void add(config::Registry<Product, Args...>& all, const char* name, const char* help) {
  all.template add<Config>(name, help,
                           [](const Config& config, [[maybe_unused]] Args... args) -> Product {
                             if constexpr (std::is_constructible_v<Type, const Config&, Args...>) {
                               return Product(new Type(config, std::forward<Args>(args)...));
                             } else if constexpr (std::is_constructible_v<Type, const Config&>) {
                               return Product(new Type(config));
                             } else {
                               return [&config](const auto& first, const auto&...) {
                                 return Product(new Type(config, first));
                               }(args...);
                             }
                           });
}

}  // namespace

WorldRegistry worlds() {
  using namespace limbic::worlds;  // NOLINT(google-build-using-namespace): these functions name
                                   // every part there is
  WorldRegistry all;
  add<Spider, SpiderConfig>(all, "spider",
                            "real pictures with captions; one class is an innate threat");
  add<Table, TableConfig>(all, "table", "the rows of a CSV file");
  add<GaussianLinear, GaussianLinearConfig>(all, "gaussian_linear",
                                            "a linear-Gaussian world with an exact oracle");
  add<GaussianMixtureWorld, SimulatorConfig>(
      all, "gaussian_mixture", "the mean of a broad and a narrow Gaussian, with an exact oracle");
  add<Tree, SimulatorConfig>(all, "tree",
                             "a tree of causes with curved effects and an exact oracle");
  add<Hmm, HmmConfig>(all, "hmm", "a hidden walk whose square is seen, with an exact oracle");
  add<Slcp, SimulatorConfig>(all, "slcp",
                             "four-fold posteriors, with an exact oracle for any mask");
  add<TwoMoons, SimulatorConfig>(all, "two_moons",
                                 "crescent posteriors, with an exact oracle for any mask");
  add<Mixnet, MixnetConfig>(all, "mixnet", "one variable of every kind, with an exact oracle");
  add<DoorKey, DoorKeyConfig>(all, "door_key",
                              "a demonstrator fetches a key, opens a door; with an exact oracle");
  add<Luck, SimulatorConfig>(all, "luck",
                             "a bandit in which luck looks like skill, with an exact oracle");
  add<Conditioning, ConditioningConfig>(all, "conditioning",
                                        "trials of cues and what happens, from a schedule");
  return all;
}

CortexRegistry cortices() {
  using namespace limbic::brain;  // NOLINT(google-build-using-namespace)
  CortexRegistry all;
  add<Transformer, TransformerConfig>(all, "transformer", "predicts any cells from any others");
  add<Gaussian, GaussianConfig>(
      all, "gaussian", "one Gaussian in closed form, the baseline; learns by its own rule");
  add<Identity, IdentityConfig>(all, "identity", "no cortex: raw observed values as the thought");
  return all;
}

AmygdalaRegistry amygdalas() {
  using namespace limbic::brain;  // NOLINT(google-build-using-namespace)
  AmygdalaRegistry all;
  add<Readout, LinearConfig>(all, "linear", "linear assessors");
  add<Readout, MlpConfig>(all, "mlp", "assessors with one hidden layer");
  add<Kalman, KalmanConfig>(all, "kalman",
                            "assessors that know how sure they are; learn by their own rule");
  add<Delta, DeltaConfig>(all, "delta",
                          "assessors by the delta rule, as one cell or as a distribution of cells");
  return all;
}

LossRegistry losses() {
  using namespace limbic::losses;  // NOLINT(google-build-using-namespace)
  LossRegistry all;
  add<AnySubset, AnySubsetConfig>(all, "any_subset", "predict any subset of cells from any other");
  add<Assess, AssessConfig>(all, "assess",
                            "teach assessors what the steering subsystem is about to say");
  add<Distil, DistilConfig>(all, "distil",
                            "teach the one-pass answer what longer thinking answers");
  all.add<SignalConfig>("mse", "assessor against an expression, squared error", make_mse);
  all.add<SignalConfig>("bce", "assessor against an expression, binary cross-entropy", make_bce);
  all.add<SignalConfig>("gaussian_nll", "assessor's mean and variance against an expression",
                        make_gaussian_nll);
  all.add<HuberConfig>("huber", "assessor against an expression, Huber's error", make_huber);
  all.add<CrossEntropyConfig>("cross_entropy", "assessors as logits against a class",
                              make_cross_entropy);
  add<Cosine, ViewsConfig>(all, "cosine",
                           "thoughts of two modalities of one row point the same way");
  add<Contrastive, ContrastiveConfig>(all, "contrastive",
                                      "InfoNCE between thoughts of two modalities");
  add<Consistency, ConsistencyConfig>(all, "consistency",
                                      "a part's thought agrees with the whole's");
  add<KlLoss, KlConfig>(all, "kl", "beliefs about a category under two views agree");
  add<L2Loss, L2Config>(all, "l2", "half the sum of squares of some parameters");
  return all;
}

EvalRegistry evals() {
  using namespace limbic::evals;  // NOLINT(google-build-using-namespace)
  EvalRegistry all;
  add<Auroc, AurocConfig>(all, "auroc", "how well an expression tells rows apart");
  add<Mean, MeanConfig>(all, "mean", "the mean of an expression, or how often a claim holds");
  add<Accuracy, AccuracyConfig>(all, "accuracy", "how often the likeliest category is right");
  add<Nll, NllConfig>(all, "nll", "negative log-likelihood of hidden cells");
  add<Reconstruction, ReconstructionConfig>(all, "reconstruction",
                                            "squared error of the expected value");
  add<OracleGap, OracleGapConfig>(all, "oracle_gap",
                                  "distance from the world's exact answers, in nats");
  add<Planning, PlanningConfig>(
      all, "planning", "how often acting as the cortex imagines a success leads to one (door_key)");
  add<Coverage, CoverageConfig>(all, "coverage",
                                "whether intervals hold the truth as often as they say");
  add<Audit, AuditConfig>(all, "audit", "counts of what must never happen");
  return all;
}

config::Context parts() {
  config::Context context;
  context.add(worlds());
  context.add(cortices());
  context.add(amygdalas());
  context.add(losses());
  context.add(evals());
  return context;
}

}  // namespace limbic::app
