#pragma once

#include <string>

#include "limbic/training/replicas.h"

namespace limbic::testing_support {

/// The hash of everything that a run has learned, circuit by circuit.
inline std::string learned(const training::Replicas& replicas) {
  std::string all;
  for (const training::Circuit& circuit : replicas.circuits())
    all += circuit.name() + ":" + std::to_string(circuit.hash()) + " ";
  return all;
}

}  // namespace limbic::testing_support
