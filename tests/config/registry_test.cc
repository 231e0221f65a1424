#include "limbic/config/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/config/overrides.h"
#include "parts_for_tests.h"

namespace limbic::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct Drawing {
  ShapeRecipe shape;
  std::vector<ShapeRecipe> others;
  static void fields(auto& self, auto&& field) {
    field("shape", self.shape, "what to draw");
    field("others", self.others, "what else");
  }
};

/// Common keys beside those of the part: {type: square, side: 2, weight: 3}.
struct Weighted {
  double weight = 1.0;
  ShapeRecipe shape;
  static void fields(auto& self, auto&& field) {
    field.rest(self.shape, "what is weighed");
    field("weight", self.weight, at_least(0.0), "how much it counts");
  }
};

struct Scale {
  Weighted left;
  Map<Weighted> right;
  static void fields(auto& self, auto&& field) {
    field("left", self.left, "one side");
    field("right", self.right, "the other");
  }
};

TEST(RecipeTest, MakesThePartThatItsTypeNames) {
  const auto drawing = parse<Drawing>("shape:\n  {type: square, side: 3}\n", "a.yaml", shapes());
  ASSERT_TRUE(drawing.shape);
  EXPECT_EQ(drawing.shape.type(), "square");
  EXPECT_EQ(drawing.shape.mark().text(), "a.yaml:2:3");
  EXPECT_EQ(drawing.shape.make(2.0)->area, 36.0);
  const ShapeRecipe copy = drawing.shape;
  EXPECT_EQ(copy, drawing.shape);
  EXPECT_EQ(to_flow_yaml(copy.dump()), "{type: square, side: 3, hollow: false}");
}

TEST(RecipeTest, IsEmptyWhereNothingIsWritten) {
  EXPECT_FALSE(parse<Drawing>("", "a.yaml", shapes()).shape);
  EXPECT_FALSE(parse<Drawing>("shape: null", "a.yaml", shapes()).shape);
  EXPECT_EQ(ShapeRecipe().dump().kind, Node::Kind::kNull);
}

/// Of a shape that is a square unless another is named.
struct Sketch {
  ShapeRecipe shape = parse<ShapeRecipe>(parse_yaml("{type: square, side: 3}", ""), shapes());
  static void fields(auto& self, auto&& field) { field("shape", self.shape, "what to draw"); }
};

TEST(RecipeTest, MayHaveADefaultWhichNullLeaves) {
  EXPECT_EQ(parse<Sketch>("", "a.yaml", shapes()).shape.make(1.0)->area, 9.0);
  EXPECT_EQ(parse<Sketch>("shape: null", "a.yaml", shapes()).shape.make(1.0)->area, 9.0);
  EXPECT_FALSE(describe<Sketch>(shapes()).children[0].is_nullable);
  EXPECT_TRUE(describe<Drawing>(shapes()).children[0].is_nullable);
}

TEST(RecipeTest, HoldsPartsOfItsOwnKind) {
  const auto drawing = parse<Drawing>(
      "shape: {type: pair, first: {type: square}, second: {type: pair, first: {type: square}}}\n",
      "a.yaml", shapes());
  EXPECT_EQ(drawing.shape.make(1.0)->area, 2.0);
}

TEST(RecipeTest, RefusesWhatIsNotRegistered) {
  EXPECT_EQ(mistakes<Drawing>("shape: {type: sqare}\n", shapes()),
            "a.yaml:1:15: unknown type 'sqare'; did you mean 'square'?");
  EXPECT_EQ(mistakes<Drawing>("shape: {type: circle}\n", shapes()),
            "a.yaml:1:15: unknown type 'circle'; known: square, pair");
  EXPECT_EQ(mistakes<Drawing>("shape: {side: 1}\n", shapes()),
            "a.yaml:1:8: missing key 'type'; known: square, pair");
  EXPECT_EQ(mistakes<Drawing>("shape: {tpye: square}\n", shapes()),
            "a.yaml:1:9: unknown key 'tpye'; did you mean 'type'?");
  EXPECT_EQ(mistakes<Drawing>("shape: square\n", shapes()),
            "a.yaml:1:8: expected a map, got 'square'");
  EXPECT_EQ(mistakes<Drawing>("shape: {type: [square]}\n", shapes()),
            "a.yaml:1:15: expected a type, got a list; known: square, pair");
}

TEST(RecipeTest, OfATypeSetAloneTheOthersKeysCanBeLeftOut) {
  const auto mistakes_of = [](const std::string& assignment) {
    Problems problems;
    Node root = parse_yaml("shape: {type: square, side: 3}\n", "a.yaml");
    apply_override(root, assignment);
    parse<Drawing>(root, problems, shapes());
    return problems.text();
  };
  EXPECT_THAT(mistakes_of("shape.type=pair"),
              testing::EndsWith("unknown key 'side'; known: first, second\n<command line>: write "
                                "--set 'shape={type: pair}' to leave the others out"));
  EXPECT_THAT(mistakes_of("shape={type: pair, side: 3}"),
              testing::Not(HasSubstr("to leave the others out")));
}

TEST(RecipeTest, RefusesWhatItsPartRefuses) {
  EXPECT_EQ(mistakes<Drawing>("shape: {type: square, sied: 1, hollow: yes}\n", shapes()),
            "a.yaml:1:23: unknown key 'sied'; did you mean 'side'?\n"
            "a.yaml:1:40: expected a truth value, got 'yes'; write true or false");
  EXPECT_EQ(mistakes<Drawing>("shape: {type: square, side: -1}\n", shapes()),
            "a.yaml:1:29: side must be at least 0, got -1");
}

TEST(RecipeTest, MayNotBeNullWhereItIsNeeded) {
  const std::string nothing = "missing key 'type'; known: square, pair";
  EXPECT_EQ(mistakes<Drawing>("others: [null]\n", shapes()), "a.yaml:1:10: " + nothing);
  EXPECT_EQ(mistakes<Drawing>("shape: {type: pair, first: null}\n", shapes()),
            "a.yaml:1:21: " + nothing);
  EXPECT_EQ(mistakes<Drawing>("shape: {type: pair}\n", shapes()),
            "a.yaml:1:8: missing key 'first'");
  Problems problems;
  Node root = parse_yaml("shape: {type: pair}\n", "a.yaml");
  apply_override(root, "shape.first=null");
  parse<Drawing>(root, problems, shapes());
  EXPECT_EQ(problems.text(), "<command line>: first: " + nothing);
}

TEST(RecipeTest, SharesAMapWithCommonKeys) {
  const auto scale =
      parse<Scale>("right:\n  a: {weight: 3, type: square, side: 2}\n", "a.yaml", shapes());
  const Weighted& a = scale.right.entries.at(0).value;
  EXPECT_EQ(a.weight, 3.0);
  EXPECT_EQ(a.shape.make(1.0)->area, 4.0);
  EXPECT_FALSE(scale.left.shape);
  const Node node = dump(a);
  EXPECT_EQ(to_flow_yaml(node), "{type: square, side: 2, hollow: false, weight: 3}");
  EXPECT_EQ(dump(parse<Weighted>(node, shapes())), node);
}

TEST(RecipeTest, SuggestsCommonKeysToo) {
  EXPECT_EQ(mistakes<Weighted>("type: square\nwieght: 3\n", shapes()),
            "a.yaml:2:1: unknown key 'wieght'; did you mean 'weight'?");
  EXPECT_EQ(mistakes<Weighted>("type: square\nsdie: 3\n", shapes()),
            "a.yaml:2:1: unknown key 'sdie'; did you mean 'side'?");
  EXPECT_EQ(mistakes<Weighted>("weight: 3\n", shapes()),
            "a.yaml:1:1: missing key 'type'; known: square, pair");
}

TEST(RegistryTest, ListsItsPartsInOrder) {
  const Context context = shapes();
  EXPECT_THAT(context.get<ShapeRegistry>().names(), ElementsAre("square", "pair"));
  EXPECT_EQ(context.get<ShapeRegistry>().entries()[0].help, "four equal sides");
}

TEST(ContextTest, AMissingRegistryIsABugAndSaysSo) {
  EXPECT_EQ(Context().find<ShapeRegistry>(), nullptr);
  EXPECT_THAT([] { parse<Drawing>("shape: {type: square}", "a.yaml"); },
              ThrowsMessage<std::logic_error>(HasSubstr("the context holds no ")));
}

}  // namespace
}  // namespace limbic::config
