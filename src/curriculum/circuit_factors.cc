#include "limbic/curriculum/circuit_factors.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"

namespace limbic::curriculum {
namespace {

using config::Node;
using config::Reader;
using Item = CircuitFactors::Item;

constexpr double kLargestFactor = 1000.0;

std::optional<double> number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.e-") != std::string_view::npos)
    return std::nullopt;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

/// "cortex*0.1": a '*' that is followed by a number multiplies, any other belongs to the glob.
Item parse_item(const Node& node) {
  const std::string_view text = trimmed(node.text);
  const size_t star = text.rfind('*');
  const auto factor =
      star == std::string_view::npos ? std::nullopt : number(trimmed(text.substr(star + 1)));
  const std::string_view pattern = factor ? trimmed(text.substr(0, star)) : text;
  return {std::string(pattern), factor.value_or(1.0), node.mark};
}

void check_item(const Item& item, const CircuitFactors& before, Reader& reader) {
  if (item.pattern.empty()) {
    reader.problem(item.mark, "a factor without a circuit; write for example cortex*0.1");
  } else if (!(item.factor > 0.0 && item.factor <= kLargestFactor)) {
    reader.problem(item.mark,
                   concat("the factor of ", quoted(item.pattern), " must be above 0 and at most ",
                          kLargestFactor, ", got ", item.factor,
                          item.factor == 0.0 ? "; leave the circuit out to freeze it" : ""));
  }
  for (const Item& other : before.items) {
    if (other.pattern == item.pattern)
      reader.problem(item.mark, concat(quoted(item.pattern), " is named twice"));
  }
}

void add_item(Item item, CircuitFactors& factors, Reader& reader) {
  check_item(item, factors, reader);
  factors.items.push_back(std::move(item));
}

}  // namespace

std::vector<std::string> CircuitFactors::Item::matched(
    const std::vector<std::string>& circuits) const {
  std::vector<std::string> all;
  std::ranges::copy_if(circuits, std::back_inserter(all),
                       [&](const std::string& circuit) { return matches_glob(pattern, circuit); });
  return all;
}

std::map<std::string, double> CircuitFactors::resolve(
    const std::vector<std::string>& circuits) const {
  std::map<std::string, double> factors;
  for (const Item& item : items)
    for (const std::string& circuit : item.matched(circuits)) factors.emplace(circuit, item.factor);
  return factors;
}

CircuitFactors CircuitFactors::from(const Node& node, Reader& reader) {
  CircuitFactors factors;
  if (node.kind == Node::Kind::kMap) {
    for (const config::Entry& entry : node.entries) {
      double factor = 1.0;
      if (!reader.read(entry.value, factor, entry.key)) continue;
      add_item({entry.key, factor, entry.key_mark}, factors, reader);
    }
  } else if (node.kind == Node::Kind::kSequence) {
    for (const Node& item : node.items) {
      std::string text;
      if (reader.read(item, text)) add_item(parse_item(item), factors, reader);
    }
  } else {
    reader.expected("a list of circuits", node, {}, "; write for example [amygdala, cortex*0.1]");
  }
  return factors;
}

Node CircuitFactors::dump() const {
  std::vector<config::Entry> entries;
  for (const Item& item : items) entries.push_back({item.pattern, {}, config::dump(item.factor)});
  return Node::map(std::move(entries));
}

config::Shape CircuitFactors::shape() {
  return {.type = "circuits, as [amygdala, cortex*0.1] or {amygdala: 1, cortex: 0.1}",
          .schema = R"({"anyOf": [{"type": "array", "items": {"type": "string"}}, )"
                    R"({"type": "object", "additionalProperties": {"type": "number"}}]})"};
}

}  // namespace limbic::curriculum
