#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/parts.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::app {
namespace {

constexpr int kNameWidth = 16;  // of gaussian_mixture, the longest

using Rows = std::vector<std::pair<std::string, std::string>>;  // name, help

Rows rows_of(const auto& registry) {
  Rows rows;
  for (const auto& entry : registry.entries()) rows.emplace_back(entry.name, entry.help);
  return rows;
}

}  // namespace

int list(const std::string& what, bool json) {
  const std::vector<std::pair<std::string_view, Rows>> all = {{"worlds", rows_of(worlds())},
                                                              {"cortices", rows_of(cortices())},
                                                              {"amygdalas", rows_of(amygdalas())},
                                                              {"losses", rows_of(losses())},
                                                              {"evals", rows_of(evals())}};
  nlohmann::ordered_json object;
  std::vector<std::string_view> kinds;
  for (const auto& [kind, rows] : all) {
    kinds.push_back(kind);
    if (!what.empty() && what != kind) continue;
    if (!json) std::cout << kind << "\n";
    for (const auto& [name, help] : rows) {
      object[std::string(kind)][name] = help;
      if (!json)
        std::cout << "  " << std::left << std::setw(kNameWidth) << name << " " << help << "\n";
    }
  }
  if (object.empty())
    throw input_error("list: unknown kind ", quoted(what), did_you_mean(what, kinds));
  if (json) std::cout << object.dump(2) << "\n";
  return 0;
}

}  // namespace limbic::app
