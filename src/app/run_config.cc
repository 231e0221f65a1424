#include "limbic/app/run_config.h"

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::app {
namespace {

void refuse_equals(const char* what, const std::string& name, const config::Mark& mark,
                   config::Reader& reader) {
  if (name.find('=') == std::string::npos) return;
  reader.problem(mark, concat(what, " ", quoted(name),
                              " wants a name without '=', which goes before a value: --set "
                              "path.to.key=value"));
}

}  // namespace

void RunConfig::check(config::Reader& reader, const config::Node&) const {
  for (const auto& item : evals) {
    refuse_equals("eval", item.key, item.mark, reader);
    if (item.key.find('.') == std::string::npos) continue;
    reader.problem(item.mark, concat("eval ", quoted(item.key),
                                     " wants a name without '.', which goes before what it "
                                     "measures: eval/word.auroc"));
  }
  for (const auto& stage : curriculum.stages) {
    refuse_equals("stage", stage.plan.name.text, stage.plan.name.mark, reader);
    for (const auto& loss : stage.losses) refuse_equals("loss", loss.key, loss.mark, reader);
  }
}

}  // namespace limbic::app
