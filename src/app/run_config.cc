#include "limbic/app/run_config.h"

#include <algorithm>

#include "limbic/app/parts.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::app {
namespace {

void check_name(const char* what, const std::string& name, const config::Mark& mark,
                config::Reader& reader) {
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
  if (std::ranges::any_of(name, is_control))
    reader.problem(mark, concat(what, " ", quoted(name),
                                " wants a name without control characters, as of a line's end"));
  if (name.find('=') == std::string::npos) return;
  reader.problem(mark, concat(what, " ", quoted(name),
                              " wants a name without '=', which goes before a value: --set "
                              "path.to.key=value"));
}

}  // namespace

AmygdalaRecipe default_amygdala() {
  config::Context known;
  known.add(amygdalas());
  const auto linear = config::Node::map({config::Entry{"type", {}, config::Node::word("linear")}});
  return config::parse<AmygdalaRecipe>(linear, known);
}

void RunConfig::check(config::Reader& reader, const config::Node&) const {
  for (const auto& item : evals) {
    check_name("eval", item.key, item.mark, reader);
    if (item.key.find('.') == std::string::npos) continue;
    reader.problem(item.mark, concat("eval ", quoted(item.key),
                                     " wants a name without '.', which goes before what it "
                                     "measures: eval/word.auroc"));
  }
  for (const auto& stage : curriculum.stages) {
    check_name("stage", stage.plan.name.text, stage.plan.name.mark, reader);
    for (const auto& loss : stage.losses) check_name("loss", loss.key, loss.mark, reader);
  }
}

}  // namespace limbic::app
