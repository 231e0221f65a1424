# LibTorch as an imported target, out of an unpacked `torch` wheel or any other LibTorch folder.
# find_package(Torch) is not used: it demands a CUDA toolkit even where only the CPU library is linked.
set(LIMBIC_TORCH_DIR "$ENV{LIMBIC_TORCH_DIR}" CACHE PATH "LibTorch: a folder with include/ and lib/")
if(NOT LIMBIC_TORCH_DIR)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/setup OUTPUT_VARIABLE torch_dir
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(LIMBIC_TORCH_DIR ${torch_dir} CACHE PATH "LibTorch: a folder with include/ and lib/" FORCE)
endif()

find_package(Threads REQUIRED)
set(torch_lib ${LIMBIC_TORCH_DIR}/lib)
get_filename_component(torch_home ${LIMBIC_TORCH_DIR} DIRECTORY)
add_library(libtorch_cpu INTERFACE)
target_include_directories(libtorch_cpu SYSTEM INTERFACE
  ${LIMBIC_TORCH_DIR}/include ${LIMBIC_TORCH_DIR}/include/torch/csrc/api/include)
target_link_libraries(libtorch_cpu INTERFACE ${torch_lib}/libtorch_cpu.so ${torch_lib}/libc10.so Threads::Threads)
target_link_options(libtorch_cpu INTERFACE
  -Wl,--allow-shlib-undefined -Wl,--no-as-needed -Wl,-rpath,${torch_lib}:${torch_home}/cuda-lib -Wl,--disable-new-dtags)

# limbic_precompile(TARGET): the headers that cost most, parsed once and shared by all layers that hold tensors.
function(limbic_precompile target)
  if(NOT TARGET limbic_pch)
    file(WRITE ${PROJECT_BINARY_DIR}/pch.cc "")
    add_library(limbic_pch OBJECT ${PROJECT_BINARY_DIR}/pch.cc)
    target_link_libraries(limbic_pch PUBLIC libtorch_cpu)
    target_precompile_headers(limbic_pch PRIVATE <torch/torch.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM limbic_pch)
endfunction()
