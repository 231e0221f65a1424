#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "limbic/core/error.h"

namespace limbic::testing_support {

/// What a person is told who asks for this, with that exit code; "" if nothing is wrong.
inline std::string refusal(const std::function<void()>& act, ExitCode code = ExitCode::kInput) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "";
}

/// The same without the path of a folder.
inline std::string refusal(const std::string& folder, const std::function<void()>& act) {
  std::string said = refusal(act);
  for (size_t at = 0; (at = said.find(folder, at)) != std::string::npos;)
    said.erase(at, folder.size());
  return said;
}

}  // namespace limbic::testing_support
