#pragma once

#include "limbic/config/reader.h"

namespace limbic::curriculum {

/// Writes every stage of a list out in full: `inherit` and `drop` are carried out and taken away.
///
///   stage = own keys laid over the inherited stage, whose losses in `drop` are left out first
///   maps merge key by key; everything else is replaced, and so is what is one thing (merge.h)
///
/// Errors  noted: an unknown or circular `inherit`, a `drop` of nothing, two stages of one name, a
///         stage that lacks `stage`, `train` or `until` after all this.
config::Node with_inheritance(const config::Node& stages, config::Reader& reader);

}  // namespace limbic::curriculum
