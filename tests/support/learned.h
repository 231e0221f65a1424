#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "limbic/training/replicas.h"

namespace limbic::testing_support {

/// The hash of what each circuit has learned, by its name.
using Learned = std::map<std::string, uint64_t>;

inline Learned learned(const training::Replicas& replicas) {
  Learned all;
  for (const training::Circuit& circuit : replicas.circuits()) all[circuit.name()] = circuit.hash();
  return all;
}

}  // namespace limbic::testing_support
