// peer_dump CONFIG FILE STEPS [path.to.key=value...]: what the cortex is asked in the first steps
// of a run's first stage, for scripts/proof/speed.
//
// Each chunk's values, roles and ranks go to FILE (safetensors: <step>/<chunk>/<variable>,
// /observed, /asked, /rank), what describes them to FILE.json. The real GradientStep draws them;
// only the cortex is replaced by one that writes down its questions.
#include <ATen/ATen.h>

#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/training/gradient_step.h"
#include "limbic/training/safetensors.h"

namespace limbic {
namespace {

using nlohmann::json;
using training::NamedTensor;
using worlds::Access;

/// Answers every question with 0 and writes the question down.
class Recorder : public brain::Cortex {
 public:
  explicit Recorder(const worlds::Schema& schema) : schema_(schema) {
    register_parameter("none", at::zeros({1}));
  }

  void begin(int64_t step) {
    step_ = step;
    num_chunks_ = 0;
  }
  [[nodiscard]] const std::vector<NamedTensor>& questions() const { return questions_; }

  at::Tensor log_prob(const worlds::Episodes& episodes, const worlds::Roles& roles,
                      const at::Tensor& rank_BTV) override {
    const std::string place = concat(step_, "/", num_chunks_++, "/");
    for (int64_t i = 0; i < schema_.size(); ++i) {
      if (schema_[i].access == Access::kCortex)
        questions_.push_back({place + schema_[i].name, episodes.value[i].contiguous()});
    }
    questions_.push_back({place + "observed", roles.observed_BTV.contiguous()});
    questions_.push_back({place + "asked", roles.asked_BTV.contiguous()});
    if (rank_BTV.defined()) questions_.push_back({place + "rank", rank_BTV.contiguous()});
    return at::zeros(roles.asked_BTV.sizes());
  }
  brain::Marginals marginals(const worlds::Episodes&, const worlds::Roles&) override { return {}; }
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles&,
                          const brain::Dials&, const Stream&) override {
    return episodes;
  }
  at::Tensor think(const worlds::Episodes&, const at::Tensor& observed_BTV) override {
    return at::zeros({observed_BTV.size(0), observed_BTV.size(1), thought_size()});
  }
  [[nodiscard]] int64_t thought_size() const override { return 1; }

 private:
  const worlds::Schema schema_;
  int64_t step_ = 0;
  int64_t num_chunks_ = 0;
  std::vector<NamedTensor> questions_;
};

json describe(const training::Parts& parts, int64_t steps) {
  const auto& schema = parts.world->schema();
  json variables = json::array();
  for (int64_t i = 0; i < schema.size(); ++i) {
    const auto& v = schema[i];
    if (v.access != Access::kCortex) continue;
    variables.push_back({{"name", v.name},
                         {"category", v.kind == worlds::Kind::kCategory},
                         {"scalar", v.kind == worlds::Kind::kScalar},
                         {"size", v.size},
                         {"cells", v.num_cells},
                         {"ticks", v.num_ticks},
                         {"offset", schema.offset(i)},
                         {"center", v.center},
                         {"scale", v.scale}});
  }
  json rates = json::array();
  for (int64_t step = 0; step < steps; ++step)
    rates.push_back(parts.optimizer.learning_rate.at(step));
  return {{"variables", variables},
          {"steps", steps},
          {"chunks", parts.training.chunks},
          {"rates", rates}};
}

void dump(const std::string& config_file, const std::string& file, int64_t steps,
          const std::vector<std::string>& assignments) {
  const app::RunConfig config = app::read_config(config_file, assignments);
  const app::Subject subject = app::build_subject(config);
  training::Parts parts = app::build_parts(config, "", at::kCPU);
  const auto recorder = std::make_shared<Recorder>(parts.world->schema());
  parts.make_brain = [&] {
    const auto amygdala =
        config.amygdala.make(recorder->thought_map(), *subject.program, Stream(0));
    return std::make_shared<brain::Brain>(recorder, amygdala, subject.program);
  };
  training::WorkerPool pool(1);  // so that chunks come in their order
  training::Replicas replicas(parts.make_brain, parts.circuits, 1, at::kCPU);
  replicas.prepare(parts.num_gradient_buffers(), parts.optimizer);
  training::GradientStep gradient_step(parts, replicas, pool);
  gradient_step.enter(0);
  for (int64_t step = 0; step < steps; ++step) {
    recorder->begin(step);
    gradient_step.run(step, step, /*rate=*/0);
  }
  write_file_durably(file, training::encode(recorder->questions()));
  write_file_durably(file + ".json", describe(parts, steps).dump());
}

}  // namespace
}  // namespace limbic

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: peer_dump CONFIG FILE STEPS [path.to.key=value...]\n";
    return 2;
  }
  try {
    limbic::dump(argv[1], argv[2], std::stoll(argv[3]), {argv + 4, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "peer_dump: " << error.what() << "\n";
    return 1;
  }
}
