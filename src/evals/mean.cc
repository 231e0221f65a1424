#include "limbic/evals/mean.h"

#include <ATen/ATen.h>

#include <utility>

namespace limbic::evals {
namespace {

Column column_of(const MeanConfig& config, const brain::Program& program,
                 const worlds::Schema& schema) {
  return {program.compile_figure(config.of), config.of_tick.in(schema), config.of.mark, "of_tick"};
}

}  // namespace

std::vector<config::Reported> MeanConfig::reported() {
  return {{"", {}, "mean of the expression over rows that say [its own unit; of a claim, share]"},
          {"known", {}, "rows that say [share]"}};
}

Mean::Mean(MeanConfig config) : config_(std::move(config)) {}

void Mean::check(const brain::Brain& brain, const worlds::World& world) const {
  check_held_out(config_.held_out, world);
  check_columns({column_of(config_, brain.program(), world.schema())}, world.schema());
  check_observed(config_.observed, world.schema());
}

std::vector<std::string> Mean::keys(const worlds::World& /*world*/) const { return {"", "known"}; }

Results Mean::run(brain::Brain& brain, const EpisodeSource& source) const {
  const ColumnsToRead asked{config_.held_out,
                            config_.observed,
                            {column_of(config_, brain.program(), source.world.schema())}};
  const at::Tensor value = read_columns(asked, brain, source).to(at::kDouble)[0];
  const at::Tensor is_known = value.isnan().logical_not();
  return {{"", value.masked_select(is_known).mean().item<double>()},
          {"known", is_known.to(at::kDouble).mean().item<double>()}};
}

}  // namespace limbic::evals
