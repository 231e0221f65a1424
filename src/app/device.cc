#include "limbic/app/device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <cstdlib>

#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"

namespace limbic::app {
namespace {

constexpr const char* kModule = "liblimbic_cuda.so";

// Why no GPU can be used, or "".
std::string refusal() {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return "no NVIDIA driver (libcuda.so.1) on this machine";
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto count = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDeviceGetCount"));
  int devices = 0;
  if (init == nullptr || count == nullptr || init(0) != 0 || count(&devices) != 0 || devices == 0)
    return "the NVIDIA driver finds no GPU";
  void* const module = dlopen(kModule, RTLD_NOW | RTLD_GLOBAL);
  if (module == nullptr)
    return concat("the device module does not load (", dlerror(),
                  "); build with LIMBIC_PRESET=cuda, and let scripts/setup fetch LibTorch's CUDA "
                  "half on this machine");
  const auto describe =
      reinterpret_cast<int (*)(int, char*, int)>(dlsym(module, "limbic_cuda_describe"));
  char text[256];
  if (const int code = describe(0, text, sizeof text); code != 0)
    return concat("CUDA error ", code);
  if (!at::hasCUDA()) return "LibTorch's CUDA half is not there; run scripts/setup on this machine";
  log::info("computing on ", text);
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
                      did_you_mean(wanted, {"cpu", "cuda", "auto"}));
  const std::string why_not = refusal();
  if (why_not.empty()) {
    make_deterministic();
    return {at::kCUDA, 0};
  }
  if (wanted == "cuda") throw input_error("--device cuda: ", why_not);
  log::info("computing on the CPU: ", why_not);
  return at::kCPU;
}

std::shared_ptr<training::Recorder> make_recorder(at::Device device) {
  if (device.is_cpu()) return nullptr;
  void* const module = dlopen(kModule, RTLD_NOW | RTLD_NOLOAD);
  const auto make =
      module == nullptr
          ? nullptr
          : reinterpret_cast<training::Recorder* (*)()>(dlsym(module, "limbic_cuda_recorder"));
  if (make == nullptr) throw input_error("the device module is of another build of limbic");
  return std::shared_ptr<training::Recorder>(make());
}

}  // namespace limbic::app
