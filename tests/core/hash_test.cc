#include "limbic/core/hash.h"

#include <gtest/gtest.h>

namespace limbic {
namespace {

// From `sha256sum` and `xxhsum -H2` of the same bytes.
TEST(HashTest, AgreesWithTheCommandLineTools) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(xxh3_128(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(xxh3_128("abc"), "06b05ab6733a618578af5f94892f3950");
  EXPECT_EQ(xxh3_64(""), 0x2d06800538d394c2U);
}

TEST(HashTest, PiecesHashAsTheWholeDoes) {
  EXPECT_EQ(Xxh3Hasher().digits(), xxh3_128(""));
  std::string whole;
  Xxh3Hasher hasher;
  for (const size_t size : {0, 3, 200, 7, 5000, 1}) {  // below, across and above xxh3's own blocks
    const std::string piece(size, static_cast<char>('a' + size % 26));
    hasher.add(piece);
    whole += piece;
    EXPECT_EQ(hasher.digits(), xxh3_128(whole)) << whole.size();
  }
}

TEST(HashTest, SeesEveryByte) {
  EXPECT_NE(xxh3_128(std::string_view("a\0b", 3)), xxh3_128(std::string_view("a\0c", 3)));
  EXPECT_NE(sha256(std::string_view("a\0b", 3)), sha256(std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace limbic
