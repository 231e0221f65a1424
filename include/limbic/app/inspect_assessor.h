#pragma once

#include "limbic/app/commands.h"

namespace limbic::app {

/// `inspect --assessor`: what an assessor reads on held-out episodes, and one of these tick by
/// tick.
///
/// Errors  limbic::Error (input) for an assessor, regime, tick or episode that is not there.
int inspect_assessor(const InspectOptions& options);

}  // namespace limbic::app
