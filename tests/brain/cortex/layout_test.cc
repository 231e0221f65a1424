#include "limbic/brain/cortex/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy.h"

namespace limbic::brain {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

std::vector<int64_t> list(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kLong).contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

// Sites 0 .. 4 are x, c[0], c[1], v[0], v[1]; the cells of eye and label are no sites.
class LayoutTest : public testing::Test {
 protected:
  Layout layout(const std::vector<std::string>& rows, const std::vector<int64_t>& rank = {}) {
    const worlds::Roles given = toy::roles(schema_, rows);
    const at::Tensor order = rank.empty() ? at::Tensor() : toy::rank(given, rank);
    return make_layout(schema_, worlds::cortical_sites(schema_), given, order);
  }

  worlds::Schema schema_ = toy::schema();
};

TEST_F(LayoutTest, TwoRowsInAnOrderAreThoseByHand) {
  // Hidden sites in order: 3, 1 in the first row; 3, 1, 0 in the second, which sees one cell of
  // three.
  const Layout made = layout({"o ho he ..", "h h. ho oh"}, {40, 30, 0, 20, 10, 0, 0});
  const Layout& l = made;
  EXPECT_EQ(l.num_rows, 2);
  EXPECT_EQ(l.num_observed, 3);
  EXPECT_EQ(l.num_realised, 2);
  EXPECT_EQ(l.num_queries, 4);
  EXPECT_EQ(l.num_keys(), 6);
  EXPECT_THAT(list(l.key_site), ElementsAre(0, 2, 4, 3, 1, /**/ 9, 5, 5, 8, 6));
  EXPECT_THAT(list(l.key_padding), ElementsAre(0, 0, 0, 0, 0, 0, /**/ 0, 0, 1, 1, 0, 0));
  EXPECT_THAT(list(l.key_prefix), ElementsAre(4, 4, 4, 4, 5, 6));
  EXPECT_THAT(list(l.query_site), ElementsAre(3, 1, 0, 4, /**/ 3, 1, 0, 0));
  EXPECT_THAT(list(l.query_echo), ElementsAre(0, 0, 0, 1, /**/ 0, 0, 0, 0));
  EXPECT_THAT(list(l.query_prefix), ElementsAre(4, 5, 6, 4));
}

TEST_F(LayoutTest, AskedCellsKnowTheirQueryTheirValueAndTheirPlace) {
  const Layout l = layout({"o ho he ..", "h h. ho oh"}, {40, 30, 0, 20, 10, 0, 0});
  ASSERT_EQ(l.asked.size(), 5);
  EXPECT_THAT(list(l.asked[toy::kX].query), ElementsAre(6));
  EXPECT_THAT(list(l.asked[toy::kX].value), ElementsAre(1));
  EXPECT_THAT(list(l.asked[toy::kX].cell), ElementsAre(7));
  EXPECT_THAT(list(l.asked[toy::kC].query), ElementsAre(1, 5));
  EXPECT_THAT(list(l.asked[toy::kC].value), ElementsAre(0, 2));
  EXPECT_THAT(list(l.asked[toy::kC].cell), ElementsAre(1, 8));
  EXPECT_THAT(list(l.asked[toy::kV].query), ElementsAre(0, 3, 4));
  EXPECT_THAT(list(l.asked[toy::kV].value), ElementsAre(0, 1, 2));
  EXPECT_THAT(list(l.asked[toy::kV].cell), ElementsAre(3, 4, 10));
  for (const int64_t i : {toy::kEye, toy::kLabel}) EXPECT_THAT(list(l.asked[i].query), IsEmpty());
}

TEST_F(LayoutTest, WithoutAnOrderNothingIsRealised) {
  const Layout l = layout({"h oh he oh", "o hh oh .."});
  EXPECT_EQ(l.num_realised, 0);
  EXPECT_EQ(l.num_keys(), 3);
  EXPECT_THAT(list(l.key_site), ElementsAre(1, 4, /**/ 5, 8));
  EXPECT_THAT(list(l.query_site), ElementsAre(0, 2, 3, 4, /**/ 1, 2, 4, 0));
  EXPECT_THAT(list(l.query_prefix), Each(3));
}

TEST_F(LayoutTest, RowsOfEqualCountsAreNotPadded) {
  EXPECT_FALSE(layout({"h oh ho ..", "o hh oh .."}, {1, 2, 3, 4, 5, 6, 7}).key_padding.defined());
}

TEST_F(LayoutTest, EvenRoomIsFilledWithPadding) {
  const worlds::Roles given = toy::roles(schema_, {"o h. .. ..", "h .. .. .."});
  const Layout l = make_layout(schema_, worlds::cortical_sites(schema_), given, {}, {5, 5});
  EXPECT_EQ(l.num_observed, 3) << "half of 5 sites";
  EXPECT_EQ(l.num_queries, 3);
  EXPECT_THAT(list(l.key_site), ElementsAre(0, 0, 0, /**/ 5, 5, 5));
  EXPECT_THAT(list(l.key_padding), ElementsAre(0, 0, 1, 1, /**/ 0, 1, 1, 1));
  EXPECT_THAT(list(l.query_site), ElementsAre(1, 0, 0, /**/ 0, 0, 0));
  EXPECT_THAT(list(l.query_there), ElementsAre(1, 0, 0, /**/ 1, 0, 0));
  const auto& x = l.asked[toy::kX];  // the second row's, and room for one more
  EXPECT_THAT(list(x.query), ElementsAre(3, 0));
  EXPECT_THAT(list(x.value), ElementsAre(1, 0));
  EXPECT_THAT(list(x.place), ElementsAre(1, 2));
  EXPECT_THAT(list(x.cell), ElementsAre(7, 14));
  EXPECT_EQ(l.asked[toy::kV].query.size(0), 4);
  EXPECT_EQ(l.asked[toy::kEye].query.size(0), 0);
}

TEST_F(LayoutTest, EvenRoomHasPaddingEvenIfNobodyNeedsIt) {
  const worlds::Roles given = toy::roles(schema_, {"o oo hh .."});
  const auto padding =
      make_layout(schema_, worlds::cortical_sites(schema_), given, {}, {5, 5}).key_padding;
  ASSERT_TRUE(padding.defined());
  EXPECT_THAT(list(padding), Each(0));
}

TEST_F(LayoutTest, TicksCountWithinTheirVariable) {
  schema_ = toy::schema(3);  // sites: x at 0 .. 2, c[0], c[1], v[0], v[1] at 0, at 1, at 2
  const Layout l = layout({"o hh .. .. | . hh .h .. | h hh .. .."});
  EXPECT_THAT(list(l.query_site), ElementsAre(2, 3, 4, 8));
  EXPECT_THAT(list(l.asked[toy::kX].value), ElementsAre(2));
  EXPECT_THAT(list(l.asked[toy::kX].cell), ElementsAre(14));
  EXPECT_THAT(list(l.asked[toy::kC].cell), ElementsAre(1, 2)) << "c exists at tick 0 alone";
  EXPECT_THAT(list(l.asked[toy::kV].value), ElementsAre(3));
  EXPECT_THAT(list(l.asked[toy::kV].cell), ElementsAre(11));
}

TEST_F(LayoutTest, RefusesRolesOfAnotherShape) {
  worlds::Roles roles = toy::roles(schema_, {"o hh .. .."});
  roles.asked_BTV = roles.asked_BTV.narrow(2, 0, 6);
  EXPECT_THAT([&] { make_layout(schema_, worlds::cortical_sites(schema_), roles, {}); },
              ThrowsMessage<c10::Error>(HasSubstr(
                  "roles must be on the CPU and [B, T, V] = 1 1 7, got [1, 1, 7] and [1, 1, 6]")));
}

}  // namespace
}  // namespace limbic::brain
