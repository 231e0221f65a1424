// peer_dump CONFIG FILE STEPS [path.to.key=value...]: what the cortex is asked in the first steps
// of a run's first stage, for scripts/proof/speed.
//
// Each chunk's values, roles and ranks go to FILE (safetensors: <step>/<chunk>/<variable>,
// /observed, /asked, /rank; where assessors learn from what a chunk shows, before its one question
// for the cortex, what thoughts observe, /thought, and what the steering subsystem says whatever
// they say, /realised and /gate), what describes them to FILE.json. The real GradientStep draws
// them; only the cortex is replaced by one that writes down its questions.
#include <ATen/ATen.h>

#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
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
  Recorder(const worlds::Schema& schema, std::shared_ptr<const brain::Program> program)
      : schema_(schema), program_(std::move(program)) {
    register_parameter("none", at::zeros({1}));
  }

  void begin(int64_t step) {
    step_ = step;
    num_chunks_ = 0;
  }
  [[nodiscard]] const std::vector<NamedTensor>& questions() const { return questions_; }

  at::Tensor log_prob(const worlds::Episodes& episodes, const brain::Question& question) override {
    const auto& [observed_BTV, asked_BTV] = question.roles;
    const std::string place = concat(step_, "/", num_chunks_++, "/");
    for (int64_t i = 0; i < schema_.size(); ++i) {
      if (schema_[i].access == Access::kCortex)
        questions_.push_back({place + schema_[i].name, episodes.value[i].contiguous()});
    }
    questions_.push_back({place + "observed", observed_BTV.contiguous()});
    questions_.push_back({place + "asked", asked_BTV.contiguous()});
    if (question.rank_BTV.defined())
      questions_.push_back({place + "rank", question.rank_BTV.contiguous()});
    return at::zeros(asked_BTV.sizes());
  }
  brain::Marginals marginals(const worlds::Episodes&, const brain::Question&) override {
    return {};
  }
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles&,
                          const brain::SamplingOptions&, const Stream&) override {
    return episodes;
  }
  at::Tensor think(const worlds::Episodes& episodes, const brain::Question& question) override {
    const at::Tensor& observed_BTV = question.roles.observed_BTV;
    const std::string place = concat(step_, "/", num_chunks_, "/");  // log_prob counts chunks
    const int64_t rows = observed_BTV.size(0), ticks = observed_BTV.size(1);
    const auto none_BTN = at::zeros({rows, ticks, std::ssize(program_->variables())});
    const auto steer = program_->run(episodes, {none_BTN, none_BTN, none_BTN});
    questions_.push_back({place + "thought", observed_BTV.contiguous()});
    questions_.push_back({place + "realised", steer.realised_BTN.contiguous()});
    questions_.push_back({place + "gate", steer.gate_BTN.contiguous()});
    return at::zeros({rows, ticks, thought_size()});
  }
  [[nodiscard]] int64_t thought_size() const override { return 1; }

 private:
  const worlds::Schema schema_;
  const std::shared_ptr<const brain::Program> program_;
  int64_t step_ = 0;
  int64_t num_chunks_ = 0;
  std::vector<NamedTensor> questions_;
};

json describe(const training::Parts& parts, const brain::Program& program, int64_t steps) {
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
  json assessors = json::array();
  for (const auto& about : program.variables())
    assessors.push_back({{"name", about.name}, {"lead", about.lead}});
  json rates = json::array();
  for (int64_t step = 0; step < steps; ++step)
    rates.push_back(parts.optimizer.learning_rate.at(step));
  return {{"variables", variables},
          {"assessors", assessors},
          {"steps", steps},
          {"chunks", parts.training.chunks},
          {"rates", rates}};
}

void dump(const std::string& config_file, const std::string& file, int64_t steps,
          const std::vector<std::string>& assignments) {
  const app::RunConfig config = app::read_config(config_file, assignments);
  const app::Subject subject = app::build_subject(config);
  training::Parts parts = app::build_parts(config, "", at::kCPU);
  const auto recorder = std::make_shared<Recorder>(parts.world->schema(), subject.program);
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
  write_file_durably(file + ".json", describe(parts, *subject.program, steps).dump());
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
