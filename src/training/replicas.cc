#include "limbic/training/replicas.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/training/manifest.h"

namespace limbic::training {
namespace {

// Cortex and amygdala, if they learn by a rule of their own.
const brain::OwnRule* rule_of(const torch::nn::Module& module) {
  return dynamic_cast<const brain::OwnRule*>(&module);
}

// Buffers that a circuit saves, by full name: all of the amygdala's, and those of the cortex that
// it keeps, or all if it learns by a rule of its own.
std::vector<std::string> learned_buffers(const brain::Brain& brain) {
  std::vector<std::string> names;
  const auto add = [&](const char* part, const torch::nn::Module& module) {
    for (const auto& buffer : module.named_buffers())
      names.push_back(concat(part, ".", buffer.key()));
  };
  if (rule_of(brain.cortex()) != nullptr) add("cortex", brain.cortex());
  for (const std::string& buffer : brain.cortex().kept_buffers())
    names.push_back("cortex." + buffer);
  add("amygdala", brain.amygdala());
  return names;
}

std::string top_level(const std::string& name) { return name.substr(0, name.find('.')); }

struct Parts {
  std::vector<std::string> parameters, buffers;
};

void refuse_homeless(const std::vector<std::string>& names,
                     const std::map<std::string, std::string>& owner,
                     const config::Map<CircuitConfig>& config, config::Problems& problems) {
  std::vector<std::string> homeless;
  std::ranges::copy_if(names, std::back_inserter(homeless),
                       [&](const std::string& name) { return !owner.contains(name); });
  if (homeless.empty()) return;
  const size_t others = homeless.size() - 1;
  problems.add(config.entries.back().mark,
               concat("parameter ", quoted(homeless.front()),
                      others > 0 ? concat(" and ", others, " more are") : " is",
                      " in no circuit; frozen ones need one too"));
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
  std::vector<std::string> names, order;
  for (const auto& parameter : brain.named_parameters()) names.push_back(parameter.key());
  std::map<std::string, Parts> parts;
  std::map<std::string, std::string> owner;
  config::Problems problems;
  const auto take = [&](const std::string& circuit, const std::string& name,
                        const config::Mark& mark) {
    const auto [held, fresh] = owner.emplace(name, circuit);
    if (fresh) parts[circuit].parameters.push_back(name);
    if (held->second != circuit)
      problems.add(mark, concat("parameter ", quoted(name), " is already in circuit ",
                                quoted(held->second)));
  };
  for (const auto& item : config) {
    order.push_back(item.key);
    if (!is_plain_name(item.key)) {
      problems.add(item.mark, concat("circuit ", quoted(item.key),
                                     " wants a name of letters, digits, '.', '_' and '-'"));
    }
    for (const config::Located& glob : item.value.parameters) {
      bool found = false;
      for (const std::string& name : names) {
        if (!matches_glob(glob.text, name)) continue;
        found = true;
        take(item.key, name, glob.mark);
      }
      if (!found)
        problems.add(glob.mark, concat("no parameter matches ", quoted(glob.text),
                                       did_you_mean(glob.text, names)));
    }
  }
  if (!config.empty()) refuse_homeless(names, owner, config, problems);
  problems.raise();
  const auto default_order = [&](const std::string& name) {
    if (std::ranges::find(order, name) == order.end()) order.push_back(name);
  };
  for (const std::string& name : names) {
    if (!config.empty()) break;
    default_order(top_level(name));
    take(top_level(name), name, {});
  }
  for (const std::string& buffer : learned_buffers(brain)) {
    const std::string circuit = home_of(buffer, owner);
    default_order(circuit);
    parts[circuit].buffers.push_back(buffer);
  }
  if (rule_of(brain.cortex()) != nullptr) self_taught_.emplace_back("cortex");
  if (rule_of(brain.amygdala()) != nullptr) self_taught_.emplace_back("amygdala");
  for (const std::string& name : order) {
    circuits_.emplace_back(name, brain, parts[name].parameters, parts[name].buffers,
                           brain.amygdala().names());
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

std::vector<std::string> Replicas::self_taught() const { return self_taught_; }

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
