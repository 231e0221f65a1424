#include "limbic/config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parts_for_tests.h"

namespace limbic::config {
namespace {

using testing::ThrowsMessage;

struct OptimizerConfig {
  double learning_rate = 1e-3;
  double weight_decay = 0.0;
  std::vector<double> betas{0.9, 0.999};

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("learning_rate", self.learning_rate, within(0.0, 1.0), "step size [1/step]");
    field("weight_decay", self.weight_decay, within(0.0, 1.0), "pull to zero [1/step]");
    field("betas", self.betas, within(0.0, 1.0), "decay of the two moments [1/step]");
  }
  void check(Reader& reader, const Node& node) const {
    if (betas.size() != 2) reader.problem(node.mark, "betas must be two numbers");
  }
};

struct DataConfig {
  std::string path;
  int64_t rows = 0;
  static void fields(auto& self, auto&& field) {
    field("path", self.path, "the CSV to read", required);
    field("rows", self.rows, "how many");
  }
};

struct RunConfig {
  OptimizerConfig optimizer;
  std::optional<DataConfig> extra;
  Map<OptimizerConfig> circuits;
  static void fields(auto& self, auto&& field) {
    field("optimizer", self.optimizer, "how to step");
    field("extra", self.extra, "more data");
    field("circuits", self.circuits, "by name");
  }
};

struct StrictConfig {
  DataConfig data;
  static void fields(auto& self, auto&& field) { field("data", self.data, "what to read"); }
};

struct StricterConfig {
  StrictConfig world;
  static void fields(auto& self, auto&& field) { field("world", self.world, "where"); }
};

struct OverlayConfig {
  std::vector<Entry> set;
  static void fields(auto& self, auto&& field) { field("set", self.set, "by dotted path"); }
};

TEST(ReaderTest, ACommaThatCutsACallInTwoWantsQuotes) {
  const std::string is_no_key = "' is no key: text with a comma wants quotes inside { }, as in ";
  EXPECT_EQ(mistakes<DataConfig>("{path: ema(1 - dark, 2), rows: 3}"),
            "a.yaml:1:22: '2)" + is_no_key + "path: \"ema(1 - dark, 2)\"");
  EXPECT_EQ(mistakes<DataConfig>("{path: where(a, b, c)}"),
            "a.yaml:1:20: 'c)" + is_no_key + "path: \"where(a, b, c)\"");
  EXPECT_EQ(mistakes<DataConfig>("{path: min(max(a, 1), b), rows}"),
            "a.yaml:1:19: '1)" + is_no_key + "path: \"min(max(a, 1), b)\"")
      << "of a call in a call the whole, and nothing behind it";
  EXPECT_EQ(mistakes<Map<std::string>>("{dark: ema(mean(1 - retina), 2)}"),
            "a.yaml:1:30: '2)" + is_no_key + "dark: \"ema(mean(1 - retina), 2)\"")
      << "nor is it a name";
  EXPECT_EQ(mistakes<DataConfig>("{2), path: a}"),
            "a.yaml:1:2: '2)" + is_no_key + "truth: \"ema(1 - dark, 2)\"");
  for (const std::string key : {"2): 1", "f(2)"})
    EXPECT_THAT(mistakes<DataConfig>("{path: a, " + key + "}"), testing::HasSubstr("unknown key"));
}

TEST(ReaderTest, KeepsDefaultsOfWhatIsNotWritten) {
  const auto config = parse<RunConfig>("optimizer: {learning_rate: 0.5}\n", "a.yaml");
  EXPECT_EQ(config.optimizer.learning_rate, 0.5);
  EXPECT_EQ(config.optimizer.betas, (std::vector<double>{0.9, 0.999}));
  EXPECT_FALSE(config.extra);
  EXPECT_EQ(parse<RunConfig>("", "a.yaml").optimizer.learning_rate, 1e-3);
}

TEST(ReaderTest, ThrowsConfigErrorsOfExitCodeTwo) {
  EXPECT_THAT([] { parse<RunConfig>("optimizer: 3\n", "a.yaml"); },
              ThrowsMessage<ConfigError>("a.yaml:1:12: expected a map, got '3'"));
  try {
    parse<RunConfig>("x: 1\n", "a.yaml");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
  }
}

TEST(ReaderTest, NamesTheNearestKey) {
  EXPECT_EQ(mistakes<RunConfig>("optimizer:\n  learnig_rate: 1\n"),
            "a.yaml:2:3: unknown key 'learnig_rate'; did you mean 'learning_rate'?");
  EXPECT_EQ(mistakes<RunConfig>("zzz: 1\n"),
            "a.yaml:1:1: unknown key 'zzz'; known: optimizer, extra, circuits");
}

TEST(ReaderTest, TellsAllMistakesSortedByPlace) {
  EXPECT_EQ(mistakes<RunConfig>("zzz: 1\n"
                                "optimizer:\n"
                                "  weight_decay: 2\n"
                                "  learning_rate: abc\n"
                                "  learning_rate: 0.1\n"
                                "circuits: {cortex: {lerning_rate: 1}}\n"),
            "a.yaml:1:1: unknown key 'zzz'; known: optimizer, extra, circuits\n"
            "a.yaml:3:17: weight_decay must be in [0, 1], got 2\n"
            "a.yaml:4:18: expected a number, got 'abc'\n"
            "a.yaml:5:3: duplicate key 'learning_rate' (first at line 4)\n"
            "a.yaml:6:21: unknown key 'lerning_rate'; did you mean 'learning_rate'?");
}

TEST(ReaderTest, ChecksBetweenFieldsOnceTheyAreRight) {
  EXPECT_EQ(mistakes<RunConfig>("optimizer:\n  betas: [0.9]\n"),
            "a.yaml:2:3: betas must be two numbers");
  EXPECT_EQ(mistakes<RunConfig>("optimizer: {betas: [3]}\n"),
            "a.yaml:1:21: betas must be in [0, 1], got 3");
}

TEST(ReaderTest, MissesRequiredKeys) {
  EXPECT_EQ(mistakes<DataConfig>(""), "a.yaml:1:1: missing key 'path'");
  EXPECT_EQ(mistakes<DataConfig>("\nrows: 3\n"), "a.yaml:2:1: missing key 'path'");
  EXPECT_EQ(mistakes<RunConfig>("extra: {rows: 3}\n"), "a.yaml:1:8: missing key 'path'");
  EXPECT_EQ(mistakes<RunConfig>("extra: null\n"), "");
}

TEST(ReaderTest, MissesRequiredKeysOfMapsThatAreNotThere) {
  EXPECT_EQ(mistakes<StrictConfig>("{}\n"), "a.yaml:1:1: missing key 'data.path'");
  EXPECT_EQ(mistakes<StricterConfig>(""), "a.yaml:1:1: missing key 'world.data.path'");
  EXPECT_EQ(mistakes<StricterConfig>("world: {data: {path: x}}\n"), "");
}

TEST(ReaderTest, AValueLeftOutIsNotAnEmptyMap) {
  EXPECT_EQ(mistakes<RunConfig>("optimizer:\n"),
            "a.yaml:1:1: expected a map, got nothing; write {} for an empty one");
  EXPECT_EQ(mistakes<RunConfig>("- 1\n"), "a.yaml:1:1: expected a map, got a list");
  EXPECT_EQ(mistakes<RunConfig>("hello\n"), "a.yaml:1:1: expected a map, got 'hello'");
}

TEST(ReaderTest, MapsKeepOrderAndPlaces) {
  const auto config = parse<RunConfig>("circuits:\n  b: {}\n  a: {weight_decay: 1}\n", "a.yaml");
  ASSERT_EQ(config.circuits.size(), 2);
  EXPECT_EQ(config.circuits.entries[0].key, "b");
  EXPECT_EQ(config.circuits.entries[1].mark.text(), "a.yaml:3:3");
  ASSERT_NE(config.circuits.find("a"), nullptr);
  EXPECT_EQ(config.circuits.find("a")->weight_decay, 1.0);
  EXPECT_EQ(config.circuits.find("c"), nullptr);
}

TEST(ReaderTest, EntriesForAnotherTreeStayAsTheyWereWritten) {
  const auto config = parse<OverlayConfig>("set:\n  a.b: {c: 1}\n  d: [x]\n", "a.yaml");
  ASSERT_EQ(config.set.size(), 2);
  EXPECT_EQ(config.set[0].key, "a.b");
  EXPECT_EQ(config.set[1].key_mark.text(), "a.yaml:3:3");
  EXPECT_EQ(to_flow_yaml(dump(config)), "{set: {a.b: {c: 1}, d: [x]}}");
  EXPECT_EQ(type_text(describe<OverlayConfig>({}).children[0]), "map");
  EXPECT_EQ(mistakes<OverlayConfig>("set: [a.b]\n"), "a.yaml:1:6: expected a map, got a list");
}

TEST(ReaderTest, CapsTheListOfMistakes) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "key" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(mistakes<RunConfig>(text), testing::EndsWith("\nand 10 more"));
}

TEST(ReaderTest, SharesItsProblemsWithTheFileBeforeIt) {
  Problems problems;
  const Node root = parse_yaml("optimizer: {x: 1, x: 2}\n", "a.yaml", problems);
  parse<RunConfig>(root, problems);
  EXPECT_EQ(problems.size(), 2);
  EXPECT_THAT(problems.text(), testing::HasSubstr("duplicate key 'x'"));
  EXPECT_THAT(problems.text(), testing::HasSubstr("unknown key 'x'"));
}

}  // namespace
}  // namespace limbic::config
