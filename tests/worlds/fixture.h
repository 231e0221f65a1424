#pragma once

#include <isa-l/igzip_lib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"

namespace limbic::worlds {

using testing_support::TemporaryDirectory;

inline std::string gzipped(const std::string& bytes) {
  std::string out(2 * bytes.size() + 512, '\0');
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uint32_t>(bytes.size());
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = static_cast<uint32_t>(out.size());
  isal_deflate_stateless(&stream);
  out.resize(stream.total_out);
  return out;
}

/// An idx file of unsigned bytes, before compression.
inline std::string idx_bytes(const std::vector<uint32_t>& shape, const std::string& content) {
  std::string bytes{0, 0, 8, static_cast<char>(shape.size())};
  for (const uint32_t extent : shape) {
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(extent >> shift);
  }
  return bytes + content;
}

/// `count` pictures of 28x28 and their labels: picture i is of class i % 10 and all its pixels are
/// (i * 7) % 256, but for the first pixel of its second row, which is 200.
inline void write_pictures(const TemporaryDirectory& folder, const std::string& part, int count) {
  std::string pixels, labels;
  for (int i = 0; i < count; ++i) {
    std::string picture(784, static_cast<char>(i * 7));
    picture[28] = static_cast<char>(200);
    pixels += picture;
    labels += static_cast<char>(i % 10);
  }
  const auto size = static_cast<uint32_t>(count);
  (void)folder.write(part + "-images-idx3-ubyte.gz", gzipped(idx_bytes({size, 28, 28}, pixels)));
  (void)folder.write(part + "-labels-idx1-ubyte.gz", gzipped(idx_bytes({size}, labels)));
}

}  // namespace limbic::worlds
