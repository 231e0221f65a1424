#include "limbic/inference/dials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/core/error.h"

namespace limbic::inference {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

auto reading(std::string text) {
  return [text = std::move(text)] { (void)parse_dials(text); };
}

TEST(DialsTest, WhatIsNotSaidStaysAsItIs) {
  const Dials dials = parse_dials("reencode=1,orders=8,block=0.25", {.sweeps = 2});
  EXPECT_EQ(dials.reencode, 1);
  EXPECT_EQ(dials.orders, 8);
  EXPECT_EQ(dials.block, 0.25);
  EXPECT_EQ(dials.sweeps, 2);
  EXPECT_EQ(dials.candidates, 1);
  EXPECT_EQ(parse_dials("").orders, 1);
}

TEST(DialsTest, MistakesAreNamed) {
  EXPECT_THAT(
      reading("oders=8"),
      ThrowsMessage<Error>(StrEq("<command line>: unknown key 'oders'; did you mean 'orders'?")));
  EXPECT_THAT(reading("orders=0"),
              ThrowsMessage<Error>(StrEq("<command line>: orders must be in [1, 4096], got 0")));
  EXPECT_THAT(
      reading("orders=8,sweeps"),
      ThrowsMessage<Error>(StrEq("expected dials such as orders=8,sweeps=2, got 'sweeps'")));
}

TEST(DialsTest, ADialThatWouldTurnNothingIsRefused) {
  EXPECT_THAT(reading("orders=8"),
              ThrowsMessage<Error>(StrEq("<command line>: orders need candidates or sweeps")));
  EXPECT_THAT(reading("block=0.25,candidates=4"),
              ThrowsMessage<Error>(StrEq("<command line>: block needs sweeps")));
  EXPECT_THAT(reading("temperature=0.5,sweeps=1"),
              ThrowsMessage<Error>(StrEq("<command line>: orders and sweeps weigh what is drawn at "
                                         "temperature 1, got 0.5")));
  EXPECT_EQ(parse_dials("orders=8", {.candidates = 64}).orders, 8);
  EXPECT_EQ(parse_dials("orders=8,sweeps=1,block=0.25").orders, 8);
}

}  // namespace
}  // namespace limbic::inference
