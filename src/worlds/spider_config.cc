#include "limbic/worlds/spider_config.h"

#include <algorithm>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/captions.h"

namespace limbic::worlds {

ClassWords ClassWords::from(const config::Node& node, config::Reader& reader) {
  ClassWords result;
  result.words.clear();
  const std::vector<std::string_view> known(kClassWords.begin(), kClassWords.end());
  const bool is_list = node.kind == config::Node::Kind::kSequence;
  for (const config::Node& item : is_list ? node.items : std::vector<config::Node>{node}) {
    if (std::ranges::find(known, item.text) == known.end()) {
      reader.problem(item.mark, "expected a class of pictures, got " + item.described() +
                                    did_you_mean(item.text, known));
    } else if (std::ranges::find(result.words, item.text) != result.words.end()) {
      reader.problem(item.mark, "'" + item.text + "' is listed twice");
    }
    result.words.push_back(item.text);
  }
  if (result.words.empty()) reader.problem(node.mark, "expected at least one class of pictures");
  return result;
}

config::Node ClassWords::dump() const {
  if (words.size() == 1) return config::Node::word(words.front());
  std::vector<config::Node> items;
  for (const std::string& word : words) items.push_back(config::Node::word(word));
  return config::Node::sequence(std::move(items));
}

config::Shape ClassWords::shape() {
  std::string one = R"({"enum": [)";
  for (const std::string_view word : kClassWords) {
    if (word != kClassWords.front()) one += ", ";
    one.append("\"").append(word).append("\"");
  }
  one += "]}";
  return {.type = "class of pictures, or a list of them",
          .schema = concat(R"({"anyOf": [)", one, R"(, {"type": "array", "minItems": 1, "items": )",
                           one, "}]}")};
}

}  // namespace limbic::worlds
