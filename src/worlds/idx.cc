#include "limbic/worlds/idx.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstdio>

#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/text.h"

namespace limbic::worlds {
namespace {

constexpr size_t kMostPerByte = 1032;  // that deflate can make of one
constexpr size_t kMostCompressed = size_t{1} << 29;
constexpr int64_t kMostBytes = int64_t{1} << 30;

/// One gzip member, inflated piece by piece.
class Inflater {
 public:
  Inflater(const std::string& path, const std::string& compressed) : path_(path) {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;  // a header and a checksum are expected
    state_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(compressed.data()));
    state_.avail_in = static_cast<uint32_t>(compressed.size());
    most_ = kMostPerByte * compressed.size();
  }

  /// No more bytes than this can be in there.
  [[nodiscard]] size_t most() const { return most_; }

  /// The number of bytes that were left to give, at most `count`.
  size_t read(uint8_t* out, size_t count) {
    state_.next_out = out;
    state_.avail_out = static_cast<uint32_t>(count);
    while (state_.avail_out > 0 && !ended()) advance();
    return count - state_.avail_out;
  }

  /// Checks that nothing follows, neither inside the member nor after it.
  void finish() {
    uint8_t extra = 0;
    if (read(&extra, 1) > 0)
      throw input_error(path_, ": damaged idx file: it holds more than its header says");
    if (state_.avail_in > 0) {
      throw input_error(path_, ": damaged idx file: ", state_.avail_in,
                        " bytes follow the gzip data");
    }
  }

 private:
  [[nodiscard]] bool ended() const { return state_.block_state == ISAL_BLOCK_FINISH; }

  void advance() {
    const int status = isal_inflate(&state_);
    if (status != ISAL_DECOMP_OK) throw input_error(path_, ": damaged gzip file: ", word(status));
    if (!ended() && state_.avail_in == 0 && state_.avail_out > 0)
      throw input_error(path_, ": damaged gzip file: it is cut off");
  }

  static const char* word(int status) {
    switch (status) {
      case ISAL_INVALID_WRAPPER:
        return "incorrect header";
      case ISAL_UNSUPPORTED_METHOD:
        return "it is not compressed by deflate";
      case ISAL_INCORRECT_CHECKSUM:
        return "incorrect checksum";
      default:
        return "invalid block";
    }
  }

  const std::string& path_;
  size_t most_;
  inflate_state state_;
};

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

std::string hexadecimal(uint32_t number) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%08x", number);
  return text;
}

/// Piece by piece, so that a header that promises too much costs no memory.
std::vector<uint8_t> read_whole(Inflater& inflater, size_t count, const std::string& path) {
  constexpr size_t kPiece = size_t{4} << 20;
  std::vector<uint8_t> bytes;
  bytes.reserve(std::min(count, inflater.most()));
  while (bytes.size() < count) {
    const size_t before = bytes.size();
    bytes.resize(std::min(before + kPiece, count));
    const size_t got = before + inflater.read(bytes.data() + before, bytes.size() - before);
    if (got == bytes.size()) continue;
    throw input_error(path, ": damaged idx file: ", count, " bytes expected, got ", got);
  }
  return bytes;
}

std::vector<int64_t> read_shape(Inflater& inflater, int rank, const std::string& path) {
  const uint32_t expected = 0x0800 + static_cast<uint32_t>(rank);
  const auto header = read_whole(inflater, 4 + 4 * static_cast<size_t>(rank), path);
  if (big_endian(header.data()) != expected) {
    throw input_error(path, ": not an idx file of ", counted(rank, "dimension"), ": magic number ",
                      hexadecimal(expected), " expected, got ",
                      hexadecimal(big_endian(header.data())));
  }
  std::vector<int64_t> shape;
  for (int i = 0; i < rank; ++i) shape.push_back(big_endian(header.data() + 4 + 4 * i));
  return shape;
}

}  // namespace

Idx read_idx_gz(const std::string& path, int rank) {
  const std::string compressed = read_file(path, kMostCompressed);
  Inflater inflater(path, compressed);
  Idx idx{.shape = read_shape(inflater, rank, path), .bytes = {}};
  int64_t count = 1;
  for (const int64_t extent : idx.shape) {
    if (extent > kMostBytes / count) {
      throw input_error(path, ": damaged idx file: its header asks for more than 1 GiB");
    }
    count *= extent;
    if (count == 0) throw input_error(path, ": this idx file is empty");
  }
  idx.bytes = read_whole(inflater, static_cast<size_t>(count), path);
  inflater.finish();
  return idx;
}

}  // namespace limbic::worlds
