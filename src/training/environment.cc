#include "limbic/training/environment.h"

#include <ATen/Version.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/core/cores.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/json_reader.h"

namespace limbic::training {
namespace {

using nlohmann::json;

constexpr size_t kMaxSystemFile = size_t{4} << 20;

using Member = std::string Environment::*;
constexpr std::array<std::pair<const char*, Member>, 7> kTexts = {{
    {"limbic", &Environment::limbic},
    {"libtorch", &Environment::libtorch},
    {"capability", &Environment::capability},
    {"cpu", &Environment::cpu},
    {"compiler", &Environment::compiler},
    {"os", &Environment::os},
    {"device", &Environment::device},
}};
constexpr const char* kCores = "cores";

/// What stands behind `key` and up to the end of the line in a file of the system, or nothing.
std::string system_fact(const std::string& path, std::string_view key) {
  std::string text;
  try {
    text = read_file(path, kMaxSystemFile);
  } catch (const Error&) {
    return {};
  }
  const auto begin = text.find(key);
  if (begin == std::string::npos) return {};
  const auto value = begin + key.size();
  return text.substr(value, text.find('\n', value) - value);
}

std::string os_text() {
  utsname name{};
  ::uname(&name);
  std::string system = system_fact("/etc/os-release", "PRETTY_NAME=");
  std::erase(system, '"');
  return concat(system, system.empty() ? "" : ", ", name.sysname, " ", name.release, " ",
                name.machine);
}

void note(std::vector<std::string>& differences, std::string_view what, const std::string& was,
          const std::string& is) {
  if (was != is) differences.push_back(concat(what, " was ", was, ", is ", is));
}

}  // namespace

Environment this_environment(std::string limbic_version, std::string device) {
  std::string cpu = system_fact("/proc/cpuinfo", "model name\t: ");
  return {.limbic = std::move(limbic_version),
          .libtorch = TORCH_VERSION,
          .capability = at::get_cpu_capability(),
          .cpu = cpu.empty() ? "unknown" : std::move(cpu),
          .cores = usable_cores(),
          .compiler = "g++ " __VERSION__,
          .os = os_text(),
          .device = std::move(device)};
}

std::string to_json(const Environment& environment) {
  nlohmann::ordered_json object;
  for (const auto& [key, member] : kTexts) object[key] = environment.*member;
  object[kCores] = environment.cores;
  return object.dump(2) + "\n";
}

Environment parse_environment(std::string_view text, const std::string& file) {
  const json object = json::parse(text, nullptr, false);
  ObjectReader<json> reader(object, file);
  Environment environment;
  for (const auto& [key, member] : kTexts) environment.*member = reader.text(key);
  environment.cores = reader.count(kCores);
  return environment;
}

std::vector<std::string> compare(const Environment& was, const Environment& is) {
  std::vector<std::string> differences;
  note(differences, "LibTorch", was.libtorch, is.libtorch);
  note(differences, "CPU capability", was.capability, is.capability);
  note(differences, "CPU", was.cpu, is.cpu);
  note(differences, "device", was.device, is.device);
  return differences;
}

}  // namespace limbic::training
