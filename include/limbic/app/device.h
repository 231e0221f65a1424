#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "limbic/training/recorder.h"

namespace limbic::app {

/// "cpu", "cuda" or "auto" (a GPU if one answers). Says in one line why a GPU that was not refused
/// is not used.
///
/// Errors  limbic::Error (input) for another word, and for "cuda" where no GPU can be used.
at::Device choose_device(const std::string& wanted);

/// "cpu", or a GPU's model and memory: what a resume is compared by.
std::string device_name(at::Device device);

/// What records a device's work, from the device module; null for the CPU.
std::shared_ptr<training::Recorder> make_recorder(at::Device device);

}  // namespace limbic::app
