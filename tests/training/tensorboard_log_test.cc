#include "limbic/training/tensorboard_log.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"

namespace limbic::training {
namespace {

using namespace std::string_literals;
using testing_support::TemporaryDirectory;

// Made by Python's tensorboard 2.20: Event(wall_time=1.5, step=300, summary={"a": 0.5}).
const std::string kEvent =
    "\x09\x00\x00\x00\x00\x00\x00\xf8\x3f\x10\xac\x02\x2a\x0a\x0a\x08\x0a\x01"
    "a\x15\x00\x00\x00\x3f"s;

TEST(TensorBoardLogTest, EventIsTheProtocolBuffer) {
  EXPECT_EQ(scalar_event({300, {{"a", 0.5}}}, 1.5), kEvent);
}

TEST(TensorBoardLogTest, RecordCarriesMaskedChecksums) {
  // CRC-32C of "123456789" is e3069283; rotated by 15 and increased, 9072f74c... little endian.
  const std::string record = event_record("123456789");
  EXPECT_EQ(record.substr(0, 8), "\x09\0\0\0\0\0\0\0"s);
  EXPECT_EQ(record.substr(12, 9), "123456789");
  const uint32_t crc = 0xe3069283U;
  const uint32_t masked = (crc >> 15 | crc << 17) + 0xa282ead8U;
  EXPECT_EQ(record.substr(21), std::string(reinterpret_cast<const char*>(&masked), 4));
}

TEST(TensorBoardLogTest, AFileBeginsWithItsVersionOnce) {
  const TemporaryDirectory base;
  AppendFile file(base / "events.out.tfevents.limbic");
  append_scalars(file, {1, {{"a", 1}}}, 0);
  const auto size = file.size();
  append_scalars(file, {2, {{"a", 2}}}, 0);
  const std::string bytes = read_file(base / "events.out.tfevents.limbic");
  EXPECT_EQ(bytes.substr(12 + 9 + 2, 13), "brain.Event:2");
  EXPECT_EQ(file.size() - size, event_record(scalar_event({2, {{"a", 2}}}, 0)).size());
}

TEST(TensorBoardLogTest, RecordsEndWhereTheirLengthsSay) {
  const TemporaryDirectory base;
  const std::string path = base / "events";
  const std::string huge(24, '\xff');  // whose length is beyond all files
  AppendFile(path).append_bytes(event_record("one") + event_record("") + huge);
  std::vector<uint64_t> ends;
  for (uint64_t position = 0; position <= 19 + 16 + 24; ++position)
    if (ends_record(path, position)) ends.push_back(position);
  EXPECT_EQ(ends, (std::vector<uint64_t>{0, 19, 35}));
}

}  // namespace
}  // namespace limbic::training
