#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "limbic/core/file.h"
#include "limbic/training/metrics_log.h"

namespace limbic::training {

/// Adds scalars for TensorBoard to an event file: one record a call.
///
///   length (8 bytes) | masked CRC-32C of it (4) | Event (protocol buffer) | masked CRC-32C of that
///
/// Like every log it is cut back to where it stood when a run goes on, so a curve never doubles.
/// Units   seconds: wall time since 1970, which TensorBoard shows beside the step.
/// Errors  as AppendFile.
/// Source  tensorflow/core/util/event.proto and lib/io/record_writer.h of TensorFlow.
void append_scalars(AppendFile& file, const MetricsRow& row, double seconds);

/// Whether a record ends there, by the lengths of all before it. REQUIRES: the file is so long.
[[nodiscard]] bool ends_record(const std::string& path, uint64_t position);

/// One record around an encoded Event.
[[nodiscard]] std::string event_record(std::string_view event);
/// One Event of scalars.
[[nodiscard]] std::string scalar_event(const MetricsRow& row, double seconds);

}  // namespace limbic::training
