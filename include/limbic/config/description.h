#pragma once

#include <map>
#include <optional>
#include <string>
#include <typeindex>
#include <vector>

#include "limbic/config/fields.h"

namespace limbic::config {

class Context;

/// What a value of a type looks like, for people and for editors.
struct Shape {
  std::string type;    // in words: "number", "number or schedule"
  std::string schema;  // JSON Schema of the value: {"type": "number"}
};

/// One key of a config, or a whole config: all that tables and schemas are made of.
struct Description {
  enum class Form { kValue, kList, kMap, kStruct, kChoice, kForms };

  std::string key;  // kChoice: its children are named after the parts to choose from
  std::string help;
  Form form = Form::kValue;
  Shape shape;                 // kValue; of a kForms its type alone
  std::optional<Range> range;  // kValue, or of the items of a kList
  std::string preset;          // the default as YAML on one line; "" where there is none
  bool is_required = false;
  bool is_nullable = false;  // may be null
  bool is_rest = false;      // takes the keys of its parent that no other field takes
  // kStruct: its fields; kList, kMap: one, the item; kForms: all that it may be, without a `type`
  std::vector<Description> children;
};

/// "number in [0, 1]", "list of text", "map of number".
std::string type_text(const Description& description);
/// Where a section of the reference stands.
struct SectionPlace {
  std::string title, heading;  // of the whole, and its own
};
/// By its tables, those of all that is below it among them.
using SectionsTold = std::map<std::string, SectionPlace>;

/// Tables for configs/README.md: one for the top, one for each map of keys below it, and at the end
/// those of the maps that values may be. Of what was told before, a line says where.
std::string markdown(const Description& description, const std::string& title);
std::string markdown(const Description& description, const std::string& title, SectionsTold& told);
/// JSON Schema, draft 2020-12, for editors.
std::string json_schema(const Description& description, const std::string& title);

/// Carries a description through the types: the registries, and which types are open already
/// (a part may hold parts of its own kind; each is described once).
class Describer {
 public:
  explicit Describer(const Context& context) : context_(context) {}
  [[nodiscard]] const Context& context() const { return context_; }
  [[nodiscard]] bool enter(std::type_index type);
  void leave() { open_.pop_back(); }

 private:
  const Context& context_;
  std::vector<std::type_index> open_;
};

}  // namespace limbic::config
