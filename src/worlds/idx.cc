#include "limbic/worlds/idx.h"

#include <zlib.h>

#include <algorithm>
#include <cstdio>

#include "limbic/core/error.h"
#include "limbic/core/file.h"

namespace limbic::worlds {
namespace {

constexpr size_t kMostPerByte = 1032;  // that deflate can make of one
constexpr size_t kMostCompressed = size_t{1} << 29;
constexpr int64_t kMostBytes = int64_t{1} << 30;

/// One gzip member, inflated piece by piece.
class Inflater {
 public:
  Inflater(const std::string& path, const std::string& compressed) : path_(path) {
    // 16: a gzip header and its checksum are expected.
    if (inflateInit2(&stream_, MAX_WBITS + 16) != Z_OK)
      throw failed(path_, ": zlib is out of memory");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
    stream_.avail_in = static_cast<uInt>(compressed.size());
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// No more bytes than this can be in there.
  [[nodiscard]] size_t most() const { return kMostPerByte * stream_.avail_in; }

  /// The number of bytes that were left to give, at most `count`.
  size_t read(uint8_t* out, size_t count) {
    stream_.next_out = out;
    stream_.avail_out = static_cast<uInt>(count);
    while (stream_.avail_out > 0 && !ended_) advance();
    return count - stream_.avail_out;
  }

  /// Checks that nothing follows, neither inside the member nor after it.
  void finish() {
    uint8_t extra = 0;
    stream_.next_out = &extra;
    stream_.avail_out = 1;
    while (!ended_ && stream_.avail_out == 1) advance();
    if (stream_.avail_out == 0) {
      throw input_error(path_, ": damaged idx file: it holds more than its header says");
    }
    if (stream_.avail_in > 0) {
      throw input_error(path_, ": damaged idx file: ", stream_.avail_in,
                        " bytes follow the gzip data");
    }
  }

 private:
  void advance() {
    const int status = inflate(&stream_, Z_NO_FLUSH);
    ended_ = status == Z_STREAM_END;
    if (ended_ || status == Z_OK) return;
    if (status == Z_BUF_ERROR) throw input_error(path_, ": damaged gzip file: it is cut off");
    throw input_error(path_, ": damaged gzip file: ",
                      stream_.msg == nullptr ? "zlib cannot read it" : stream_.msg);
  }

  const std::string& path_;
  z_stream stream_{};
  bool ended_ = false;
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
    throw input_error(path, ": not an idx file of ", rank, " dimension", rank == 1 ? "" : "s",
                      ": magic number ", hexadecimal(expected), " expected, got ",
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
