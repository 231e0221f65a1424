#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/parts.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/eval.h"

namespace limbic::app {
namespace {

constexpr int kNameWidth = 16;    // of gaussian_mixture, the longest
constexpr int kMetricWidth = 22;  // of eval/NAME.disagreement
constexpr int kBetterWidth = 16;  // of higher is better

using Json = nlohmann::ordered_json;

struct Row {
  std::string name, help;
  std::vector<config::Reported> reported;
};
using Rows = std::vector<Row>;

Rows rows_of(const auto& registry) {
  Rows rows;
  for (const auto& entry : registry.entries())
    rows.push_back({entry.name, entry.help, entry.reported});
  return rows;
}

void print(const Row& row) {
  std::cout << std::left << "  " << std::setw(kNameWidth) << row.name << " " << row.help << "\n";
  for (const config::Reported& reported : row.reported) {
    std::cout << "    " << std::setw(kMetricWidth) << evals::metric_name("NAME", reported.key)
              << " " << std::setw(kBetterWidth)
              << (reported.better ? config::better_of(reported) + " is better" : "no direction")
              << " " << reported.help << "\n";
  }
}

void add(const std::string& kind, const Row& row, Json& object) {
  object[kind][row.name] = row.help;
  for (const config::Reported& reported : row.reported) {
    object["metrics"][row.name][evals::metric_name("NAME", reported.key)] = {
        {"better", config::better_of(reported)}, {"help", reported.help}};
  }
}

}  // namespace

int list(const std::string& what, bool json) {
  const std::vector<std::pair<std::string_view, Rows>> all = {{"worlds", rows_of(worlds())},
                                                              {"cortices", rows_of(cortices())},
                                                              {"amygdalas", rows_of(amygdalas())},
                                                              {"losses", rows_of(losses())},
                                                              {"evals", rows_of(evals())}};
  Json object;
  std::vector<std::string_view> kinds;
  for (const auto& [kind, rows] : all) {
    kinds.push_back(kind);
    if (!what.empty() && what != kind) continue;
    if (!json) std::cout << kind << "\n";
    for (const Row& row : rows) {
      add(std::string(kind), row, object);
      if (!json) print(row);
    }
  }
  if (object.empty())
    throw input_error("list: unknown kind ", quoted(what), did_you_mean(what, kinds));
  if (json) std::cout << object.dump(2) << "\n";
  return 0;
}

}  // namespace limbic::app
