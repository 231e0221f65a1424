#include "limbic/evals/columns.h"

#include <ATen/ATen.h>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"
#include "limbic/worlds/site.h"

namespace limbic::evals {
namespace {

// What may be observed: the cells that the cortex sees, or those of them that the globs name.
at::Tensor observable(const worlds::Episodes& episodes, const worlds::Schema& schema,
                      const Observed& observed) {
  const at::Tensor visible_BTV = worlds::visible(episodes, schema);
  return observed.globs ? visible_BTV.logical_and(worlds::select_cells(schema, *observed.globs))
                        : visible_BTV;
}

}  // namespace

void check_observed(const Observed& observed, const worlds::Schema& schema) {
  if (!observed.globs) return;
  (void)worlds::select_cells(schema, *observed.globs);
  config::Problems problems;
  for (const config::Located& glob : *observed.globs) {
    if (worlds::names_moment(schema, glob))
      problems.add(glob.mark, concat(quoted(glob.text),
                                     ": a thought goes from tick to tick, so no "
                                     "moment of it is now"));
  }
  problems.raise();
}

void check_columns(const std::vector<Column>& columns, const worlds::Schema& schema) {
  const at::Tensor there_TV = worlds::possible_cells(schema);
  config::Problems problems;
  for (const Column& column : columns) {
    const int64_t lack = column.probe.lack(there_TV, column.tick);
    if (lack < 0) continue;
    problems.add(column.mark,
                 concat(quoted(schema[lack].name), " is never there at tick ", column.tick,
                        ": it has ", worlds::ticks_of(schema[lack]), "; read it there (",
                        column.tick_key, "), or as it was, by delay"));
  }
  problems.raise();
}

at::Tensor read_columns(const ColumnsToRead& asked, brain::Brain& brain,
                        const EpisodeSource& source) {
  const worlds::Schema& schema = source.world.schema();
  std::vector<at::Tensor> batches;
  const auto visit = [&](const worlds::Episodes& episodes, const Stream&) {
    const brain::Scorecard scorecard =
        brain.signals(episodes, observable(episodes, schema, asked.observed)).scorecard;
    std::vector<at::Tensor> values;
    for (const Column& column : asked.columns)
      values.push_back(column.probe(episodes, scorecard).select(1, column.tick));
    batches.push_back(at::stack(values));
  };
  each_batch(asked.held_out, source, visit);
  return at::cat(batches, 1).to(at::kCPU);
}

}  // namespace limbic::evals
