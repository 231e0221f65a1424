#include "limbic/brain/steering/definitions.h"

namespace limbic::brain::steering {

std::string word_for(Part part) {
  switch (part) {
    case Part::kSense:
      return "sense";
    case Part::kVariable:
      return "variable";
    case Part::kDrive:
      return "drive";
    default:
      return part == Part::kWorld ? "variable of the world" : "probe";
  }
}

std::vector<Definition> definitions_of(const SteeringConfig& config, config::Problems& problems) {
  std::vector<Definition> definitions;
  int64_t ordinal = 0;
  const auto add = [&](Part part, const auto& item, const config::Located& value) -> Definition& {
    definitions.push_back({.part = part,
                           .name = item.key,
                           .mark = item.mark,
                           .ordinal = ordinal++,
                           .value = parse_expression(value, problems)});
    return definitions.back();
  };
  for (const auto& item : config.senses) add(Part::kSense, item, item.value);
  ordinal = 0;
  for (const auto& item : config.variables) {
    Definition& added = add(Part::kVariable, item, item.value.truth);
    if (item.value.override) added.override = parse_expression(*item.value.override, problems);
    added.gate = parse_expression(item.value.gate, problems);
    added.variable = &item.value;
  }
  ordinal = 0;
  for (const auto& item : config.drives) add(Part::kDrive, item, item.value);
  if (std::ssize(definitions) > kMostDefinitions) {
    problems.add(definitions[kMostDefinitions].mark,
                 "more than " + std::to_string(kMostDefinitions) + " senses, variables and drives");
    definitions.resize(kMostDefinitions);
  }
  return definitions;
}

}  // namespace limbic::brain::steering
