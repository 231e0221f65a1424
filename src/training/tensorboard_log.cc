#include "limbic/training/tensorboard_log.h"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <unistd.h>

#include <bit>

namespace limbic::training {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

/// Fields of tensorflow.Event, Summary and Summary.Value, each with its wire type.
enum Tag : char {
  kWallTime = 0x09,     // Event 1, double
  kStep = 0x10,         // Event 2, varint
  kFileVersion = 0x1A,  // Event 3, string
  kSummary = 0x2A,      // Event 5, message
  kValue = 0x0A,        // Summary 1, message
  kName = 0x0A,         // Value 1, string
  kSimpleValue = 0x15,  // Value 2, float
};

template <class Number>
void put(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_varint(std::string& out, uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

void put_bytes(std::string& out, Tag tag, std::string_view bytes) {
  out += tag;
  put_varint(out, bytes.size());
  out += bytes;
}

/// The CRC-32C of some bytes, so altered that records can hold records.
uint32_t masked_crc(std::string_view bytes) {
  auto* const data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  const uint32_t crc = ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0U);
  return std::rotr(crc, 15) + 0xA282EAD8U;
}

std::string version_event(double seconds) {
  std::string event;
  event += kWallTime;
  put(event, seconds);
  put_bytes(event, kFileVersion, "brain.Event:2");
  return event;
}

}  // namespace

std::string event_record(std::string_view event) {
  std::string record;
  put(record, static_cast<uint64_t>(event.size()));
  put(record, masked_crc(record));
  record += event;
  put(record, masked_crc(event));
  return record;
}

std::string scalar_event(const MetricsRow& row, double seconds) {
  std::string summary;
  for (const auto& [name, number] : row.values) {
    std::string value;
    put_bytes(value, kName, name);
    value += kSimpleValue;
    put(value, static_cast<float>(number));
    put_bytes(summary, kValue, value);
  }
  std::string event;
  event += kWallTime;
  put(event, seconds);
  event += kStep;
  put_varint(event, static_cast<uint64_t>(row.step));
  put_bytes(event, kSummary, summary);
  return event;
}

void append_scalars(AppendFile& file, const MetricsRow& row, double seconds) {
  std::string records;
  if (file.size() == 0) records = event_record(version_event(seconds));
  file.append_bytes(records + event_record(scalar_event(row, seconds)));
}

bool ends_record(const std::string& path, uint64_t position) {
  const uint64_t around = event_record({}).size();
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  uint64_t at = 0, length = 0;
  while (at < position &&
         ::pread(fd, &length, sizeof length, static_cast<off_t>(at)) == ssize_t{sizeof length} &&
         length <= position - at)
    at += around + length;
  ::close(fd);
  return at == position;
}

}  // namespace limbic::training
