#pragma once

#include <string>
#include <vector>

#include "limbic/brain/steering/compiler.h"

namespace limbic::brain::steering {

/// A plan for people, one operation a line, then what each output is:
///
///   %0 = load(retina)
///   %1 = constant(1)
///   %2 = subtract(%1, %0)
///   dark.realised = %2
std::string listing(const Plan& plan, const std::vector<std::string>& output_names,
                    const Compilation& compilation);

}  // namespace limbic::brain::steering
