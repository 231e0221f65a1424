#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace limbic::app {

/// Empty if every tag is closed in turn; else what is wrong.
inline std::string xml_mistake(const std::string& xml) {
  std::vector<std::string> open;
  for (size_t at = 0; at < xml.size(); ++at) {
    if (xml[at] == '&') {
      const std::string entity = xml.substr(at, xml.find(';', at) - at);
      if (entity != "&lt" && entity != "&gt" && entity != "&amp") return "entity " + entity;
    }
    if (xml[at] == '>') return "a '>' outside a tag";
    if (xml[at] != '<') continue;
    const size_t end = xml.find('>', at);
    if (end == std::string::npos) return "a tag without end";
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (std::ranges::count(tag, '\'') % 2 != 0 || std::ranges::count(tag, '"') % 2 != 0)
      return "open quote in " + tag;
    if (tag.find('<') != std::string::npos) return "a '<' in " + tag;
    at = end;
    if (tag.ends_with('/')) continue;
    if (!tag.starts_with('/')) {
      open.push_back(tag.substr(0, tag.find(' ')));
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return "unexpected " + tag;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

}  // namespace limbic::app
