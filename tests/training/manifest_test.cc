#include "limbic/training/manifest.h"

#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/core/error.h"
#include "limbic/core/hash.h"

namespace limbic::training {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Manifest small() {
  Manifest manifest{.step = 7};
  manifest.add("state.json", "{}");
  return manifest;
}

/// A manifest with that body and a digest that fits it.
std::string sealed(const std::string& body) {
  return concat(body, ",\n \"sha256\": \"", sha256(body), "\"\n}\n");
}

TEST(ManifestTest, WritesThisText) {
  const std::string body =
      concat("{\n \"files\": {\n  \"state.json\": {\n   \"bytes\": 2,\n", "   \"xxh3_128\": \"",
             xxh3_128("{}"), "\"\n  }\n },\n \"format\": 1,\n \"step\": 7");
  EXPECT_EQ(small().text(), sealed(body));
}

TEST(ManifestTest, ReadsBackFilesAndTensors) {
  Manifest manifest = small();
  const std::vector<NamedTensor> tensors{{"w", at::zeros({2})}};
  manifest.add("cortex.safetensors", encode(tensors), tensors);
  const auto read = Manifest::parse(manifest.text(), "m");
  EXPECT_EQ(read.step, 7);
  EXPECT_EQ(read.files.at("state.json").bytes, 2);
  EXPECT_EQ(read.files.at("cortex.safetensors").tensors.at("w"), xxh3_128(std::string(8, '\0')));
}

TEST(ManifestTest, RefusesEveryFlippedBit) {
  const std::string text = small().text();
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_THAT([&] { Manifest::parse(flipped, "m"); },
                ThrowsMessage<Error>("m: its SHA-256 does not match"));
  }
}

TEST(ManifestTest, RefusesEveryTruncation) {
  const std::string text = small().text();
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT([&] { Manifest::parse(text.substr(0, size), "m"); },
                ThrowsMessage<Error>("m: its SHA-256 does not match"))
        << size;
  }
}

TEST(ManifestTest, AnotherFormatIsNoDamage) {
  try {
    Manifest::parse(sealed(R"({"files": {}, "step": 1, "format": 2)"), "m");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
    EXPECT_STREQ(error.what(), "m: checkpoint format 2; this limbic reads format 1");
  }
}

TEST(ManifestTest, RefusesNamesThatLeaveTheDirectory) {
  const std::string body =
      R"({"format": 1, "step": 1, "files": {"../x": {"bytes": 0, "xxh3_128": ""}})";
  EXPECT_THAT([&] { Manifest::parse(sealed(body), "m"); },
              ThrowsMessage<Error>("m: '../x' is not the name of a file"));
}

TEST(ManifestTest, RefusesAnotherShapeOfJson) {
  EXPECT_THAT([] { Manifest::parse(sealed(R"({"format": 1, "step": "one")"), "m"); },
              ThrowsMessage<Error>(HasSubstr("m: ")));
  EXPECT_THAT([] { Manifest::parse(sealed(R"({"step": 1)"), "m"); },
              ThrowsMessage<Error>(HasSubstr("key 'format' not found")));
}

TEST(PlainNameTest, HasNoSlashNoSpaceAndNoLeadingDot) {
  for (const char* name : {"a", "A-b_c.9", "x.safetensors"}) EXPECT_TRUE(is_plain_name(name));
  for (const char* name : {"", ".", "..", ".a", "a/b", "/a", "a b", "a\n", "\xc3\xa9"}) {
    EXPECT_FALSE(is_plain_name(name)) << name;
  }
}

TEST(CheckFileTest, NamesTheTensorThatChanged) {
  const std::vector<NamedTensor> tensors{{"u", at::zeros({2})}, {"w", at::zeros({2})}};
  std::string bytes = encode(tensors);
  Manifest manifest;
  manifest.add("f", bytes, tensors);
  bytes.back() = 1;
  EXPECT_THAT([&] { check_file(manifest.files.at("f"), bytes, "f"); },
              ThrowsMessage<Error>("f: tensor 'w': its values are not those that were saved"));
}

TEST(CheckFileTest, NamesTheTensorThatIsMissingOrNew) {
  const std::vector<NamedTensor> one{{"u", at::zeros({2})}};
  const std::vector<NamedTensor> two{{"u", at::zeros({2})}, {"w", at::zeros({2})}};
  Manifest manifest;
  manifest.add("one", encode(one), one);
  manifest.add("two", encode(two), two);
  EXPECT_THAT([&] { check_file(manifest.files.at("two"), encode(one), "f"); },
              ThrowsMessage<Error>("f: tensor 'w' is missing"));
  EXPECT_THAT([&] { check_file(manifest.files.at("one"), encode(two), "f"); },
              ThrowsMessage<Error>("f: tensor 'w' is not in the manifest"));
}

TEST(CheckFileTest, NamesAFileOfAnotherSize) {
  EXPECT_THAT([] { check_file(small().files.at("state.json"), "{}\n", "f"); },
              ThrowsMessage<Error>("f: 3 bytes, saved as 2"));
}

}  // namespace
}  // namespace limbic::training
