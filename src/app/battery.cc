#include "limbic/app/battery.h"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

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

/// A protocol's file, read once.
struct Row {
  std::string path;
  config::Node tree = {};
  bool is_whole = false;  // else what is wrong with it is told when it is run

  [[nodiscard]] std::string name() const { return std::filesystem::path(path).stem().string(); }
  [[nodiscard]] std::string phenomenon() const {
    const config::Node* const found = tree.find("phenomenon");
    return found == nullptr ? "" : found->text;
  }
};

Row read_row(const std::string& path) {
  Row row{.path = path};
  try {
    config::Problems problems;
    row.tree = config::read_yaml_file(path, problems);
    row.is_whole = problems.empty();
  } catch (const Error&) {  // one that cannot be read may be a protocol
  }
  return row;
}

std::vector<Row> rows_in(const std::string& folder) {
  if (!std::filesystem::is_directory(folder))
    throw input_error(folder, ": no folder of protocols; --protocols says where it is");
  std::vector<Row> rows;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    Row row = read_row(entry.path().string());
    if (kind_by_keys(row.tree).value_or(FileKind::kProtocol) == FileKind::kProtocol)
      rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, &Row::path);
  if (rows.empty()) throw input_error(folder, ": holds no protocol (*.yaml)");
  return rows;
}

/// As rows are named where parts are: 7 for 07.
std::string short_number(const std::string& name) {
  const std::string number = number_of(name);
  const bool has_zeros = number.find_first_not_of("0123456789") == std::string::npos;
  return has_zeros ? number.substr(std::min(number.find_first_not_of('0'), number.size() - 1))
                   : number;
}

// 01_acquisition's is acquisition.
std::string word_of(const std::string& name) {
  const std::string number = number_of(name);
  return number == name ? name : name.substr(number.size() + 1);
}

bool is_named(const Row& row, const std::string& only) {
  const std::string name = row.name();
  return name == only || number_of(name) == only || short_number(name) == only ||
         word_of(name) == only;
}

// By number, file name, that without its number, or phenomenon: all that it is said of.
std::vector<Row> named_rows(const std::vector<Row>& rows, const std::string& only,
                            const std::string& folder) {
  std::vector<Row> named;
  std::ranges::copy_if(rows, std::back_inserter(named),
                       [&](const Row& row) { return is_named(row, only); });
  if (!named.empty()) return named;
  std::vector<std::string> known;
  for (const Row& row : rows) {
    const std::string phenomenon = row.phenomenon();
    if (phenomenon == only) named.push_back(row);
    known.push_back(word_of(row.name()));
    if (!phenomenon.empty() && phenomenon != known.back()) known.push_back(phenomenon);
  }
  if (!named.empty()) return named;
  throw input_error("--only: no protocol ", quoted(only), " in ", folder,
                    did_you_mean(only, known));
}

std::vector<Row> chosen_rows(const std::vector<Row>& rows, const ConditionOptions& options) {
  if (options.only.empty()) return rows;
  std::vector<Row> chosen;
  for (const std::string& only : options.only) {
    for (const Row& row : named_rows(rows, only, options.protocols))
      if (std::ranges::count(chosen, row.path, &Row::path) == 0) chosen.push_back(row);
  }
  return chosen;
}

class Battery {
 public:
  Battery(std::vector<Row> rows, const ConditionOptions& options)
      : rows_(std::move(rows)), pool_(std::min<int64_t>(usable_cores(), std::ssize(rows_))) {
    require_kind(options.config, FileKind::kBrain);
    config::Problems problems;
    brain_ = read_config_tree(options.config, options.set, problems);
    problems.raise();
  }

  /// What is wrong with any of them is noted, so that nothing is run before all is told.
  /// Errors  ConfigError of a file that is no YAML, with what was noted before.
  [[nodiscard]] std::vector<Protocol> read(const Changes& changes,
                                           config::Problems& problems) const {
    std::vector<Protocol> protocols;
    for (const Row& row : rows_) {
      const size_t before = problems.size();
      config::Node tree = row.is_whole ? row.tree : config::read_yaml_file(row.path, problems);
      protocols.push_back(protocol_of(row.name(), std::move(tree), brain_, changes, problems));
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
  std::vector<Row> rows_;
  config::Node brain_;
  training::WorkerPool pool_;
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

nlohmann::ordered_json contrast_of(const ProtocolResult& result) {
  return number_to_json<nlohmann::ordered_json>(mean(result.contrast_S));
}

std::string contrast_text(const ProtocolResult& result) {
  return number_words(mean(result.contrast_S), "%.3f");
}

std::string passed_text(const ProtocolResult& result) {
  return concat(result.num_passed(), "/", result.holds_S.size());
}

nlohmann::ordered_json numbers_to_json(const std::vector<double>& numbers) {
  auto out = nlohmann::ordered_json::array();
  for (const double number : numbers) out.push_back(number_to_json<nlohmann::ordered_json>(number));
  return out;
}

nlohmann::ordered_json described(const ProtocolResult& result) {
  nlohmann::ordered_json out{{"row", result.name},
                             {"phenomenon", result.phenomenon},
                             {"criterion", result.criterion},
                             {"contrast", contrast_of(result)},
                             {"contrasts", numbers_to_json(result.contrast_S)},
                             {"passed", result.num_passed()},
                             {"subjects", result.holds_S.size()}};
  for (const auto& [name, curve_S] : result.measures) {
    for (const std::vector<double>& curve : curve_S) {
      const auto numbers = numbers_to_json(curve);
      out["measures"][name].push_back(curve.size() == 1 ? numbers.front() : numbers);
    }
  }
  return out;
}

/// The width of a column of these texts, at least `least`.
int width_of(const std::vector<ProtocolResult>& results, size_t least, auto text) {
  for (const ProtocolResult& result : results) least = std::max(least, text(result).size());
  return static_cast<int>(least);
}

void print_rows(const std::vector<ProtocolResult>& results) {
  const auto number = [](const ProtocolResult& result) { return number_of(result.name) + "  "; };
  const auto phenomenon = [](const ProtocolResult& result) { return result.phenomenon; };
  const auto contrast = [](const ProtocolResult& result) { return "  " + contrast_text(result); };
  const int number_width = width_of(results, 5, number),
            phenomenon_width = width_of(results, 0, phenomenon),
            contrast_width = width_of(results, 8, contrast),
            passed_width = width_of(results, 5, passed_text);
  for (const ProtocolResult& result : results) {
    std::cout << std::left << std::setw(number_width) << number(result)
              << std::setw(phenomenon_width) << result.phenomenon << std::right
              << std::setw(contrast_width) << contrast(result) << "  " << std::setw(passed_width)
              << passed_text(result) << (result.is_reached() ? "  ok      " : "  MISSED  ")
              << result.criterion << "\n";
  }
}

int print_table(const std::vector<ProtocolResult>& results, const ConditionOptions& options) {
  const int64_t reached = std::ranges::count_if(results, &ProtocolResult::is_reached);
  if (options.json) {
    auto all = nlohmann::ordered_json::array();
    for (const ProtocolResult& result : results) all.push_back(described(result));
    std::cout << all.dump(1) << "\n";
  } else {
    print_rows(results);
    std::cout << reached << " of " << results.size()
              << " rows hold in at least 90 % of their subjects\n";
  }
  return reached == std::ssize(results) ? 0 : 1;
}

// Of one's own parts.
void refuse_unknown_rows(const config::Map<PartConfig>& parts, const std::vector<std::string>& rows,
                         const std::string& folder) {
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

// Of the shipped parts, which are about the shipped rows.
void leave_out_unknown_rows(config::Map<PartConfig>& parts, const std::vector<std::string>& rows,
                            const ConditionOptions& options) {
  const auto is_unknown = [&](const config::Located& row) {
    return std::ranges::count(rows, row.text) == 0;
  };
  size_t left_out = 0;
  for (auto& part : parts) left_out += std::erase_if(part.value.needed_by, is_unknown);
  if (left_out > 0)
    log::info(options.parts, " names rows that are not in ", options.protocols,
              ": they are left out; --parts FILE names other parts");
}

config::Map<PartConfig> parts_of(const std::vector<Row>& rows, const ConditionOptions& options) {
  auto parts = read_parts(options.parts);
  std::vector<std::string> numbers;
  for (const Row& row : rows) numbers.push_back(short_number(row.name()));
  if (options.parts == ConditionOptions{}.parts)
    leave_out_unknown_rows(parts, numbers, options);
  else
    refuse_unknown_rows(parts, numbers, options.protocols);
  return parts;
}

/// The rows of a battery without a part.
struct Ablation {
  std::string part;
  std::vector<std::string> expected;  // to be missed, of those that were run
  std::vector<ProtocolResult> results;

  [[nodiscard]] std::vector<std::string> missed() const {
    std::set<std::string> rows;  // of which several may have one number
    for (const ProtocolResult& result : results)
      if (!result.is_reached()) rows.insert(short_number(result.name));
    return {rows.begin(), rows.end()};
  }
  [[nodiscard]] bool is_as_expected() const {
    return std::ranges::is_permutation(missed(), expected);
  }
};

Ablation ablation_of(const config::Map<PartConfig>::Item& part,
                     std::vector<ProtocolResult> results) {
  Ablation ablation{part.key, {}, std::move(results)};
  for (const config::Located& row : part.value.needed_by) {
    const auto is_row = [&](const auto& result) { return short_number(result.name) == row.text; };
    if (std::ranges::any_of(ablation.results, is_row)) ablation.expected.push_back(row.text);
  }
  return ablation;
}

// `whole`: the same rows with all parts.
nlohmann::ordered_json described(const Ablation& ablation,
                                 const std::vector<ProtocolResult>& whole) {
  nlohmann::ordered_json passed, contrasts;
  for (size_t i = 0; i < whole.size(); ++i) {
    const ProtocolResult& result = ablation.results[i];
    passed[result.name] = result.num_passed();
    contrasts[result.name] = {{"with", contrast_of(whole[i])}, {"without", contrast_of(result)}};
  }
  return {{"without", ablation.part},
          {"missed", ablation.missed()},
          {"expected", ablation.expected},
          {"passed", passed},
          {"contrast", contrasts}};
}

void print_ablation(const Ablation& ablation, const std::vector<ProtocolResult>& whole,
                    int name_width) {
  std::string rows, expected;
  for (size_t i = 0; i < whole.size(); ++i) {
    const ProtocolResult& result = ablation.results[i];
    if (result.is_reached()) continue;
    rows += concat(" ", short_number(result.name), " (", passed_text(result), ", contrast ",
                   contrast_text(whole[i]), " to ", contrast_text(result), ")");
  }
  for (const std::string& row : ablation.expected) expected += " " + row;
  std::cout << "without " << std::left << std::setw(name_width) << ablation.part << "  fails"
            << (rows.empty() ? " none" : rows)
            << (ablation.is_as_expected()
                    ? "; as expected"
                    : concat("; differs: expected", expected.empty() ? " none" : expected))
            << std::endl;
}

int print_matrix(Battery& battery, const config::Map<PartConfig>& parts,
                 const ConditionOptions& options) {
  config::Problems problems;
  const auto intact = battery.read({}, problems);
  std::vector<std::vector<Protocol>> protocols;  // all are read before any is run
  size_t name_width = 0;
  for (const auto& part : parts) {
    protocols.push_back(battery.read(part.value.set, problems));
    name_width = std::max(name_width, part.key.size());
  }
  problems.raise();
  const auto whole = battery.run(intact);
  auto all = nlohmann::ordered_json::array();
  int64_t num_as_expected = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Ablation ablation = ablation_of(parts.entries[i], battery.run(protocols[i]));
    num_as_expected += ablation.is_as_expected();
    all.push_back(described(ablation, whole));
    if (!options.json) print_ablation(ablation, whole, static_cast<int>(name_width));
  }
  if (options.json)
    std::cout << all.dump(1) << "\n";
  else
    std::cout << num_as_expected << " of " << parts.size() << " parts fail just the expected rows"
              << (options.only.empty() ? "" : " among those run") << "\n";
  return num_as_expected == std::ssize(parts) ? 0 : 1;
}

}  // namespace

config::Map<PartConfig> read_parts(const std::string& path) {
  config::Problems problems;
  const config::Node root = config::read_yaml_file(path, problems);
  auto parts = config::parse<config::Map<PartConfig>>(root, problems);
  raise_as(problems, path, FileKind::kParts);
  if (parts.empty()) throw input_error(path, ": holds no part");
  for (auto& part : parts) {
    for (config::Located& row : part.value.needed_by) row.text = short_number(row.text);
  }
  return parts;
}

int run_battery(const ConditionOptions& options) {
  if (!options.schedule.empty())
    throw input_error("--battery runs the protocols of a folder; it takes no schedule");
  std::optional<Output> sheet = optional_output(options.sheet);
  const std::vector<Row> rows = rows_in(options.protocols);
  Battery battery(chosen_rows(rows, options), options);
  if (options.ablate) return print_matrix(battery, parts_of(rows, options), options);
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
