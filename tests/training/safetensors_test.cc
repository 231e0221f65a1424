#include "limbic/training/safetensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "../support/refusal.h"
#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + header + data;
}

std::string refusal(const std::string& bytes) {
  return testing_support::refusal([&] { (void)decode(bytes, "x"); }, ExitCode::kDamaged);
}

at::TensorOptions of(at::ScalarType type) { return at::TensorOptions().dtype(type); }

TEST(SafetensorsTest, WritesThisFile) {
  const std::string bytes =
      encode({{"b", at::full({2}, 1, of(at::kByte))}, {"a", at::full({1, 1}, 1, of(at::kFloat))}});
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1,1]},)"
      R"("b":{"data_offsets":[4,6],"dtype":"U8","shape":[2]}})";
  const std::string padding(184 - header.size(), ' ');
  EXPECT_EQ(bytes, file_of(header + padding, std::string("\0\0\x80\x3f\1\1", 6)));
}

TEST(SafetensorsTest, WritesMetadataBesideTheFormat) {
  const std::string bytes = encode({{"a", at::zeros({1})}}, {{"world", "{\"x\": 1}\n"}});
  EXPECT_THAT(bytes, HasSubstr(R"({"__metadata__":{"format":"pt","world":"{\"x\": 1}\n"},"a":)"));
  EXPECT_EQ(decode(bytes, "x").size(), 1);
}

TEST(SafetensorsTest, ReadsBackEveryType) {
  std::vector<NamedTensor> tensors;
  for (const auto type : {at::kBool, at::kByte, at::kHalf, at::kBFloat16, at::kInt, at::kFloat,
                          at::kLong, at::kDouble}) {
    tensors.push_back({concat("t", tensors.size()), at::arange(3).remainder(2).to(type)});
  }
  const auto read = decode(encode(tensors), "x");
  ASSERT_EQ(read.size(), tensors.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].name, tensors[i].name);
    EXPECT_EQ(read[i].value.dtype(), tensors[i].value.dtype());
    EXPECT_TRUE(at::equal(read[i].value, tensors[i].value)) << read[i].name;
  }
}

TEST(SafetensorsTest, ReadsBackScalarsEmptyTensorsAndViews) {
  const auto grid = at::arange(6).view({2, 3});
  const auto read = decode(
      encode({{"empty", at::empty({0, 7})}, {"scalar", grid[1][2]}, {"view", grid.t()}}), "x");
  EXPECT_EQ(read[0].value.sizes(), (std::vector<int64_t>{0, 7}));
  EXPECT_EQ(read[1].value.item<int64_t>(), 5);
  EXPECT_TRUE(at::equal(read[2].value, grid.t()));
}

TEST(SafetensorsTest, ReadsBackNoTensorsAtAll) { EXPECT_TRUE(decode(encode({}), "x").empty()); }

TEST(SafetensorsTest, IsSortedByNameWhateverTheOrderGiven) {
  const NamedTensor a{"a", at::zeros({3}, of(at::kByte))};
  const NamedTensor b{"b", at::zeros({3})};
  EXPECT_EQ(encode({a, b}), encode({b, a}));
  EXPECT_EQ(decode(encode({b, a}), "x")[0].name, "a");
}

TEST(SafetensorsTest, StartsEachTensorAtAMultipleOfItsElement) {
  const std::string bytes = encode({{"a", at::zeros({3}, of(at::kByte))},
                                    {"b", at::zeros({1}, of(at::kLong))},
                                    {"c", at::zeros({1})}});
  EXPECT_THAT(bytes, HasSubstr(R"("b":{"data_offsets":[0,8])"));
  EXPECT_THAT(bytes, HasSubstr(R"("c":{"data_offsets":[8,12])"));
  EXPECT_THAT(bytes, HasSubstr(R"("a":{"data_offsets":[12,15])"));
  EXPECT_EQ((bytes.size() - 15) % 64, 0);
}

TEST(SafetensorsTest, WritesNoNameTwice) {
  EXPECT_THAT(
      [] {
        (void)encode({{"a", at::zeros({1})}, {"a", at::zeros({1})}});
      },
      ThrowsMessage<c10::Error>(HasSubstr("two tensors are called 'a'")));
}

TEST(SafetensorsTest, WritesNoComplexNumbers) {
  EXPECT_THAT(
      [] {
        (void)encode({{"a", at::zeros({1}, of(at::kComplexFloat))}});
      },
      ThrowsMessage<c10::Error>(HasSubstr("safetensors here hold no ComplexFloat")));
}

struct Hostile {
  std::string what;
  std::string header;
  size_t data;
  std::string message;
};

class HostileSafetensorsTest : public testing::TestWithParam<Hostile> {};

TEST_P(HostileSafetensorsTest, IsRefused) {
  const auto& [what, header, data, message] = GetParam();
  EXPECT_EQ(refusal(file_of(header, std::string(data, '\2'))), message);
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return concat("\"", name, "\":{\"dtype\":\"", dtype, "\",\"shape\":", shape,
                ",\"data_offsets\":", offsets, "}");
}
std::string header_with(const std::string& first, const std::string& second = {}) {
  return concat("{", first, second.empty() ? "" : ",", second, "}");
}
std::string deep(size_t depth) { return R"({"a":{"shape":)" + std::string(depth, '['); }

INSTANTIATE_TEST_SUITE_P(
    Files, HostileSafetensorsTest,
    testing::Values(
        Hostile{"Hole",
                header_with(entry("a", "U8", "[1]", "[0,1]"), entry("b", "U8", "[1]", "[2,3]")), 3,
                "x: tensor 'b': starts at byte 2 of the data where 1 was expected"},
        Hostile{"Overlap",
                header_with(entry("a", "U8", "[2]", "[0,2]"), entry("b", "U8", "[2]", "[1,3]")), 3,
                "x: tensor 'b': starts at byte 1 of the data where 2 was expected"},
        Hostile{"LateStart", header_with(entry("a", "U8", "[1]", "[1,2]")), 2,
                "x: tensor 'a': starts at byte 1 of the data where 0 was expected"},
        Hostile{"BytesLeftOver", header_with(entry("a", "U8", "[1]", "[0,1]")), 2,
                "x: 1 bytes of data belong to no tensor"},
        Hostile{"DataWithoutTensors", "{}", 1, "x: 1 bytes of data belong to no tensor"},
        Hostile{"OutOfRange", header_with(entry("a", "U8", "[9]", "[0,9]")), 8,
                "x: tensor 'a': ends at byte 9 of the data, which has 8"},
        Hostile{"Backwards", header_with(entry("a", "U8", "[0]", "[1,0]")), 1,
                "x: tensor 'a': offsets [1, 0), but its shape takes 0 bytes"},
        Hostile{"WrongLength", header_with(entry("a", "F32", "[2]", "[0,4]")), 4,
                "x: tensor 'a': offsets [0, 4), but its shape takes 8 bytes"},
        Hostile{"ShapeOverflows",
                header_with(entry("a", "F32", "[4611686018427387904,4]", "[0,0]")), 0,
                "x: tensor 'a': its shape overflows"},
        Hostile{"EmptyShapeWhoseStridesOverflow",
                header_with(entry("a", "U8", "[0,4611686018427387904,4]", "[0,0]")), 0,
                "x: tensor 'a': its shape overflows"},
        Hostile{"NegativeSize", header_with(entry("a", "U8", "[-1]", "[0,1]")), 1,
                "x: tensor 'a': a value out of place"},
        Hostile{"FractionalSize", header_with(entry("a", "U8", "[1.0]", "[0,1]")), 1,
                "x: tensor 'a': a value out of place"},
        Hostile{"SizeBeyondInt64", header_with(entry("a", "U8", "[9223372036854775808]", "[0,1]")),
                1, "x: tensor 'a': a value out of place"},
        Hostile{"ThreeOffsets", header_with(entry("a", "U8", "[1]", "[0,1,1]")), 1,
                "x: tensor 'a': data_offsets wants two numbers"},
        Hostile{"RankOf65",
                header_with(entry(
                    "a", "U8",
                    "[1" +
                        [] {
                          std::string ones;
                          for (int i = 0; i < 64; ++i) ones += ",1";
                          return ones;
                        }() +
                        "]",
                    "[0,1]")),
                1, "x: tensor 'a': 'shape' is longer than 64"},
        Hostile{"UnknownType", header_with(entry("a", "F8_E4M3", "[1]", "[0,1]")), 1,
                "x: tensor 'a': unknown dtype 'F8_E4M3'"},
        Hostile{"TypeThatIsANumber", R"({"a":{"dtype":5}})", 0,
                "x: tensor 'a': a value out of place"},
        Hostile{"MissingShape", R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1,
                "x: tensor 'a': wants dtype, shape, data_offsets"},
        Hostile{"UnknownKey", R"({"a":{"code":"U8"}})", 0, "x: tensor 'a': unknown key 'code'"},
        Hostile{"RepeatedKey", R"({"a":{"dtype":"U8","dtype":"U8"}})", 0,
                "x: tensor 'a': 'dtype' is given twice"},
        Hostile{"RepeatedName",
                header_with(entry("a", "U8", "[1]", "[0,1]"), entry("a", "U8", "[1]", "[1,2]")), 2,
                "x: tensor 'a' is given twice"},
        Hostile{"RepeatedMetadata", R"({"__metadata__":{},"__metadata__":{}})", 0,
                "x: __metadata__: is given twice"},
        Hostile{"MetadataThatNests", R"({"__metadata__":{"a":{}}})", 0,
                "x: __metadata__: a value out of place"},
        Hostile{"MetadataThatCounts", R"({"__metadata__":{"a":1}})", 0,
                "x: __metadata__: a value out of place"},
        Hostile{"ListInsteadOfEntry", R"({"a":[1]})", 0, "x: tensor 'a': a value out of place"},
        Hostile{"TruthValueOfTwo", header_with(entry("a", "BOOL", "[1]", "[0,1]")), 1,
                "x: tensor 'a': a truth value other than 0 and 1"},
        Hostile{"DeepNesting", deep(1'000'000), 0, "x: tensor 'a': a value out of place"},
        Hostile{"NotAnObject", "[]", 0, "x: its header is not JSON"},
        Hostile{"LeadingSpace", " {}", 0, "x: its header is not JSON"},
        Hostile{"HiddenTail", std::string("{}\0{}", 5), 0, "x: its header is not JSON"},
        Hostile{"TwoObjects", "{}{}", 0, "x: its header is not JSON (byte 3)"},
        Hostile{"BrokenUtf8", "{\"\xff\":{}}", 0, "x: its header is not JSON (byte 3)"},
        Hostile{"EmptyHeader", "", 0, "x: its header is not JSON"}),
    [](const auto& info) { return info.param.what; });

TEST(SafetensorsTest, RefusesLengthsThatDoNotFit) {
  EXPECT_EQ(refusal("1234567"), "x: too short to be a safetensors file");
  EXPECT_EQ(refusal(std::string("\7\0\0\0\0\0\0\0{}", 10)), "x: header of 7 bytes in a file of 10");
  EXPECT_EQ(refusal(std::string(8, '\xff') + "{}"),
            "x: header of 18446744073709551615 bytes, over 100 MB");
}

TEST(SafetensorsTest, RefusesEveryTruncation) {
  const std::string bytes = encode({{"a", at::zeros({3})}, {"b", at::zeros({2}, of(at::kByte))}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(refusal(bytes.substr(0, size)), testing::StartsWith("x: ")) << size;
  }
}

TEST(SafetensorsTest, SurvivesEveryFlippedBitOfAHeader) {
  const std::string bytes = encode({{"a", at::zeros({3})}, {"b", at::zeros({2}, of(at::kByte))}});
  for (size_t bit = 0; bit < 8 * (bytes.size() - 14); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    (void)refusal(flipped);
  }
}

}  // namespace
}  // namespace limbic::training
