#include "limbic/evals/columns.h"

#include <ATen/ATen.h>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"

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

at::Tensor read_columns(const ColumnsToRead& asked, brain::Brain& brain, const worlds::World& world,
                        const Stream& stream, at::Device device) {
  std::vector<at::Tensor> batches;
  const auto visit = [&](const worlds::Episodes& episodes, const Stream&) {
    const brain::Scorecard scorecard =
        brain.signals(episodes, observable(episodes, world.schema(), asked.observed)).scorecard;
    std::vector<at::Tensor> values;
    for (const Column& column : asked.columns) {
      values.push_back(
          brain.program().evaluate(*column.probe, episodes, scorecard).select(1, column.tick));
    }
    batches.push_back(at::stack(values));
  };
  each_batch(asked.held_out, world, stream, device, visit);
  return at::cat(batches, 1).to(at::kCPU);
}

}  // namespace limbic::evals
