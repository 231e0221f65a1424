# Debian's packages, each behind the name of the layer that may use it.
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_library(LIMBIC_XXHASH xxhash REQUIRED)
find_library(LIMBIC_ISAL isal REQUIRED)

add_library(core_packages INTERFACE)
target_link_libraries(core_packages INTERFACE spdlog::spdlog OpenSSL::Crypto ${LIMBIC_XXHASH}
                      nlohmann_json::nlohmann_json)
add_library(json_package INTERFACE)
target_link_libraries(json_package INTERFACE nlohmann_json::nlohmann_json)
add_library(config_packages INTERFACE)
target_link_libraries(config_packages INTERFACE yaml-cpp json_package)
add_library(worlds_packages INTERFACE)
target_link_libraries(worlds_packages INTERFACE ${LIMBIC_ISAL})
target_include_directories(worlds_packages SYSTEM INTERFACE /usr/include/stb)
add_library(training_packages INTERFACE)
target_link_libraries(training_packages INTERFACE ${LIMBIC_ISAL})
add_library(app_packages INTERFACE)
target_link_libraries(app_packages INTERFACE json_package)

# LibTorch's wheel brings a newer fmt, which would shadow the one that spdlog was built with.
find_path(LIMBIC_FMT_INCLUDE fmt/core.h REQUIRED)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/fmt_of_spdlog)
file(CREATE_LINK ${LIMBIC_FMT_INCLUDE}/fmt ${PROJECT_BINARY_DIR}/fmt_of_spdlog/fmt SYMBOLIC)
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/core/log.cc PROPERTIES
  INCLUDE_DIRECTORIES ${PROJECT_BINARY_DIR}/fmt_of_spdlog)
