#include "limbic/config/description.h"

#include <algorithm>

#include "limbic/core/error.h"

namespace limbic::config {
namespace {

using Form = Description::Form;

constexpr size_t kCommentColumn = 36;
constexpr size_t kLongestPreset = 60;

std::string padded(std::string text) {
  text.resize(std::max(text.size() + 2, kCommentColumn), ' ');
  return text;
}

std::string preset_of(const Description& description) {
  if (description.is_required) return "(required)";
  return description.preset.size() > kLongestPreset ? "..." : description.preset;
}

void write_help(const Description& description, const std::string& indent, std::string& out);

void write_alternatives(const Description& choice, const std::string& indent, std::string& out) {
  for (const Description& part : choice.children) {
    out += padded(indent + "type: " + part.key) + "# " + part.help + '\n';
    for (const Description& child : part.children) write_help(child, indent + "  ", out);
  }
}

/// The maps below a list or a map show their keys too.
void write_children(const Description& description, const std::string& indent, std::string& out) {
  if (description.form == Form::kChoice) {
    write_alternatives(description, indent, out);
    return;
  }
  for (const Description& child : description.children) {
    if (description.form == Form::kStruct) {
      write_help(child, indent, out);
    } else {
      write_children(child, indent, out);
    }
  }
}

void write_help(const Description& description, const std::string& indent, std::string& out) {
  if (description.is_rest) {
    out += indent + "# " + description.help + ": " + type_text(description) + '\n';
    write_children(description, indent, out);
    return;
  }
  const std::string preset = preset_of(description);
  const std::string line = indent + description.key + ":" + (preset.empty() ? "" : " " + preset);
  out += padded(line) + "# " + type_text(description) + ": " + description.help + '\n';
  write_children(description, indent + "  ", out);
}

std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : concat("`", cell(text), "`");
}

void write_row(const Description& field, std::string& out) {
  const std::string key = field.is_rest ? "`type` and its keys" : code(field.key);
  const std::string preset = field.is_required ? "required" : code(preset_of(field));
  out += "| " + key + " | " + cell(type_text(field)) + " | " + preset + " | " + cell(field.help) +
         " |\n";
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

std::string kind_text(const Description& description) {
  switch (description.form) {
    case Form::kValue:
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

std::string help_text(const Description& description) {
  std::string out;
  write_children(description, "", out);
  return out;
}

std::string markdown(const Description& description, const std::string& title) {
  std::string out = "# " + title + "\n";
  write_tables(description, "", out);
  return out;
}

}  // namespace limbic::config
