#include "limbic/config/description.h"

#include <algorithm>
#include <utility>

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

/// Tables, one below the other. A section that stands somewhere already, with all that is below it,
/// is not told again.
class Tables {
 public:
  /// `told`: the sections so far; without it, each is written.
  Tables(std::string title, SectionsTold* told) : title_(std::move(title)), told_(told) {}

  void write(const Description& description, const std::string& path) {
    if (description.form == Form::kStruct) {
      if (!path.empty()) out += "\n## `" + path + "`\n";
      write_section(description, path, path.empty() ? "the top" : "`" + path + "`");
    }
    if (description.form != Form::kChoice) return;
    for (const Description& part : description.children) {
      const std::string heading = "`" + path + "` of `type: " + part.key + "`";
      out += "\n## " + heading + "\n\n" + part.help + "\n";
      write_section(part, path, heading);
    }
  }

  void write_section(const Description& section, const std::string& path,
                     const std::string& heading) {
    if (section.children.empty()) return;
    if (told_ != nullptr) {
      Tables body("", nullptr);
      body.write_table(section, "");
      const auto [entry, is_new] = told_->try_emplace(body.out, SectionPlace{title_, heading});
      const SectionPlace& place = entry->second;
      if (!is_new) {
        out += "\nKeys as of " + place.heading +
               (place.title == title_ ? "" : " in " + place.title) + ".\n";
        return;
      }
    }
    write_table(section, path);
  }

  std::string out;

 private:
  void write_table(const Description& section, const std::string& path) {
    out += "\n| key | value | default | what it does |\n|---|---|---|---|\n";
    for (const Description& field : section.children) write_row(field, out);
    for (const Description& field : section.children) {
      const bool is_list = field.form == Form::kList;
      const bool is_map = field.form == Form::kMap;
      const std::string inside = is_list ? "[]" : is_map ? ".<name>" : "";
      write(innermost(field), joined(path, field.key) + inside);
    }
  }

  std::string title_;
  SectionsTold* told_;
};

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

void write_forms(const Description& all, Tables& tables) {
  std::vector<const Description*> found;
  collect_forms(all, found);
  for (const Description* description : found) {
    if (std::ranges::none_of(description->children, is_struct)) continue;
    const std::string heading = "A value that is a " + description->shape.type;
    tables.out += "\n## " + heading + "\n";
    for (const Description& form : description->children)
      if (is_struct(form)) tables.write_section(form, "", "'" + heading + "'");
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
  SectionsTold told;
  return markdown(description, title, told);
}

std::string markdown(const Description& description, const std::string& title, SectionsTold& told) {
  Tables tables(title, &told);
  tables.out = "# " + title + "\n";
  tables.write(description, "");
  write_forms(description, tables);
  return tables.out;
}

}  // namespace limbic::config
