#include "limbic/config/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/config/problems.h"
#include "limbic/config/reader.h"

namespace limbic::config {
namespace {

struct InnerConfig {
  double learning_rate = 1e-3;
  bool on = false;
  static void fields(auto& self, auto&& field) {
    using config::within;
    field("learning_rate", self.learning_rate, within(0.0, 1.0), "step size");
    field("on", self.on, "whether");
  }
};
struct OuterConfig {
  InnerConfig inner;
  std::vector<InnerConfig> list;
  static void fields(auto& self, auto&& field) {
    field("inner", self.inner, "one");
    field("list", self.list, "many");
  }
};

constexpr std::string_view kFile = "inner: {learning_rate: 0.1}\nlist: [{on: true}, {on: false}]\n";

Node with(const std::string& text) {
  Node root = parse_yaml(kFile, "a.yaml");
  apply_override(root, text);
  return root;
}

std::string mistake(const std::string& text) {
  try {
    parse<OuterConfig>(with(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(OverrideTest, SetsWhatAPathNames) {
  EXPECT_EQ(parse<OuterConfig>(with("inner.learning_rate=0.5")).inner.learning_rate, 0.5);
  EXPECT_TRUE(parse<OuterConfig>(with("inner.on=true")).inner.on);
  EXPECT_TRUE(parse<OuterConfig>(with("list.1.on=true")).list[1].on);
  EXPECT_EQ(parse<OuterConfig>(with("list=[{on: true}]")).list.size(), 1);
  EXPECT_EQ(parse<OuterConfig>(with("inner={on: true}")).inner.learning_rate, 1e-3);
  Node empty;
  apply_override(empty, "inner.on=true");
  EXPECT_TRUE(parse<OuterConfig>(empty).inner.on);
}

TEST(OverrideTest, TheValueMayHoldEqualsSignsAndColons) {
  EXPECT_EQ(with("a.b=x == 1").find("a")->find("b")->text, "x == 1");
  EXPECT_EQ(with("a='x: y'").find("a")->text, "x: y");
  EXPECT_EQ(with("a=").find("a")->kind, Node::Kind::kNull);
}

TEST(OverrideTest, GoesThroughTheSameReader) {
  EXPECT_EQ(mistake("inner.learnig_rate=0.5"),
            "<command line>: unknown key 'learnig_rate'; did you mean 'learning_rate'?");
  EXPECT_EQ(mistake("iner.learning_rate=0.5"),
            "<command line>: unknown key 'iner'; did you mean 'inner'?");
  EXPECT_EQ(mistake("inner.learning_rate=3"),
            "<command line>: learning_rate must be in [0, 1], got 3");
  EXPECT_EQ(mistake("inner.learning_rate=abc"),
            "<command line>: learning_rate: expected a number, got 'abc'");
  EXPECT_EQ(mistake("inner=3"), "<command line>: inner: expected a map, got '3'");
  EXPECT_EQ(mistake("inner.on=yes"),
            "<command line>: on: expected a truth value, got 'yes'; write true or false");
}

TEST(OverrideTest, RefusesPathsThatLeadNowhere) {
  EXPECT_EQ(mistake("list.2.on=true"),
            "<command line>: 'list' is a list of 2 items, from 0; it has no '2'");
  EXPECT_EQ(mistake("list.-1.on=true"),
            "<command line>: 'list' is a list of 2 items, from 0; it has no '-1'");
  EXPECT_EQ(mistake("list.first.on=true"),
            "<command line>: 'list' is a list of 2 items, from 0; it has no 'first'");
  EXPECT_EQ(mistake("inner.learning_rate.x=1"),
            "<command line>: 'inner.learning_rate' is '0.1', so it holds no 'x'");
}

// `yaml` after an override.
std::string changed(const std::string& yaml, const std::string& text) {
  Node root = parse_yaml(yaml, "a.yaml");
  apply_override(root, text);
  return to_flow_yaml(root);
}

TEST(OverrideTest, AWholeNumberIsAnIndexWhateverTheItemsHold) {
  EXPECT_EQ(changed("masks: [{share: 1}, {share: 3}]", "masks.1.share=5"),
            "{masks: [{share: 1}, {share: 5}]}");
  EXPECT_EQ(changed("phases: [{phase: 1, delay: 2}, {phase: q}]", "phases.1.delay=5"),
            "{phases: [{phase: 1, delay: 2}, {phase: q, delay: 5}]}");
}

TEST(OverrideTest, AWordIsTheNameOfAnItemWhereverTheItemSaysIt) {
  const std::string stages = "stages: [{inherit: fit, stage: first}, {inherit: it, stage: fit}]";
  EXPECT_EQ(changed(stages, "stages.fit.inherit=first"),
            "{stages: [{inherit: fit, stage: first}, {inherit: first, stage: fit}]}");
  EXPECT_EQ(changed("masks: [{share: 1, law: budget}]", "masks.budget.share=5"),
            "{masks: [{share: 5, law: budget}]}");
  EXPECT_EQ(changed("phases: [{delay: 1, phase: test}]", "phases.test.delay=5"),
            "{phases: [{delay: 5, phase: test}]}");
}

TEST(OverrideTest, RefusesANameThatSeveralItemsHave) {
  EXPECT_THAT(
      [] { changed("m: [{law: observe}, {law: budget}, {law: observe}]", "m.observe.share=5"); },
      testing::ThrowsMessage<ConfigError>(
          "<command line>: 'm' has several 'observe'; say which by its number: 0, 2"));
  EXPECT_THAT([] { changed("m: [{law: observe}, {law: budget}]", "m.obsreve.share=5"); },
              testing::ThrowsMessage<ConfigError>(
                  "<command line>: 'm' is a list of 2 items, from 0; it has no 'obsreve'; did you "
                  "mean 'observe'?"));
}

TEST(OverrideTest, TheNumberOfItemsAddsOne) {
  EXPECT_EQ(changed("masks: [{share: 1}]", "masks.1={share: 3}"),
            "{masks: [{share: 1}, {share: 3}]}");
  EXPECT_EQ(changed("rates: []", "rates.0=3"), "{rates: [3]}");
  EXPECT_THAT([] { changed("rates: [1]", "rates.2=3"); },
              testing::ThrowsMessage<ConfigError>("<command line>: 'rates' is a list of 1 item, "
                                                  "from 0; it has no '2'; 1 would be a new one"));
}

TEST(OverrideTest, NothingIsNoItemOfAList) {
  EXPECT_THAT([] { changed("stages: [{stage: a}, {stage: b}]", "stages.b=null"); },
              testing::ThrowsMessage<ConfigError>(
                  "<command line>: 'stages' is a list, of which no item may be nothing; a file "
                  "with a base leaves one out by drop: [stages.b]"));
}

/// `yaml` without what stands at a path, or what is wrong with that.
std::string without(const std::string& yaml, const std::string& path) {
  Problems problems;
  Node root = parse_yaml(yaml, "a.yaml");
  drop(root, path, {}, problems);
  return problems.empty() ? to_flow_yaml(root) : problems.text();
}

TEST(DropTest, TakesAwayAKeyOrAnItem) {
  EXPECT_EQ(without("a: {b: 1, c: 2}", "a.b"), "{a: {c: 2}}");
  const std::string stages = "stages: [{stage: see, take: 1}, {stage: fear, take: {it: 1}}]";
  EXPECT_EQ(without(stages, "stages.fear"), "{stages: [{stage: see, take: 1}]}");
  EXPECT_EQ(without(stages, "stages.0"), "{stages: [{stage: fear, take: {it: 1}}]}");
  EXPECT_EQ(without(stages, "stages.fear.take.it"),
            "{stages: [{stage: see, take: 1}, {stage: fear, take: {}}]}");
}

TEST(DropTest, RefusesWhatIsNotThere) {
  EXPECT_EQ(without("senses: {dark: 1}", "sense.dark"),
            "drop: there is no 'sense.dark'; did you mean 'senses'?");
  EXPECT_EQ(without("stages: [{stage: see}, {stage: fear}]", "stages.faer"),
            "drop: there is no 'stages.faer'; did you mean 'fear'?");
  EXPECT_EQ(without("stages: [{stage: see}]", "stages.1"),
            "drop: there is no 'stages.1'; known: see");
  EXPECT_EQ(without("rate: 3", "rate.warmup"), "drop: there is no 'rate.warmup'");
  EXPECT_EQ(without("m: [{law: observe}, {law: observe}]", "m.observe"),
            "drop: 'm' has several 'observe'; say which by its number: 0, 1");
}

TEST(OverrideTest, OfWhatAStageInheritsThereAreNoItems) {
  Problems problems;
  Node root = parse_yaml("curriculum: [{stage: fear, inherit: see}]\n", "a.yaml");
  apply_override(root, "curriculum.fear.losses.predict.masks.0.share=0.2", problems);
  EXPECT_EQ(problems.text(),
            "<command line>: 'curriculum.fear.losses.predict.masks' is not said here (what a stage "
            "inherits is not part of it), so it has no item 0");
  Problems none;
  apply_override(root, "world.columns.0.kind=skip", none);
  EXPECT_EQ(none.text(), "") << "a column may be called 0";
}

TEST(OverrideTest, RefusesWhatIsNoAssignment) {
  for (const std::string text : {"abc", "=3", ".a=3", "a.=3", "a..b=3", ""}) {
    EXPECT_EQ(mistake(text), "<command line>: expected path.to.key=value, got '" + text + "'");
  }
}

TEST(OverrideTest, RefusesValuesThatAreNotYaml) {
  EXPECT_EQ(mistake("inner.on=[1"),
            "<command line>: inner.on: not valid YAML: end of sequence flow not found; a '[' is "
            "never closed");
  EXPECT_EQ(mistake("inner={on: true, on: false}"),
            "<command line>: inner: duplicate key 'on' (first at line 1)");
}

TEST(OverrideTest, APunctuationMarkAloneWantsQuotes) {
  for (const std::string mark : {",", "|", "[", "*", "#"}) {
    EXPECT_EQ(mistake("inner.name=" + mark),
              "<command line>: inner.name: '" + mark +
                  "' is punctuation in YAML; as text it wants quotes of its own: --set "
                  "inner.name=\"'" +
                  mark + "'\"");
  }
  EXPECT_EQ(
      mistake("inner.name= #a"),
      "<command line>: inner.name: '#' is punctuation in YAML; as text it wants quotes of its "
      "own: --set inner.name=\"'#a'\"");
  EXPECT_EQ(with("a='#b'").find("a")->text, "#b");
  EXPECT_EQ(with("a=','").find("a")->text, ",");
  EXPECT_EQ(with("a=;").find("a")->text, ";");
}

TEST(OverrideTest, MistakesComeTogetherWithThoseOfTheFile) {
  Problems problems;
  Node root = parse_yaml("innr: 1\n", "a.yaml", problems);
  apply_override(root, "x", problems);
  parse<OuterConfig>(root, problems);
  EXPECT_EQ(problems.text(),
            "<command line>: expected path.to.key=value, got 'x'\n"
            "a.yaml:1:1: unknown key 'innr'; did you mean 'inner'?");
}

}  // namespace
}  // namespace limbic::config
