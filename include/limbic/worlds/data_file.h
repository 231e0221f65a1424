#pragma once

#include <string>

namespace limbic::worlds {

/// REQUIRES: `path` is what a world's `file` says.
/// Errors  input: nothing is there; with where a relative path begins, and how to say another.
void require_data_file(const std::string& path);

}  // namespace limbic::worlds
