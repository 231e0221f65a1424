#pragma once

#include "limbic/app/run_config.h"

namespace limbic::app {

/// What exists, one line a part.
WorldRegistry worlds();
CortexRegistry cortices();
AmygdalaRegistry amygdalas();
LossRegistry losses();
EvalRegistry evals();

/// All of them, for the reader of a config.
config::Context parts();

}  // namespace limbic::app
