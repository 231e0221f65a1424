#pragma once

namespace limbic {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace limbic
