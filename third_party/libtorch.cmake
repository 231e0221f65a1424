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

# limbic_precompile(TARGET PCH HEADERS...): headers parsed once, into PCH, and shared by all targets that name it. Flags must be alike.
function(limbic_precompile target pch)
  if(NOT TARGET ${pch})
    file(WRITE ${PROJECT_BINARY_DIR}/${pch}.cc "")
    add_library(${pch} OBJECT ${PROJECT_BINARY_DIR}/${pch}.cc)
    target_link_libraries(${pch} PUBLIC libtorch_cpu)
    target_compile_options(${pch} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_OPTIONS>)
    target_precompile_headers(${pch} PRIVATE ${ARGN})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${pch})
endfunction()
