#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "limbic/config/node.h"
#include "limbic/core/text.h"

namespace limbic::config {
namespace {

constexpr size_t kLongestFlow = 90;

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool is_one_of(std::string_view text, const auto& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_null_word(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kWords{"", "~", "null", "Null", "NULL"};
  return is_one_of(text, kWords);
}

/// Would some YAML reader take it for a number, a truth value or a date?
bool looks_like_another_type(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kWords{"true", "false", "yes", "no",
                                                          "on",   "off",   "y",   "n"};
  if (is_one_of(lower_case(text), kWords)) return true;
  const auto after_sign = text.substr(std::min(text.find_first_not_of("+-."), text.size()));
  const std::string rest = lower_case(after_sign);
  if (rest == "inf" || rest == "nan") return true;
  const bool starts_with_digit = !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
  return starts_with_digit &&
         rest.find_first_not_of("0123456789abcdefox_tz:.+-") == std::string::npos;
}

bool may_start_plain(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (std::isalnum(first) != 0 || first >= 0x80) return true;
  if (first == '-') return text.size() > 1 && text[1] != ' ' && !text.starts_with("---");
  if (first == '.') return !text.starts_with("...");
  return std::string_view("_/+($^;").find(text[0]) != std::string_view::npos;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool is_plain(std::string_view text, bool in_flow) {
  if (text.empty() || !may_start_plain(text) || has_control(text)) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  const auto holds = [text](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  if (holds(": ") || holds(" #")) return false;
  return !in_flow || text.find_first_of(",[]{}:?") == std::string_view::npos;
}

std::string double_quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      result += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += "\\x" + hex(byte);
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + '"';
}

std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += '\'';
    result += c;
  }
  return result + '\'';
}

std::string quoted_scalar(std::string_view text) {
  return has_control(text) ? double_quoted(text) : single_quoted(text);
}

std::string scalar_text(const Node& node, bool in_flow) {
  const bool would_change =
      is_null_word(node.text) || (node.quoted && looks_like_another_type(node.text));
  return is_plain(node.text, in_flow) && !would_change ? node.text : quoted_scalar(node.text);
}

std::string key_text(const std::string& key, bool in_flow) {
  return scalar_text(Node::word(key), in_flow);
}

std::string flow(const Node& node, bool in_flow) {
  if (node.kind == Node::Kind::kNull) return "null";
  if (node.kind == Node::Kind::kScalar) return scalar_text(node, in_flow);
  std::string result;
  const auto separate = [&result] { result += result.empty() ? "" : ", "; };
  for (const Node& item : node.items) {
    separate();
    result += flow(item, true);
  }
  for (const Entry& entry : node.entries) {
    separate();
    result += key_text(entry.key, true) + ": " + flow(entry.value, true);
  }
  return node.kind == Node::Kind::kMap ? "{" + result + "}" : "[" + result + "]";
}

bool is_leaf(const Node& node) {
  return node.kind == Node::Kind::kNull || node.kind == Node::Kind::kScalar ||
         (node.items.empty() && node.entries.empty());
}

/// Lists of plain values read best on one line, if one line holds them.
bool fits_one_line(const Node& node) {
  if (is_leaf(node)) return true;
  return node.kind == Node::Kind::kSequence &&
         std::all_of(node.items.begin(), node.items.end(), is_leaf) &&
         flow(node, false).size() <= kLongestFlow;
}

void write_block(const Node& node, const std::string& indent, std::string& out) {
  if (fits_one_line(node)) {
    out += indent + flow(node, false) + '\n';
    return;
  }
  for (const Entry& entry : node.entries) {
    out += indent + key_text(entry.key, false) + ':';
    if (fits_one_line(entry.value)) {
      out += ' ' + flow(entry.value, false) + '\n';
    } else {
      out += '\n';
      write_block(entry.value, indent + "  ", out);
    }
  }
  for (const Node& item : node.items) {
    const size_t start = out.size();
    write_block(item, indent + "  ", out);
    out[start + indent.size()] = '-';
  }
}

}  // namespace

std::string to_yaml(const Node& node) {
  std::string out;
  write_block(node, "", out);
  return out;
}

std::string to_flow_yaml(const Node& node) { return flow(node, false); }

}  // namespace limbic::config
