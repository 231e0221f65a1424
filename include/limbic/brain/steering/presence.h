#pragma once

#include "limbic/brain/steering/code.h"

namespace limbic::brain::steering {

/// The claim that a value is what it says, whatever else is not there; `always` where it reads
/// nothing of the world.
///
///   load(x)          present(x)
///   a and b, a or b  both are known, or one of them is and settles it
///   where(c, a, b)   c is known, and what it picks
///   delay(x, n)      x was known then
///   ema(x)           x was known at some tick up to now
///   return(x)        x is known now; later ticks that are not there count as 0
///   else             all inputs are known
///
/// So `present(x) and x > 1` and `where(present(x), x, 0)` are always known. A claim for each cell
/// settles nothing and picks nothing: all cells that it reads must be there. One that is the same
/// for all cells of a tick does, as in `max(present(x) and cells > 0)`.
Value all_present(const Value& value, Code& code);

}  // namespace limbic::brain::steering
