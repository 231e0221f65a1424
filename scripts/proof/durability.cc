// durability ROW CONFIG DIRECTORY COUNT SEED [path.to.key=value...]: one row of
// scripts/proof/durability, as a JSON object on stdout.
//
// Runs are trained in forks of this process, which reads config and data once; so a kill is a real
// SIGKILL of a real run and costs only its steps.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "damage.h"
#include "faults.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/stream.h"
#include "limbic/training/tensorboard_log.h"
#include "limbic/training/trainer.h"

namespace limbic::proof {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using training::CheckpointStore;
using training::Parts;

/// What a finished run leaves behind that must not depend on how often it was interrupted.
struct Traces {
  std::string learned;  // hash of every circuit
  std::string logs;     // metrics, decisions, TensorBoard's scalars
  bool operator==(const Traces&) const = default;
};

/// The events of a TensorBoard file without their wall times. Each record must be as it was
/// written.
std::string scalars(const std::string& file) {
  constexpr size_t kFrame = 12, kTail = 4, kWallTime = 9;
  const std::string bytes = read_file(file);
  std::string events;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    TORCH_CHECK(at + kFrame <= bytes.size(), file, " ends within a record");
    std::memcpy(&length, bytes.data() + at, sizeof length);
    const std::string event = bytes.substr(at + kFrame, length);
    TORCH_CHECK(bytes.substr(at, kFrame + length + kTail) == training::event_record(event), file,
                ": byte ", at, " begins no whole record");
    events += event.substr(std::min(kWallTime, event.size()));
    at += kFrame + length + kTail;
  }
  return events;
}

class Runs {
 public:
  Runs(Parts parts, std::string base, uint64_t seed)
      : parts_(std::move(parts)), base_(std::move(base)), stream_(seed) {}

  json kills(int64_t count);
  json faults(int64_t count);
  json resumes(int64_t count);
  json damage(int64_t count);

 private:
  [[nodiscard]] std::string train(const std::string& root, std::optional<int64_t> from = {}) const;
  [[nodiscard]] Traces traces(const std::string& root, const End& end) const;
  Traces reference(const std::string& root) const;

  Parts parts_;
  std::string base_;
  Stream stream_;
};

/// Goes on with the run to its end; returns what it learned.
std::string Runs::train(const std::string& root, std::optional<int64_t> from) const {
  Parts parts = parts_;
  parts.run_directory = root;
  training::Trainer trainer(std::move(parts), from);
  trainer.run();
  std::string learned;
  for (const auto& circuit : trainer.replicas().circuits()) {
    learned += concat(circuit.name(), ":", circuit.hash(), " ");
  }
  return learned;
}

Traces Runs::traces(const std::string& root, const End& end) const {
  TORCH_CHECK(end.signal == 0 && end.code == 0, root, " left with ", end.code, ", signal ",
              end.signal, ": ", end.said);
  const training::RunPaths paths{root};
  return {end.said,
          read_file(paths.metrics()) + read_file(paths.decisions()) + scalars(paths.events())};
}

Traces Runs::reference(const std::string& root) const {
  fs::remove_all(root);
  return traces(root, in_child([&] { return train(root); }));
}

bool is_within_a_save(const std::string& root) {
  std::error_code none_yet;
  for (const auto& entry : fs::directory_iterator(root + "/checkpoints", none_yet)) {
    const auto kind = entry.path().extension();
    if (kind == ".tmp" || kind == ".old") return true;
  }
  return false;
}

/// Checkpoints under a checkpoint's name that are not whole.
int64_t count_torn(const std::string& root) {
  return static_cast<int64_t>(CheckpointStore(root + "/checkpoints").verify().size());
}

json Runs::kills(int64_t count) {
  const Traces unkilled = reference(base_ + "/unkilled");
  const std::string root = base_ + "/killed";
  const auto calls = std::stoll(in_child([&] {
                                  break_system_calls([](int64_t, bool) { return Fault{}; });
                                  (void)train(base_ + "/counted");
                                  return std::to_string(count_system_calls());
                                }).said);
  int64_t kills = 0, within = 0, torn = 0, different = 0, runs = 0;
  for (; kills < count; ++runs) {
    fs::remove_all(root);
    const Stream trial = stream_.child("kills").at(runs);
    const int64_t in_a_row = 1 + trial.below(3, 0);
    for (int64_t k = 0; k < in_a_row && kills < count; ++k) {
      const Stream own = trial.child("kill").at(k);
      const int64_t at = 1 + own.below(calls / (k + 1), 0);
      const auto kind =
          own.uniform(1) < 0.7 ? Fault::Kind::kKilledBefore : Fault::Kind::kKilledAfter;
      const End end = in_child([&] {
        break_system_calls([&](int64_t number, bool) {
          return number == at ? Fault{kind, 0, own.uniform(2)} : Fault{};
        });
        return train(root);
      });
      if (end.signal != SIGKILL) break;  // this one was over before its turn came
      ++kills;
      within += is_within_a_save(root);
      torn += count_torn(root);
    }
    different += traces(root, in_child([&] { return train(root); })) != unkilled;
  }
  return {{"system_calls", calls}, {"kills", kills}, {"within_a_save", within},
          {"runs", runs},          {"torn", torn},   {"different", different}};
}

struct Trouble {
  const char* name;
  Fault fault;
  bool lasts;
  bool harmless;  // must be worked around
};

json Runs::faults(int64_t count) {
  using enum Fault::Kind;
  const std::vector<Trouble> troubles = {{"ENOSPC", {kError, ENOSPC}, false, false},
                                         {"ENOSPC from there on", {kError, ENOSPC}, true, false},
                                         {"EIO", {kError, EIO}, false, false},
                                         {"EINTR", {kError, EINTR}, false, true},
                                         {"short write", {kShort, 0, 0.3}, false, true}};
  const Traces unharmed = reference(base_ + "/unharmed");
  const std::string root = base_ + "/harmed";
  json out = {{"tried", 0}, {"stopped", 0},   {"unnamed", 0},
              {"torn", 0},  {"different", 0}, {"gave_up", 0}};
  const auto add = [&](const char* key, bool so) { out[key] = out[key].get<int64_t>() + so; };
  bool reached = true;
  for (int64_t at = 1; reached && at <= count; ++at) {
    reached = false;
    for (const Trouble& trouble : troubles) {
      fs::remove_all(root);
      const End end = in_child([&] {
        bool met = false;
        break_system_calls([&](int64_t number, bool is_long_write) {
          const bool due = trouble.lasts ? number >= at : number == at;
          const bool now = due && (is_long_write || trouble.fault.kind != kShort);
          met = met || now;
          return now ? trouble.fault : Fault{};
        });
        const std::string learned = train(root);
        return met ? learned : "";
      });
      const bool crashed = end.signal != 0;
      if (!crashed && end.code == 0 && end.said.empty()) continue;  // it met no such call
      reached = true;
      add("tried", true);
      add("stopped", end.code != 0);
      add("gave_up", trouble.harmless && end.code != 0);
      const bool names = end.said.find(base_) != std::string::npos;
      const bool unclear = crashed || (end.code != 0 && (!names || end.code > 2));
      add("unnamed", unclear);
      if (unclear)
        std::cerr << trouble.name << " at call " << at << ": exit " << end.code << ", signal "
                  << end.signal << ": " << end.said << "\n";
      add("different", !crashed && end.code == 0 && end.said != unharmed.learned);
      add("torn", count_torn(root) > 0);
      add("different", traces(root, in_child([&] { return train(root); })) != unharmed);
    }
  }
  return out;
}

json Runs::resumes(int64_t count) {
  parts_.checkpoints.every = config::Steps{1};
  parts_.checkpoints.keep_last = 1 << 20;
  const std::string root = base_ + "/resumed";
  const Traces unbroken = reference(root);
  std::vector<int64_t> steps = CheckpointStore(root + "/checkpoints").list();
  const int64_t last = steps.back();
  std::vector<int64_t> chosen;
  std::string decisions = read_file(root + "/decisions.jsonl");
  for (size_t at = 0, end = 0; (end = decisions.find('\n', at)) != std::string::npos;
       at = end + 1) {
    const json decision = json::parse(decisions.substr(at, end - at));
    if (decision.at("verdict") == "stay") continue;
    for (const int64_t off : {-1, 0, 1}) chosen.push_back(decision.at("step").get<int64_t>() + off);
  }
  const at::Tensor order = stream_.child("resumes").permutation(last - 1);
  for (int64_t i = 0; i < std::min(count, last - 1); ++i) {
    chosen.push_back(1 + order[i].item<int64_t>());
  }
  std::erase_if(chosen, [&](int64_t step) { return step < 1 || step > last; });
  std::ranges::sort(chosen, std::greater());
  chosen.erase(std::ranges::unique(chosen).begin(), chosen.end());
  int64_t different = 0;
  for (const int64_t step :
       chosen) {  // from the last to the first: each discards what comes after it
    different += traces(root, in_child([&] { return train(root, step); })) != unbroken;
  }
  return {{"steps", last}, {"resumed", chosen.size()}, {"different", different}};
}

json Runs::damage(int64_t count) {
  parts_.checkpoints.keep_last = 3;
  const std::string root = base_ + "/damaged";
  (void)reference(root);
  return damage_checkpoints(root + "/checkpoints", count, stream_.child("damage"));
}

json run(const std::vector<std::string>& words) {
  log::set_level(log::Level::kQuiet);
  at::set_num_threads(1);
  const std::string& row = words[0];
  const app::RunConfig config = app::read_config(words[1], {words.begin() + 5, words.end()});
  fs::create_directories(words[2]);
  Runs runs(app::build_parts(config, words[2], at::kCPU), words[2], std::stoull(words[4]));
  const int64_t count = std::stoll(words[3]);
  if (row == "kills") return runs.kills(count);
  if (row == "faults") return runs.faults(count);
  if (row == "resumes") return runs.resumes(count);
  if (row == "damage") return runs.damage(count);
  throw input_error("unknown row '", row, "'");
}

}  // namespace
}  // namespace limbic::proof

int main(int argc, char** argv) {
  if (argc < 6) {
    std::cerr << "usage: durability kills|faults|resumes|damage CONFIG DIRECTORY COUNT SEED "
                 "[path.to.key=value...]\n";
    return 2;
  }
  try {
    std::cout << limbic::proof::run({argv + 1, argv + argc}).dump() << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "durability: " << error.what() << "\n";
    return 1;
  }
}
