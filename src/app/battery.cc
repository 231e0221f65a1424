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
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/training/worker_pool.h"

namespace limbic::app {
namespace {

/// YAML: a part of the brain, what takes it away, and what then fails.
struct PartConfig {
  Changes set;
  std::vector<config::Located> needed_by;

  static void fields(auto& self, auto&& field) {
    field("set", self.set, config::required, "values by dotted path that take it away");
    field("needed_by", self.needed_by, "numbers of the rows that do not hold without it");
  }
};

std::vector<std::string> protocols_in(const std::string& folder) {
  if (!std::filesystem::is_directory(folder))
    throw input_error(folder, ": no folder of protocols; --protocols says where it is");
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  if (files.empty()) throw input_error(folder, ": holds no protocol (*.yaml)");
  return files;
}

// What the table calls a protocol; of a file that can't be read, which may be another's, nothing.
std::string phenomenon_of(const std::string& file) {
  try {
    config::Problems untold;
    const config::Node tree = config::read_yaml_file(file, untold);
    const config::Node* const phenomenon = tree.find("phenomenon");
    return phenomenon == nullptr ? "" : phenomenon->text;
  } catch (const ConfigError&) {
    return "";
  }
}

// 01_acquisition's is acquisition.
std::string word_of(const std::string& file) {
  const std::string name = std::filesystem::path(file).stem();
  return name.substr(name.find('_') + 1);
}

bool is_named(const std::string& file, const std::string& only) {
  const std::string name = std::filesystem::path(file).stem();
  return name == only || name.starts_with(only + "_") || name.starts_with("0" + only + "_") ||
         word_of(file) == only;
}

// By number, file name, that without its number, or phenomenon: all that it is said of.
std::vector<std::string> named_protocols(const std::vector<std::string>& files,
                                         const std::string& only, const std::string& folder) {
  std::vector<std::string> named, known;
  for (const std::string& file : files)
    if (is_named(file, only)) named.push_back(file);
  if (!named.empty()) return named;
  for (const std::string& file : files) {
    const std::string phenomenon = phenomenon_of(file);
    if (phenomenon == only) named.push_back(file);
    known.push_back(word_of(file));
    if (!phenomenon.empty() && phenomenon != known.back()) known.push_back(phenomenon);
  }
  if (!named.empty()) return named;
  throw input_error("--only: no protocol ", quoted(only), " in ", folder,
                    did_you_mean(only, known));
}

std::vector<std::string> chosen_protocols(const ConditionOptions& options) {
  std::vector<std::string> files = protocols_in(options.protocols), chosen;
  if (options.only.empty()) return files;
  for (const std::string& only : options.only) {
    for (const std::string& file : named_protocols(files, only, options.protocols))
      if (std::ranges::count(chosen, file) == 0) chosen.push_back(file);
  }
  return chosen;
}

class Battery {
 public:
  explicit Battery(const ConditionOptions& options)
      : files_(chosen_protocols(options)),
        pool_(std::min<int64_t>(usable_cores(), std::ssize(files_))) {
    config::Problems problems;
    brain_ = read_config_tree(options.config, options.set, problems);
    problems.raise();
  }

  /// What is wrong with any of them is noted, so that nothing is run before all is told.
  /// Errors  ConfigError of a file that is no YAML, with what was noted before.
  [[nodiscard]] std::vector<Protocol> read(const Changes& changes,
                                           config::Problems& problems) const {
    std::vector<Protocol> protocols;
    for (const std::string& file : files_) {
      const size_t before = problems.size();
      protocols.push_back(read_protocol(file, brain_, changes, problems));
      if (problems.size() == before) check_protocol(protocols.back(), problems);
    }
    return protocols;
  }

  std::vector<ProtocolResult> run(const std::vector<Protocol>& protocols) {
    std::vector<ProtocolResult> results(protocols.size());
    pool_.run(std::ssize(protocols),
              [&](int64_t /*worker*/, int64_t i) { results[i] = run_protocol(protocols[i]); });
    return results;
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

nlohmann::ordered_json numbers_to_json(const std::vector<double>& numbers) {
  auto out = nlohmann::ordered_json::array();
  for (const double number : numbers) out.push_back(number_to_json<nlohmann::ordered_json>(number));
  return out;
}

nlohmann::ordered_json described(const ProtocolResult& result) {
  nlohmann::ordered_json out{
      {"row", result.name},
      {"phenomenon", result.phenomenon},
      {"criterion", result.criterion},
      {"contrast", number_to_json<nlohmann::ordered_json>(mean(result.contrast_S))},
      {"contrasts", numbers_to_json(result.contrast_S)},
      {"passed", result.num_passed()},
      {"subjects", result.holds_S.size()}};
  for (const auto& [name, values] : result.measures)
    out["measures"][name] = numbers_to_json(values);
  return out;
}

int print_table(const std::vector<ProtocolResult>& results, const ConditionOptions& options) {
  size_t width = 0;
  for (const ProtocolResult& result : results) width = std::max(width, result.phenomenon.size());
  int64_t reached = 0;
  auto all = nlohmann::ordered_json::array();
  for (const ProtocolResult& result : results) {
    reached += result.is_reached();
    all.push_back(described(result));
    if (options.json) continue;
    std::cout << std::left << std::setw(5) << number_of(result.name)
              << std::setw(static_cast<int>(width)) << result.phenomenon << std::right << std::fixed
              << std::setprecision(3) << std::setw(8) << mean(result.contrast_S) << "  "
              << std::setw(5) << concat(result.num_passed(), "/", result.holds_S.size())
              << (result.is_reached() ? "  ok      " : "  MISSED  ") << result.criterion << "\n";
  }
  if (options.json) {
    std::cout << all.dump(1) << "\n";
  } else {
    std::cout << reached << " of " << results.size() << " rows hold in at least 9 of 10 subjects\n";
  }
  return reached == std::ssize(results) ? 0 : 1;
}

void refuse_unknown_rows(const config::Map<PartConfig>& parts, const std::string& folder) {
  std::vector<std::string> rows;
  for (const std::string& file : protocols_in(folder))
    rows.push_back(short_number(std::filesystem::path(file).stem()));
  config::Problems problems;
  for (const auto& part : parts) {
    for (const config::Located& row : part.value.needed_by) {
      if (std::ranges::count(rows, row.text) > 0) continue;
      problems.add(row.mark, concat("needed_by: ", folder, " has no row ", quoted(row.text),
                                    did_you_mean(row.text, rows)));
    }
  }
  problems.raise();
}

config::Map<PartConfig> read_parts(const ConditionOptions& options) {
  auto parts = config::parse<config::Map<PartConfig>>(config::read_yaml_file(options.parts));
  if (parts.empty()) throw input_error(options.parts, ": holds no part");
  refuse_unknown_rows(parts, options.protocols);
  return parts;
}

int print_matrix(Battery& battery, const ConditionOptions& options) {
  auto all = nlohmann::ordered_json::array();
  int64_t num_as_expected = 0;
  const auto parts = read_parts(options);
  config::Problems problems;
  std::vector<std::vector<Protocol>> protocols;  // all are read before any is run
  for (const auto& part : parts) protocols.push_back(battery.read(part.value.set, problems));
  problems.raise();
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts.entries[i];
    std::vector<std::string> run, missed, expected;
    std::string rows;
    nlohmann::ordered_json passed;
    for (const ProtocolResult& result : battery.run(protocols[i])) {
      passed[result.name] = result.num_passed();
      const std::string number = short_number(result.name);
      run.push_back(number);
      if (result.is_reached()) continue;
      missed.push_back(number);
      rows += concat(" ", number, " (", result.num_passed(), "/", result.holds_S.size(), ")");
    }
    for (const config::Located& row : part.value.needed_by)
      if (std::ranges::count(run, row.text) > 0) expected.push_back(row.text);
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
  else if (options.only.empty())
    std::cout << num_as_expected << " of " << parts.size() << " parts are needed as "
              << options.parts << " says\n";
  else
    std::cout << num_as_expected << " of " << parts.size()
              << " parts fail just the expected rows among those run\n";
  return num_as_expected == std::ssize(parts) ? 0 : 1;
}

}  // namespace

int run_battery(const ConditionOptions& options) {
  if (!options.schedule.empty())
    throw input_error("--battery runs the protocols of a folder; it takes no schedule");
  std::optional<Output> sheet = optional_output(options.sheet);
  Battery battery(options);
  if (options.ablate) return print_matrix(battery, options);
  config::Problems problems;
  const auto protocols = battery.read({}, problems);
  problems.raise();
  const auto results = battery.run(protocols);
  if (sheet) {
    sheet->stream() << draw_sheet(results);
    sheet->commit();
    log::info("drew " + options.sheet);
  }
  return print_table(results, options);
}

}  // namespace limbic::app
