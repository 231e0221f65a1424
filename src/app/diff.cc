#include <ATen/ATen.h>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/config_change.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/training/metrics_log.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

using nlohmann::ordered_json;
using training::Snapshot;

namespace {

using Tensors = std::map<std::string, at::Tensor>;

Tensors tensors_of(const Snapshot& snapshot) {
  Tensors all;
  for (const auto& [circuit, tensors] : snapshot.circuits) {
    for (const auto& tensor : tensors) all[circuit + "/" + tensor.name] = tensor.value;
  }
  return all;
}

ordered_json compare_tensors(const Tensors& a, const Tensors& b) {
  ordered_json out = {{"same", 0}, {"different", ordered_json::object()}};
  const auto note = [&](const std::string& name, const ordered_json& what) {
    out["different"][name] = what;
  };
  for (const auto& [name, left] : a) {
    const auto found = b.find(name);
    if (found == b.end()) {
      note(name, {{"only_in", "a"}});
    } else if (left.sizes() != found->second.sizes()) {
      note(name, {{"shape_a", left.sizes().vec()}, {"shape_b", found->second.sizes().vec()}});
    } else if (at::equal(left, found->second)) {
      out["same"] = out["same"].get<int64_t>() + 1;
    } else {
      const auto apart = (left.to(at::kDouble) - found->second.to(at::kDouble)).abs();
      note(name, {{"elements", apart.ne(0).sum().item<int64_t>()},
                  {"largest", apart.max().item<double>()}});
    }
  }
  for (const auto& [name, right] : b) {
    if (!a.contains(name)) note(name, {{"only_in", "b"}});
  }
  return out;
}

ordered_json compare_config_texts(const std::string& a, const std::string& b) {
  const auto was = config::parse_yaml(a, "a"), is = config::parse_yaml(b, "b");
  return compare_configs(was, is, 0).keys;
}

bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Of each metric that both have: the first step at which they part, and their last values.
ordered_json compare_metrics(const std::string& a, const std::string& b) {
  using Curve = std::map<int64_t, double>;
  const auto curves = [](const std::string& run) {
    std::map<std::string, Curve> all;
    for (const auto& row : training::read_metrics(training::RunPaths{run}.metrics())) {
      for (const auto& [name, value] : row.values) all[name][row.step] = value;
    }
    return all;
  };
  const auto left = curves(a), right = curves(b);
  ordered_json out = ordered_json::object();
  for (const auto& [name, curve] : left) {
    const auto found = right.find(name);
    if (found == right.end()) continue;
    const auto parts = std::ranges::find_if(curve, [&](const auto& point) {
      const auto other = found->second.find(point.first);
      return other != found->second.end() && !is_same(other->second, point.second);
    });
    if (parts == curve.end()) continue;
    out[name] = {{"from_step", parts->first},
                 {"last_a", curve.rbegin()->second},
                 {"last_b", found->second.rbegin()->second}};
  }
  return out;
}

void print(const ordered_json& out) {
  std::cout << "a: step " << out["step_a"] << ", b: step " << out["step_b"] << "\n";
  std::cout << "config keys that differ: " << out["config"].size() << "\n";
  for (const auto& key : out["config"]) std::cout << "  " << key.get<std::string>() << "\n";
  const auto& different = out["tensors"]["different"];
  std::cout << "tensors that differ: " << different.size() << " (" << out["tensors"]["same"]
            << " are the same)\n";
  for (const auto& [name, what] : different.items())
    std::cout << "  " << std::left << std::setw(56) << name << what.dump() << "\n";
  if (!out.contains("metrics")) return;
  std::cout << "metrics that part: " << out["metrics"].size() << "\n";
  for (const auto& [name, what] : out["metrics"].items())
    std::cout << "  " << std::left << std::setw(32) << name << what.dump() << "\n";
}

bool is_run(const std::string& path) { return exists(training::RunPaths{path}.metrics()); }

}  // namespace

int diff(const DiffOptions& options) {
  const Snapshot a = read_snapshot(options.a, ""), b = read_snapshot(options.b, "");
  ordered_json out;
  out["step_a"] = a.step;
  out["step_b"] = b.step;
  out["config"] = compare_config_texts(a.config_yaml, b.config_yaml);
  out["tensors"] = compare_tensors(tensors_of(a), tensors_of(b));
  if (is_run(options.a) && is_run(options.b))
    out["metrics"] = compare_metrics(options.a, options.b);
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out);
  const bool same = out["config"].empty() && out["tensors"]["different"].empty() &&
                    out.value("metrics", ordered_json::object()).empty();
  return same ? 0 : 1;
}

}  // namespace limbic::app
