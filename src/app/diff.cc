#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/app/commands.h"
#include "limbic/app/metric_curves.h"
#include "limbic/app/trained.h"
#include "limbic/config/differences.h"
#include "limbic/core/file.h"
#include "limbic/core/json_number.h"
#include "limbic/training/circuit.h"
#include "limbic/training/manifest.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

using nlohmann::ordered_json;
using training::RunPaths;
using training::Snapshot;

namespace {

// Null where they are the same.
ordered_json compare(const at::Tensor& a, const at::Tensor& b) {
  if (!b.defined()) return ordered_json{{"only_in", "a"}};
  if (!a.defined()) return ordered_json{{"only_in", "b"}};
  if (a.sizes() != b.sizes())
    return ordered_json{{"shape_a", a.sizes().vec()}, {"shape_b", b.sizes().vec()}};
  if (at::equal(a, b)) return nullptr;
  const at::Tensor apart = (a.to(at::kDouble) - b.to(at::kDouble)).abs();
  return ordered_json{{"elements", apart.ne(0).sum().item<int64_t>()},
                      {"largest", number_to_json<ordered_json>(apart.max().item<double>())}};
}

/// Of some tensors, how many differ.
struct Count {
  int64_t of = 0, differ = 0;
  double largest = 0;  // difference between two numbers

  void add(const ordered_json& difference) {
    ++of;
    if (difference.is_null()) return;
    ++differ;
    if (!difference.contains("largest")) return;
    const double own = number_from_json(difference["largest"]).value();
    largest = std::isnan(own) ? own : std::max(largest, own);
  }
  [[nodiscard]] ordered_json json() const {
    return ordered_json{
        {"of", of}, {"differ", differ}, {"largest", number_to_json<ordered_json>(largest)}};
  }
};

ordered_json compare_tensors(const Snapshot& a, const Snapshot& b) {
  using CircuitAndName = std::pair<std::string, std::string>;
  std::map<CircuitAndName, std::array<at::Tensor, 2>> all;
  for (const Snapshot* const snapshot : {&a, &b}) {
    for (const auto& [circuit, tensors] : snapshot->circuits) {
      for (const auto& [name, value] : tensors) all[{circuit, name}][snapshot == &b] = value;
    }
  }
  std::map<std::string, Count> circuits;
  Count optimizer;
  ordered_json different = ordered_json::object();
  for (const auto& [key, both] : all) {
    const auto& [circuit, name] = key;
    const ordered_json difference = compare(both[0], both[1]);
    (training::is_optimizer_state(name) ? optimizer : circuits[circuit]).add(difference);
    if (!difference.is_null()) different[circuit + "/" + name] = difference;
  }
  ordered_json out{{"circuits", ordered_json::object()}};
  for (const auto& [circuit, count] : circuits) out["circuits"][circuit] = count.json();
  out["optimizer"] = optimizer.json();
  out["different"] = different;
  return out;
}

// By path, the values that differ; null where there is none.
ordered_json compare_configs(const std::string& a, const std::string& b) {
  const auto text = [](const config::Node* node) {
    return node == nullptr ? ordered_json() : ordered_json(config::to_flow_yaml(*node));
  };
  const config::Node was = config::parse_yaml(a, "a"), is = config::parse_yaml(b, "b");
  ordered_json out = ordered_json::object();
  for (const auto& found : config::differences(was, is, config::Depth::kLeaves))
    out[found.path] = {{"a", text(found.a)}, {"b", text(found.b)}};
  return out;
}

bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Of each metric that both have: the first step at which they part, and their last values.
ordered_json compare_metrics(const std::string& a, const std::string& b) {
  const auto left = read_metric_curves(a), right = read_metric_curves(b);
  ordered_json out = ordered_json::object();
  for (const auto& [name, curve] : left) {
    const auto found = right.find(name);
    if (found == right.end()) continue;
    const auto parts = std::ranges::find_if(curve, [&](const auto& point) {
      const auto other = found->second.find(point.first);
      return other != found->second.end() && !is_same(other->second, point.second);
    });
    if (parts == curve.end()) continue;
    const double last_a = curve.rbegin()->second, last_b = found->second.rbegin()->second;
    out[name] = {{"from_step", parts->first},
                 {"last_a", number_to_json<ordered_json>(last_a)},
                 {"last_b", number_to_json<ordered_json>(last_b)},
                 {"difference", number_to_json<ordered_json>(last_b - last_a)}};
  }
  return out;
}

void print_config(const ordered_json& config) {
  std::cout << "config keys that differ: " << config.size() << "\n";
  const auto text = [](const ordered_json& value) {
    return value.is_null() ? "nothing" : value.get<std::string>();
  };
  for (const auto& [key, values] : config.items())
    std::cout << "  " << key << "  " << text(values["a"]) << " -> " << text(values["b"]) << "\n";
}

void print_metrics(const ordered_json& metrics) {
  std::cout << "metrics that part: " << metrics.size() << "\n";
  if (metrics.empty()) return;
  const auto line = [](const std::string& name, const auto&... columns) {
    std::cout << "  " << std::left << std::setw(40) << name << std::right;
    ((std::cout << std::setw(14) << columns), ...);
    std::cout << "\n";
  };
  const auto number = [](const ordered_json& value) { return number_from_json(value).value(); };
  line("last values", "a", "b", "difference", "from step");
  for (const auto& [name, what] : metrics.items()) {
    line(name, number(what["last_a"]), number(what["last_b"]), number(what["difference"]),
         what["from_step"].get<int64_t>());
  }
}

void print_tensors(const ordered_json& tensors, bool each) {
  const auto line = [](const std::string& name, const ordered_json& count) {
    std::cout << "  " << std::left << std::setw(40) << name << count["differ"] << " of "
              << count["of"];
    if (count["differ"].get<int64_t>() > 0)
      std::cout << ", by at most " << number_from_json(count["largest"]).value();
    std::cout << "\n";
  };
  std::cout << "tensors that differ:\n";
  for (const auto& [circuit, count] : tensors["circuits"].items()) line(circuit, count);
  line("state of the optimizer", tensors["optimizer"]);
  if (!each) return;
  for (const auto& [name, what] : tensors["different"].items())
    std::cout << "  " << std::left << std::setw(56) << name << what.dump() << "\n";
}

void print(const ordered_json& out, const DiffOptions& options) {
  std::cout << "a: step " << out["step_a"] << ", b: step " << out["step_b"] << "\n";
  print_config(out["config"]);
  if (out.contains("metrics")) print_metrics(out["metrics"]);
  print_tensors(out["tensors"], options.tensors);
}

bool is_run(const std::string& path) { return exists(RunPaths{path}.metrics()); }

// By which a run goes on, or of a checkpoint its own: the newest of a fork is as old as what it
// was forked from.
std::string config_of(const std::string& path, const Snapshot& snapshot) {
  const bool is_checkpoint = exists(path + "/" + training::kManifestName);
  return is_checkpoint ? snapshot.config_yaml : read_file(RunPaths{path}.config());
}

}  // namespace

int diff(const DiffOptions& options) {
  const Snapshot a = read_snapshot(options.a, ""), b = read_snapshot(options.b, "");
  ordered_json out;
  out["step_a"] = a.step;
  out["step_b"] = b.step;
  out["config"] = compare_configs(config_of(options.a, a), config_of(options.b, b));
  out["tensors"] = compare_tensors(a, b);
  if (is_run(options.a) && is_run(options.b))
    out["metrics"] = compare_metrics(options.a, options.b);
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out, options);
  const bool same = out["config"].empty() && out["tensors"]["different"].empty() &&
                    out.value("metrics", ordered_json::object()).empty();
  return same ? 0 : 1;
}

}  // namespace limbic::app
