# The device module, built wherever the CUDA 13 toolkit is. It links libtorch_cuda where that was unpacked (a machine with a GPU); elsewhere it
# is compiled and linked against the toolkit's runtime alone, so that it can't rot, and does not load.
find_package(CUDAToolkit 13 QUIET)
if(CUDAToolkit_FOUND)
  add_library(limbic_cuda SHARED src/training/cuda/graphs.cc src/training/cuda/module.cc)
  target_include_directories(limbic_cuda PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(limbic_cuda PRIVATE CUDA::cudart libtorch_cpu)
  if(EXISTS ${torch_lib}/libtorch_cuda.so)
    target_link_libraries(limbic_cuda PRIVATE -Wl,--no-as-needed ${torch_lib}/libtorch_cuda.so ${torch_lib}/libc10_cuda.so)
  endif()
elseif(LIMBIC_CUDA)
  message(FATAL_ERROR "the preset `cuda` wants the CUDA 13 toolkit (nvcc on PATH); none was found")
endif()
