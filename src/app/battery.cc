#include "limbic/app/battery.h"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <sstream>

#include "limbic/app/config_file.h"
#include "limbic/app/output.h"
#include "limbic/app/protocol.h"
#include "limbic/app/sheet.h"
#include "limbic/core/cores.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/training/worker_pool.h"

namespace limbic::app {
namespace {

/// YAML: a part of the brain, and what takes it away.
struct PartConfig {
  std::vector<std::string> needed_by;
  Changes set;
};

std::vector<std::string> protocol_files(const ConditionOptions& options) {
  const std::filesystem::path folder = options.protocols;
  if (!std::filesystem::is_directory(folder))
    throw input_error(options.protocols, ": no folder of protocols");
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  if (files.empty()) throw input_error(options.protocols, ": holds no protocol (*.yaml)");
  if (options.only.empty()) return files;
  std::vector<std::string> names, chosen;
  for (const std::string& file : files) names.push_back(std::filesystem::path(file).stem());
  for (const std::string& only : options.only) {
    const auto fits = [&](const std::string& name) {
      return name == only || name.starts_with(only + "_") || name.starts_with("0" + only + "_");
    };
    const auto found = std::ranges::find_if(names, fits);
    if (found == names.end()) {
      throw input_error("--only: no protocol ", quoted(only), " in ", options.protocols,
                        did_you_mean(only, {names.begin(), names.end()}));
    }
    chosen.push_back(files[found - names.begin()]);
  }
  return chosen;
}

class Battery {
 public:
  explicit Battery(const ConditionOptions& options)
      : files_(protocol_files(options)),
        pool_(std::min<int64_t>(usable_cores(), std::ssize(files_))) {
    config::Problems problems;
    brain_ = read_config_tree(options.config, options.set, problems);
    problems.raise();
  }

  [[nodiscard]] std::vector<Protocol> read(const Changes& changes) const {
    std::vector<Protocol> protocols;
    for (const std::string& file : files_)
      protocols.push_back(read_protocol(file, brain_, changes));
    return protocols;
  }

  std::vector<Finding> run(const std::vector<Protocol>& protocols) {
    std::vector<Finding> findings(protocols.size());
    pool_.run(std::ssize(protocols),
              [&](int64_t /*worker*/, int64_t i) { findings[i] = run_protocol(protocols[i]); });
    return findings;
  }

 private:
  std::vector<std::string> files_;
  config::Node brain_;
  training::WorkerPool pool_;
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::string number_of(const std::string& name) { return name.substr(0, name.find('_')); }

/// As rows are named where parts are: 7 for 07.
std::string short_number(const std::string& name) {
  const std::string number = number_of(name);
  return number.substr(std::min(number.find_first_not_of('0'), number.size()));
}

nlohmann::ordered_json described(const Finding& finding) {
  nlohmann::ordered_json out{{"row", finding.name},
                             {"phenomenon", finding.phenomenon},
                             {"criterion", finding.criterion},
                             {"contrast", mean(finding.contrast_S)},
                             {"contrasts", finding.contrast_S},
                             {"passed", finding.num_passed()},
                             {"subjects", finding.holds_S.size()}};
  for (const auto& [name, values] : finding.measures) out["measures"][name] = values;
  return out;
}

int print_table(const std::vector<Finding>& findings, const ConditionOptions& options) {
  size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.phenomenon.size());
  int64_t reached = 0;
  auto all = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    reached += finding.is_reached();
    all.push_back(described(finding));
    if (options.json) continue;
    std::cout << std::left << std::setw(5) << number_of(finding.name)
              << std::setw(static_cast<int>(width)) << finding.phenomenon << std::right
              << std::fixed << std::setprecision(3) << std::setw(8) << mean(finding.contrast_S)
              << "  " << std::setw(5) << concat(finding.num_passed(), "/", finding.holds_S.size())
              << (finding.is_reached() ? "  ok      " : "  MISSED  ") << finding.criterion << "\n";
  }
  if (options.json) {
    std::cout << all.dump(1) << "\n";
  } else {
    std::cout << reached << " of " << findings.size()
              << " rows hold in at least 9 of 10 subjects\n";
  }
  return reached == std::ssize(findings) ? 0 : 1;
}

/// Parts from a YAML map: name -> {needed_by: [rows], set: {path: value}}.
config::Map<PartConfig> read_parts(const std::string& path) {
  config::Problems problems;
  const config::Node root = config::read_yaml_file(path, problems);
  config::Map<PartConfig> parts;
  if (root.kind != config::Node::Kind::kMap)
    problems.add(root.mark, "expected a map of parts, got " + root.described());
  for (const config::Entry& entry : root.entries) {
    auto& part = parts.entries.emplace_back(entry.key, entry.key_mark, PartConfig{});
    for (const config::Entry& field : entry.value.entries) {
      if (field.key == "set" && field.value.kind == config::Node::Kind::kMap) {
        part.value.set = field.value.entries;
      } else if (field.key == "needed_by" && field.value.kind == config::Node::Kind::kSequence) {
        for (const config::Node& row : field.value.items) part.value.needed_by.push_back(row.text);
      } else {
        problems.add(field.key_mark,
                     "a part has 'set', a map of paths, and 'needed_by', a list "
                     "of rows; got " +
                         quoted(field.key));
      }
    }
  }
  problems.raise();
  return parts;
}

int print_matrix(Battery& battery, const ConditionOptions& options) {
  auto all = nlohmann::ordered_json::array();
  int64_t num_as_expected = 0;
  const auto parts = read_parts(options.parts);
  std::vector<std::vector<Protocol>> protocols;  // all are read before any is run
  for (const auto& part : parts) protocols.push_back(battery.read(part.value.set));
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts.entries[i];
    std::vector<std::string> run, missed, expected = part.value.needed_by;
    std::string rows;
    nlohmann::ordered_json passed;
    for (const Finding& finding : battery.run(protocols[i])) {
      passed[finding.name] = finding.num_passed();
      const std::string number = short_number(finding.name);
      run.push_back(number);
      if (finding.is_reached()) continue;
      missed.push_back(number);
      rows += concat(" ", number, " (", finding.num_passed(), "/", finding.holds_S.size(), ")");
    }
    std::erase_if(expected, [&](const std::string& row) { return !std::ranges::count(run, row); });
    const bool as_expected = std::ranges::is_permutation(missed, expected);
    num_as_expected += as_expected;
    all.push_back(
        {{"without", part.key}, {"missed", missed}, {"expected", expected}, {"passed", passed}});
    if (options.json) continue;
    std::string wanted;
    for (const std::string& row : expected) wanted += " " + row;
    std::cout << "without " << std::left << std::setw(34) << part.key << " fails"
              << (rows.empty() ? " none" : rows)
              << (as_expected ? "" : concat("; expected", wanted.empty() ? " none" : wanted))
              << std::endl;
  }
  if (options.json)
    std::cout << all.dump(1) << "\n";
  else
    std::cout << num_as_expected << " of " << parts.size() << " parts are needed as "
              << options.parts << " says\n";
  return num_as_expected == std::ssize(parts) ? 0 : 1;
}

}  // namespace

int run_battery(const ConditionOptions& options) {
  if (!options.schedule.empty())
    throw input_error("--battery runs the protocols of a folder; it takes no schedule");
  std::optional<Output> sheet = optional_output(options.sheet);
  Battery battery(options);
  if (options.ablate) return print_matrix(battery, options);
  const auto findings = battery.run(battery.read({}));
  if (sheet) {
    sheet->stream() << draw_sheet(findings);
    sheet->commit();
    log::info("drew " + options.sheet);
  }
  return print_table(findings, options);
}

}  // namespace limbic::app
