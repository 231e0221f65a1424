#include "limbic/config/description.h"

#include <algorithm>

#include "limbic/core/error.h"

namespace limbic::config {
namespace {

using Form = Description::Form;

constexpr size_t kLongestPreset = 60;

std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : concat("`", cell(text), "`");
}

std::string preset_of(const Description& field) {
  if (field.is_required) return "required";
  return code(field.preset.size() > kLongestPreset ? "..." : field.preset);
}

void write_row(const Description& field, std::string& out) {
  const std::string key = field.is_rest ? "`type` and its keys" : code(field.key);
  out += "| " + key + " | " + cell(type_text(field)) + " | " + preset_of(field) + " | " +
         cell(field.help) + " |\n";
}

std::string joined(const std::string& path, const std::string& key) {
  return path.empty() || key.empty() ? path + key : path + "." + key;
}

/// What a list or map holds in the end.
const Description& innermost(const Description& description) {
  const bool holds = description.form == Form::kList || description.form == Form::kMap;
  return holds ? innermost(description.children.front()) : description;
}

void write_tables(const Description& description, const std::string& path, std::string& out);

void write_table(const Description& section, const std::string& path, std::string& out) {
  if (!section.children.empty()) {
    out += "\n| key | value | default | what it does |\n|---|---|---|---|\n";
  }
  for (const Description& field : section.children) write_row(field, out);
  for (const Description& field : section.children) {
    const bool is_list = field.form == Form::kList;
    const bool is_map = field.form == Form::kMap;
    const std::string inside = is_list ? "[]" : is_map ? ".<name>" : "";
    write_tables(innermost(field), joined(path, field.key) + inside, out);
  }
}

void write_tables(const Description& description, const std::string& path, std::string& out) {
  if (description.form == Form::kStruct) {
    if (!path.empty()) out += "\n## `" + path + "`\n";
    write_table(description, path, out);
  }
  if (description.form != Form::kChoice) return;
  for (const Description& part : description.children) {
    out += "\n## `" + path + "` of `type: " + part.key + "`\n\n" + part.help + "\n";
    write_table(part, path, out);
  }
}

bool is_struct(const Description& description) { return description.form == Form::kStruct; }

/// Of what may be maps without a `type`, one each.
void collect_forms(const Description& description, std::vector<const Description*>& found) {
  const auto has_its_type = [&](const Description* other) {
    return other->shape.type == description.shape.type;
  };
  if (description.form == Form::kForms && std::ranges::none_of(found, has_its_type))
    found.push_back(&description);
  for (const Description& child : description.children) collect_forms(child, found);
}

void write_forms(const Description& all, std::string& out) {
  std::vector<const Description*> found;
  collect_forms(all, found);
  for (const Description* description : found) {
    if (std::ranges::none_of(description->children, is_struct)) continue;
    out += "\n## A value that is a " + description->shape.type + "\n";
    for (const Description& form : description->children)
      if (is_struct(form)) write_table(form, "", out);
  }
}

std::string kind_text(const Description& description) {
  switch (description.form) {
    case Form::kValue:
    case Form::kForms:
      return description.shape.type;
    case Form::kList:
      return "list of " + type_text(description.children.front());
    case Form::kMap:
      return "map of name to " + type_text(description.children.front());
    case Form::kStruct:
      return "map";
    case Form::kChoice:
      break;
  }
  std::string names;
  for (const Description& part : description.children) {
    names += (names.empty() ? "" : ", ") + part.key;
  }
  return "one of the types " + names;
}

}  // namespace

bool Describer::enter(std::type_index type) {
  if (std::find(open_.begin(), open_.end(), type) != open_.end()) return false;
  open_.push_back(type);
  return true;
}

std::string type_text(const Description& description) {
  std::string text = kind_text(description);
  if (description.range) text += ' ' + description.range->text();
  return description.is_nullable ? text + ", or null" : text;
}

std::string markdown(const Description& description, const std::string& title) {
  std::string out = "# " + title + "\n";
  write_tables(description, "", out);
  write_forms(description, out);
  return out;
}

}  // namespace limbic::config
