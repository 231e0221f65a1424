#include "limbic/worlds/image.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"
#include "limbic/core/error.h"

namespace limbic::worlds {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Variable small_picture() {
  return {.name = "picture",
          .kind = Kind::kVector,
          .size = 2,
          .num_cells = 4,
          .tiling = {.rows = 2, .columns = 2, .height = 1, .width = 2}};
}

TEST(ImageTest, APngComesBackAsItWas) {
  const TemporaryDirectory folder;
  const at::Tensor image_HW = at::arange(12, at::kFloat).view({3, 4}).mul(20).div(255);
  EXPECT_TRUE(at::allclose(read_png(folder.write("a.png", encode_png(image_HW))), image_HW));
}

TEST(ImageTest, WritingCutsOffWhatIsTooDarkOrTooBright) {
  const TemporaryDirectory folder;
  const std::string png = encode_png(at::tensor({-1.F, 0.5F, 7.F}).view({1, 3}));
  const at::Tensor back = read_png(folder.write("a.png", png)).flatten();
  EXPECT_TRUE(at::allclose(back, at::tensor({0.F, 128 / 255.F, 1.F})));
}

TEST(ImageTest, RefusesWhatIsNoPng) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("a.png", "not a picture");
  EXPECT_THAT([&] { read_png(path); }, ThrowsMessage<Error>(HasSubstr(path + ": not a PNG (")));
  EXPECT_THAT([&] { read_png(folder / "b.png"); }, ThrowsMessage<Error>(HasSubstr("b.png")));
}

TEST(ImageTest, CellsAreReadPatchByPatch) {
  const at::Tensor image_HW = at::arange(8, at::kFloat).view({2, 4});
  const at::Tensor cells = cells_from_image(small_picture(), image_HW, "a.png");
  EXPECT_TRUE(cells.equal(at::tensor({0.F, 1.F, 2.F, 3.F, 4.F, 5.F, 6.F, 7.F}).view({4, 2})));
  Variable tall = small_picture();
  tall.tiling = {.rows = 1, .columns = 4, .height = 2, .width = 1};
  const at::Tensor columns = cells_from_image(tall, image_HW, "a.png");
  EXPECT_TRUE(columns[1].equal(at::tensor({1.F, 5.F})));
  EXPECT_TRUE(image_from_cells(tall, columns).equal(image_HW));
}

TEST(ImageTest, RefusesAnotherSize) {
  const Variable picture{.name = "picture",
                         .kind = Kind::kVector,
                         .size = 49,
                         .num_cells = 16,
                         .tiling = {4, 4, 7, 7}};
  EXPECT_THAT(
      [&] {
        cells_from_image(picture, at::zeros({32, 32}), "FILE.png");
      },
      ThrowsMessage<Error>("FILE.png: expected a 28x28 picture, got 32x32"));
}

TEST(ImageTest, RefusesAVariableThatIsNoPicture) {
  EXPECT_THAT(
      [] {
        image_from_cells({.name = "age"}, at::zeros({1, 1}));
      },
      ThrowsMessage<Error>("'age' is no picture"));
}

TEST(ImageTest, AContactSheetHasMarginsAndEnlarges) {
  const at::Tensor dark = at::zeros({1, 2});
  const at::Tensor sheet_HW = contact_sheet({dark, dark, dark}, 2, 3);
  EXPECT_EQ(sheet_HW.sizes(), at::IntArrayRef({2 * 6 + 3, 2 * 9 + 3}));
  EXPECT_EQ(sheet_HW.eq(0).sum().item<int64_t>(), 3 * 2 * 9);
  EXPECT_EQ(sheet_HW[3][3].item<float>(), 0.F);
  EXPECT_EQ(sheet_HW[2][3].item<float>(), 1.F);
  EXPECT_EQ(sheet_HW[9][12].item<float>(), 1.F);  // the fourth place is empty
}

}  // namespace
}  // namespace limbic::worlds
