#pragma once

#include "limbic/app/commands.h"
#include "limbic/app/imputer.h"
#include "limbic/app/trained.h"

namespace limbic::app {

/// `limbic infer --rows`: completes each row of a CSV file and writes CSV again.
void infer_rows(const InferOptions& options, const Trained& trained, at::Device device);

/// Writes the corner plot of what one row asks.
void write_corner(const InferOptions& options, const worlds::Schema& schema, const Imputer& imputer,
                  const worlds::Episodes& row, const worlds::Roles& roles);

}  // namespace limbic::app
