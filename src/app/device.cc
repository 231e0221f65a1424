#include "limbic/app/device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <array>
#include <cstdlib>

#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"

namespace limbic::app {
namespace {

constexpr const char* kModule = "liblimbic_cuda.so";
constexpr const char* kOtherBuild = "the device module is of another build of limbic";

// A function of the device module, once that is loaded.
template <class Function>
Function* from_module(const char* name) {
  void* const module = dlopen(kModule, RTLD_NOW | RTLD_NOLOAD);
  const auto found = module == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(module, name));
  if (found == nullptr) throw input_error(kOtherBuild);
  return found;
}

// Why no GPU can be used, or "".
std::string refusal() {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return "no NVIDIA driver (libcuda.so.1) on this machine";
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto count = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDeviceGetCount"));
  int devices = 0;
  if (init == nullptr || count == nullptr || init(0) != 0 || count(&devices) != 0 || devices == 0)
    return "the NVIDIA driver finds no GPU";
  if (dlopen(kModule, RTLD_NOW | RTLD_GLOBAL) == nullptr)
    return concat("the device module does not load (", dlerror(),
                  "); build with LIMBIC_PRESET=cuda, and let scripts/setup fetch LibTorch's CUDA "
                  "half on this machine");
  std::string name;
  try {
    name = device_name({at::kCUDA, 0});
  } catch (const Error& error) {
    return error.what();
  }
  if (!at::hasCUDA()) return "LibTorch's CUDA half is not there; run scripts/setup on this machine";
  log::info("computing on ", name);
  return "";
}

// So that sums come in the same order each time, in cuBLAS and in what adds rows up.
void make_deterministic() {
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
}

}  // namespace

at::Device choose_device(const std::string& wanted) {
  if (wanted == "cpu") return at::kCPU;
  if (wanted != "auto" && wanted != "cuda")
    throw input_error("--device: unknown device ", quoted(wanted),
                      did_you_mean("", {"cpu", "cuda", "auto"}));
  const std::string why_not = refusal();
  if (why_not.empty()) {
    make_deterministic();
    return {at::kCUDA, 0};
  }
  if (wanted == "cuda") throw input_error("--device cuda: ", why_not);
  log::info("computing on the CPU: ", why_not);
  return at::kCPU;
}

std::string device_name(at::Device device) {
  if (device.is_cpu()) return "cpu";
  const auto describe = from_module<int(int, char*, int)>("limbic_cuda_describe");
  std::array<char, 256> name{};
  const int code = describe(device.index(), name.data(), static_cast<int>(name.size()));
  if (code != 0) throw input_error("CUDA error ", code);
  return name.data();
}

std::shared_ptr<training::Recorder> make_recorder(at::Device device) {
  if (device.is_cpu()) return nullptr;
  const auto make = from_module<training::Recorder*()>("limbic_cuda_recorder");
  return std::shared_ptr<training::Recorder>(make());
}

}  // namespace limbic::app
