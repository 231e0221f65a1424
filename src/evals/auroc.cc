#include "limbic/evals/auroc.h"

#include <ATen/ATen.h>

#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/ranking.h"

namespace limbic::evals {
namespace {

std::vector<Column> columns_of(const AurocConfig& config, const brain::Program& program,
                               const worlds::Schema& schema) {
  const auto against = [&](const brain::Program::Probe& probe, const config::Located& expression) {
    return Column{probe, config.against_tick.in(schema), expression.mark, "against_tick"};
  };
  std::vector<Column> columns{
      {program.compile_figure(config.of), config.of_tick.in(schema), config.of.mark, "of_tick"},
      against(program.compile_figure(config.against), config.against)};
  if (config.by) columns.push_back(against(program.compile_probe(*config.by), *config.by));
  return columns;
}

void check_precision_at(const AurocConfig& config, const worlds::World& world) {
  const int64_t num_rows = num_rows_read(config.held_out, world, Copies::kLeftOut);
  if (!config.precision_at || *config.precision_at <= num_rows) return;
  config::refuse(config.held_out.regime.mark,
                 concat("precision_at is ", *config.precision_at, ", and of ",
                        quoted(config.held_out.regime.text), " only ", num_rows, " rows are read"));
}

}  // namespace

std::vector<config::Reported> AurocConfig::reported() {
  using config::Direction;
  return {{"auroc", Direction::kHigher,
           "chance that a positive row scores above a negative one, equal scores counting half "
           "[share]"},
          {"worst", Direction::kHigher,
           "with `by`: the lowest of one group's positives against all negatives [share]"},
          {"precision", Direction::kHigher,
           "with `precision_at`: positives among so many highest scores [share]"}};
}

Auroc::Auroc(AurocConfig config) : config_(std::move(config)) {}

void Auroc::check(const brain::Brain& brain, const worlds::World& world) const {
  check_held_out(config_.held_out, world);
  check_columns(columns_of(config_, brain.program(), world.schema()), world.schema());
  check_precision_at(config_, world);
  check_observed(config_.observed, world.schema());
}

// [columns, rows] on the CPU, rows without score or label left out.
at::Tensor Auroc::read_rows(brain::Brain& brain, const EpisodeSource& source) const {
  const ColumnsToRead asked{config_.held_out, config_.observed,
                            columns_of(config_, brain.program(), source.world.schema())};
  const at::Tensor all = read_columns(asked, brain, source);
  const at::Tensor is_known = all.narrow(0, 0, 2).isnan().any(0).logical_not();
  return all.index_select(1, is_known.nonzero().squeeze(1));
}

Results Auroc::run(brain::Brain& brain, const EpisodeSource& source) const {
  const at::Tensor columns = read_rows(brain, source);
  const at::Tensor scores = columns[0];
  const at::Tensor is_positive = columns[1] > 0.5;
  Results results{{"auroc", auroc(scores, is_positive)}};
  if (config_.by) results["worst"] = worst_auroc(scores, is_positive, columns[2]);
  if (config_.precision_at) {
    results["precision"] = precision_at(*config_.precision_at, scores, is_positive);
  }
  return results;
}

std::vector<std::string> Auroc::keys(const worlds::World& /*world*/) const {
  std::vector<std::string> names{"auroc"};
  if (config_.by) names.emplace_back("worst");
  if (config_.precision_at) names.emplace_back("precision");
  return names;
}

}  // namespace limbic::evals
