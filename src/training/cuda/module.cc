// The device module: loaded at start when a GPU is to be used, so that the CPU build needs neither
// NVIDIA's libraries nor LibTorch's CUDA half. Loading it loads libtorch_cuda, whose static
// initialisers register every CUDA kernel with the dispatcher that libtorch_cpu holds.
#include <cuda_runtime_api.h>

#include <cstdio>

extern "C" {

/// Name and memory of device `index` into `text`; 0 if it answers, else CUDA's error code.
int limbic_cuda_describe(int index, char* text, int size) {
  cudaDeviceProp properties;
  const cudaError_t error = cudaGetDeviceProperties(&properties, index);
  if (error != cudaSuccess) return static_cast<int>(error);
  std::snprintf(text, static_cast<size_t>(size), "%s, %zu MiB", properties.name,
                properties.totalGlobalMem >> 20);
  return 0;
}

}  // extern "C"
