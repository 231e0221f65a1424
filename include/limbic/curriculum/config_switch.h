#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/config/differences.h"

namespace limbic::curriculum {

/// A value of a config that differs from one to the next, as --set takes it: YAML on one line, null
/// where there is none.
struct ChangedValue {
  std::string key;  // dotted
  std::string was, is;
};
/// These, but for those that are null on one side and nothing on the other.
std::vector<ChangedValue> changed_values(const std::vector<config::Difference>& differences);

/// From that step on a run went by another config: the other kind of line of decisions.jsonl.
struct ConfigSwitch {
  int64_t step = 0;
  std::vector<ChangedValue> values = {};
};

/// {"step":200,"changed":{"optimizer.beta2":{"was":0.999,"is":0.99}}}: numbers, true, false and
/// null are themselves, all else is text. Without its newline.
std::string to_json_line(const ConfigSwitch& config_switch);
/// Whether a line of the log is one of these, whole or not.
bool is_config_switch(std::string_view line);
/// Throws limbic::Error (damaged), naming `place`, on anything that to_json_line does not write.
ConfigSwitch config_switch_from_json_line(std::string_view line, const std::string& place);

/// For people, on one line: "from step 200: optimizer.beta2 0.999 -> 0.99, curriculum has changed".
/// Of what is long the values in it that differ are told; it is only named where they are many.
std::string text(const ConfigSwitch& config_switch);

}  // namespace limbic::curriculum
