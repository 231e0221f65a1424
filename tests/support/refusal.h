#pragma once

#include <functional>
#include <string>

#include "limbic/core/error.h"

namespace limbic::testing_support {

/// What a person is told who asks for this, without the path of a folder; "" if nothing is wrong.
inline std::string refusal(const std::string& folder, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    std::string said = error.what();
    for (size_t at = 0; (at = said.find(folder, at)) != std::string::npos;)
      said.erase(at, folder.size());
    return said;
  }
  return "";
}

}  // namespace limbic::testing_support
