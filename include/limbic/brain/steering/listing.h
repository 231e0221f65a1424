#pragma once

#include <string>
#include <vector>

#include "limbic/brain/steering/compiler.h"

namespace limbic::brain::steering {

/// A plan for people, one operation a line (constants stand where they are used), then what each
/// output is:
///
///   %0 = load(touch)
///   %1 = present_or_zero(%0)
///   ache.truth = %1
std::string listing(const Plan& plan, const std::vector<std::string>& output_names,
                    const Compilation& compilation);

}  // namespace limbic::brain::steering
