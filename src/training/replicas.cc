#include "limbic/training/replicas.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/training/manifest.h"

namespace limbic::training {
namespace {

// Buffers that a circuit saves, by full name: all of the amygdala's, and those of the cortex that
// it keeps, or all if it learns by a rule of its own.
std::vector<std::string> learned_buffers(const brain::Brain& brain) {
  std::vector<std::string> names;
  const auto add = [&](const char* part, const torch::nn::Module& module) {
    for (const auto& buffer : module.named_buffers())
      names.push_back(concat(part, ".", buffer.key()));
  };
  if (brain.cortex_rule() != nullptr) add("cortex", brain.cortex());
  for (const std::string& buffer : brain.cortex().kept_buffers())
    names.push_back("cortex." + buffer);
  add("amygdala", brain.amygdala());
  return names;
}

std::string top_level(const std::string& name) { return name.substr(0, name.find('.')); }

/// What each circuit is to hold.
struct Division {
  struct Share {
    std::vector<std::string> parameters, buffers;
  };
  std::vector<std::string> circuits;  // in order
  std::map<std::string, Share> shares;
  std::map<std::string, std::string> owner;  // of each parameter

  void add_circuit(const std::string& name) {
    if (std::ranges::find(circuits, name) == circuits.end()) circuits.push_back(name);
  }
  /// Whose it is now: the circuit's, unless another has it.
  const std::string& give(const std::string& parameter, const std::string& circuit) {
    const auto [entry, is_new] = owner.emplace(parameter, circuit);
    if (is_new) shares[circuit].parameters.push_back(parameter);
    return entry->second;
  }
};

// parameter 'a' is; parameters 'a', 'b' and 3 more are
std::string these_are(const std::vector<std::string>& parameters) {
  constexpr size_t kMostNamed = 12;
  std::string text = parameters.size() == 1 ? "parameter " : "parameters ";
  for (size_t i = 0; i < std::min(parameters.size(), kMostNamed); ++i)
    text += concat(i > 0 ? ", " : "", quoted(parameters[i]));
  if (parameters.size() > kMostNamed)
    text += concat(" and ", parameters.size() - kMostNamed, " more");
  return text + (parameters.size() == 1 ? " is" : " are");
}

void refuse_homeless(const std::vector<std::string>& names,
                     const std::map<std::string, std::string>& owner,
                     const config::Map<CircuitConfig>& config, config::Problems& problems) {
  std::vector<std::string> homeless;
  std::ranges::copy_if(names, std::back_inserter(homeless),
                       [&](const std::string& name) { return !owner.contains(name); });
  if (homeless.empty()) return;
  problems.add(config.entries.back().mark,
               concat(these_are(homeless), " in no circuit; frozen ones need one too"));
}

Division divide_by_config(const std::vector<std::string>& parameters,
                          const config::Map<CircuitConfig>& config) {
  Division division;
  config::Problems problems;
  for (const auto& item : config) {
    division.add_circuit(item.key);
    if (!is_plain_name(item.key)) {
      problems.add(item.mark, concat("circuit ", quoted(item.key),
                                     " wants a name of letters, digits, '.', '_' and '-'"));
    }
    for (const config::Located& glob : item.value.parameters) {
      bool found = false;
      std::map<std::string, std::vector<std::string>> taken;  // by the circuit that has them
      for (const std::string& name : parameters) {
        if (!matches_glob(glob.text, name)) continue;
        found = true;
        const std::string& owner = division.give(name, item.key);
        if (owner != item.key) taken[owner].push_back(name);
      }
      for (const auto& [owner, names] : taken)
        problems.add(glob.mark, concat(these_are(names), " already in circuit ", quoted(owner)));
      if (!found)
        problems.add(glob.mark, concat("no parameter matches ", quoted(glob.text),
                                       did_you_mean(glob.text, parameters)));
    }
  }
  refuse_homeless(parameters, division.owner, config, problems);
  problems.raise();
  return division;
}

// Cortex and amygdala, a circuit each.
Division divide_by_part(const std::vector<std::string>& parameters) {
  Division division;
  for (const std::string& name : parameters) {
    division.add_circuit(top_level(name));
    division.give(name, top_level(name));
  }
  return division;
}

// The circuit of a buffer: its parameter's (weight: weight_chain), or else that of the first
// parameter beside it.
std::string home_of(const std::string& buffer, const std::map<std::string, std::string>& owner) {
  const auto parameter = owner.find(buffer.substr(0, buffer.rfind('_')));
  if (parameter != owner.end()) return parameter->second;
  const auto beside = owner.lower_bound(top_level(buffer) + ".");
  const bool has_any = beside != owner.end() && top_level(beside->first) == top_level(buffer);
  return has_any ? beside->second : top_level(buffer);
}

}  // namespace

Replicas::Replicas(const BrainFactory& make_brain, const config::Map<CircuitConfig>& config,
                   int64_t num_workers, at::Device device)
    : make_brain_(make_brain), device_(device) {
  for (int64_t worker = 0; worker < num_workers; ++worker) {
    workers_.push_back({make_brain(), {}});
    workers_.back().brain->to(device);
  }
  cut(*workers_[0].brain, config);
  for (Circuit& circuit : circuits_) circuit.to(device);
  for (Worker& worker : workers_) {
    for (const Circuit& circuit : circuits_) worker.leaves.push_back(circuit.adopt(*worker.brain));
  }
}

void Replicas::cut(const brain::Brain& brain, const config::Map<CircuitConfig>& config) {
  const std::vector<std::string> parameters = brain.named_parameters().keys();
  Division division =
      config.empty() ? divide_by_part(parameters) : divide_by_config(parameters, config);
  for (const std::string& buffer : learned_buffers(brain)) {
    const std::string circuit = home_of(buffer, division.owner);
    division.add_circuit(circuit);
    division.shares[circuit].buffers.push_back(buffer);
  }
  for (const std::string& name : division.circuits) {
    const Division::Share& share = division.shares[name];
    circuits_.emplace_back(name, brain, share.parameters, share.buffers, brain.program().names());
  }
}

int64_t Replicas::find(const std::string& name) const {
  for (size_t i = 0; i < circuits_.size(); ++i) {
    if (circuits_[i].name() == name) return static_cast<int64_t>(i);
  }
  return -1;
}

std::vector<std::string> Replicas::names() const {
  std::vector<std::string> names;
  for (const Circuit& circuit : circuits_) names.push_back(circuit.name());
  return names;
}

std::vector<std::string> Replicas::by_own_rule() const {
  std::vector<std::string> names;
  if (brain(0).cortex_rule() != nullptr) names.emplace_back("cortex");
  if (brain(0).amygdala_rule() != nullptr) names.emplace_back("amygdala");
  return names;
}

void Replicas::initialise_from(const worlds::World& world,
                               const std::map<std::string, double>& shares, const Stream& stream) {
  auto& cortex = brain(0).cortex();  // buffers are shared
  const int64_t all = world.num_training_rows(), wanted = cortex.num_initial_rows();
  const auto most = static_cast<double>(all > 0 ? std::min(all, wanted) : wanted);
  std::vector<worlds::Episodes> rows;
  for (const auto& [regime, share] : shares) {
    const int64_t count = std::llround(most * share);
    if (count > 0)
      rows.push_back(world.draw({.regime = regime, .num_rows = count}, stream.child("world")));
  }
  if (!rows.empty())
    cortex.initialise_from(worlds::concatenate(rows).to(device_), stream.child("initial"));
}

void Replicas::prepare(int64_t num_buffers, const OptimizerConfig& optimizer) {
  for (Circuit& circuit : circuits_) circuit.prepare(num_buffers, optimizer);
  if (optimizer.ema_decay == 0) return;
  for (size_t worker = 0; worker < workers_.size(); ++worker) {
    eval_brains_.push_back(make_brain_());
    eval_brains_.back()->to(device_);
    for (const Circuit& circuit : circuits_) circuit.adopt_average(*eval_brains_.back());
  }
}

void Replicas::load(const std::map<std::string, std::vector<NamedTensor>>& saved,
                    const std::string& place) {
  for (const auto& [name, tensors] : saved) {
    if (find(name) < 0) throw input_error(place, ": has a circuit '", name, "', this config none");
  }
  for (Circuit& circuit : circuits_) {
    const auto found = saved.find(circuit.name());
    if (found == saved.end()) throw input_error(place, ": has no circuit '", circuit.name(), "'");
    circuit.load(found->second, place + "/" + circuit.name() + ".safetensors");
  }
}

}  // namespace limbic::training
