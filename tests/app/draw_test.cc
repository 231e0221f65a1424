#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "../support/fake_brain.h"
#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/imputer.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/worlds/csv.h"
#include "limbic/worlds/episode_table.h"
#include "limbic/worlds/gaussian_linear.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

double number_at(const worlds::Csv& csv, int64_t row, int64_t column) {
  return std::stod(std::string(csv.cell(row, column).text));
}

/// Draws from and asks brains of the linear Gaussian world.
class DrawTest : public testing::Test {
 protected:
  DrawTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream(config_) << kOneStep;
  }

  std::string drawn(DrawOptions options) {
    options.config = config_;
    options.out = directory_ / "out";
    EXPECT_EQ(draw(options), 0);
    return read_file(options.out);
  }
  /// What is drawn or inferred, read as rows of the world's schema; leading columns are dropped.
  worlds::Episodes rows_of(const std::string& text, size_t num_leading = 0) {
    std::istringstream lines(text);
    std::ofstream out(directory_ / "rows.csv");
    for (std::string line; std::getline(lines, line);) {
      for (size_t i = 0; i < num_leading; ++i) line = line.substr(line.find(',') + 1);
      out << line << "\n";
    }
    out.close();
    return worlds::read_episodes(directory_ / "rows.csv", world_.schema()).episodes;
  }
  std::string inferred(InferOptions options) {
    options.run = directory_ / "run";
    options.out = directory_ / "out";
    options.device = "cpu";
    EXPECT_EQ(infer(options), 0);
    return read_file(options.out);
  }
  void train_a_step() { train_run(config_, directory_ / "run"); }

  testing_support::TemporaryDirectory directory_;
  std::string config_ = directory_ / "config.yaml";
  worlds::GaussianLinear world_{{.dimensions = 2}};
};

TEST_F(DrawTest, RowsAreThoseThatTrainingSees) {
  const auto seen = [&](worlds::Split split) {
    return world_.draw({.regime = "rows", .split = split, .num_rows = 300},
                       Stream(3).child("training").child("world"));
  };
  const worlds::Episodes training = rows_of(drawn({.rows = 300}));
  EXPECT_TRUE(training.value[0].equal(seen(worlds::Split::kTrain).value[0]));
  EXPECT_TRUE(training.value[1].equal(seen(worlds::Split::kTrain).value[1]));
  const worlds::Episodes test = rows_of(drawn({.rows = 300, .split = "test"}));
  EXPECT_TRUE(test.value[0].equal(seen(worlds::Split::kTest).value[0]));
  const worlds::Episodes other = rows_of(drawn({.rows = 300, .seed = 4}));
  EXPECT_FALSE(other.value[0].equal(training.value[0]));
}

TEST_F(DrawTest, SetChangesTheWorld) {
  EXPECT_THAT(drawn({.set = {"world.dimensions=1"}}), StartsWith("theta,x\n"));
}

TEST_F(DrawTest, SamplesKeepWhatIsGivenAndDrawTheRestFromTheExactConditional) {
  const std::string text = drawn({.rows = 2, .given = {"x,theta[1]"}, .samples = 4000});
  EXPECT_THAT(text, StartsWith("row,theta[0],theta[1],x[0],x[1]\n0,"));
  const worlds::Episodes samples = rows_of(text, 1), rows = rows_of(drawn({.rows = 2}));
  ASSERT_EQ(samples.num_rows(), 8000);
  for (int64_t row = 0; row < 2; ++row) {
    const worlds::Episodes own = samples.rows(row * 4000, (row + 1) * 4000);
    EXPECT_TRUE((own.value[1] == rows.value[1][row]).all().item<bool>());
    const at::Tensor theta = own.value[0].flatten(1);
    EXPECT_TRUE((theta.select(1, 1) == rows.value[0][row][0][1]).all().item<bool>());
    // The prior's variance and the noise's are 0.1 both: the posterior is N(x / 2, 0.05).
    EXPECT_NEAR(theta.select(1, 0).mean().item<double>(),
                rows.value[1][row][0][0].item<double>() / 2, 0.02);
    EXPECT_NEAR(theta.select(1, 0).var().item<double>(), 0.05, 0.005);
  }
}

TEST_F(DrawTest, TheFloorIsTheMeanExactLogProbabilityOfTheRest) {
  const auto floor =
      nlohmann::json::parse(drawn({.rows = 1000, .split = "test", .given = {"x"}, .floor = true}));
  const worlds::Episodes rows = rows_of(drawn({.rows = 1000, .split = "test"}));
  // N(theta; x / 2, 0.05) of two dimensions
  const at::Tensor off = (rows.value[0] - rows.value[1] / 2).to(at::kDouble).flatten(1);
  const at::Tensor log_prob = -(off * off).sum(1) / 0.1 - std::log(2 * M_PI * 0.05);
  EXPECT_NEAR(floor["log_prob"].get<double>(), log_prob.mean().item<double>(), 1e-6);
  EXPECT_NEAR(floor["standard_error"].get<double>(),
              log_prob.std().item<double>() / std::sqrt(1000), 1e-6);
  EXPECT_EQ(floor["asked"], 2);
  EXPECT_EQ(floor["rows"], 1000);
}

TEST_F(DrawTest, ARowThatComesAgainCountsOnceInTheFloor) {
  const auto floor = [&](int64_t rows) {
    return drawn({.set = {"world.budget=100"}, .rows = rows, .given = {"x"}, .floor = true});
  };
  EXPECT_EQ(nlohmann::json::parse(floor(1000))["rows"], 100);
  EXPECT_EQ(floor(1000), floor(100));
}

TEST_F(DrawTest, TheCornerMarksTheRowThatWasDrawn) {
  (void)drawn({.rows = 2, .given = {"x"}, .samples = 400, .corner = directory_ / "c.svg"});
  const std::string svg = read_file(directory_ / "c.svg");
  EXPECT_THAT(svg, HasSubstr(">theta[1]<"));
  EXPECT_EQ(svg.find(">x[0]<"), std::string::npos);
  EXPECT_THAT(svg, HasSubstr("stroke='#d55e00'"));
  EXPECT_THAT(svg, HasSubstr(">median [5 %, 95 %]; given x<"));
}

TEST_F(DrawTest, InferKeepsWhatIsFilledInAndFillsInWhatIsAsked) {
  train_a_step();
  std::ofstream(directory_ / "q.csv") << "x[1],theta[0]\n0.25,\n,0.5\n1,2\n";
  const std::string rows = directory_ / "q.csv";
  const worlds::Episodes filled = rows_of(inferred({.rows = rows, .ask = {"theta"}}));
  const auto number = [&](int64_t variable, int64_t row, int64_t cell) {
    return filled.value[variable][row][0][cell].item<float>();
  };
  EXPECT_EQ(number(1, 0, 1), 0.25F);
  EXPECT_EQ(number(0, 1, 0), 0.5F);
  EXPECT_EQ(number(0, 2, 0), 2.F);
  at::Tensor present = at::ones({3, 1, 4}, at::kBool);  // theta[0], theta[1], x[0], x[1]
  present.select(2, 2).fill_(false);
  present[1][0][3] = false;  // not asked
  EXPECT_TRUE(filled.present_BTV.equal(present));
  EXPECT_THAT(inferred({.rows = rows}), StartsWith("theta[0],x[1]\n"));  // by default its columns
}

TEST_F(DrawTest, InferWritesSoManySamplesOfEachRow) {
  train_a_step();
  std::ofstream(directory_ / "q.csv") << "x[1],theta[0]\n0.25,\n,0.5\n";
  const std::string text = inferred({.rows = directory_ / "q.csv", .samples = 3});
  EXPECT_THAT(text, StartsWith("row,sample,theta[0],x[1]\n0,0,"));
  EXPECT_THAT(text, HasSubstr("\n0,2,"));
  EXPECT_THAT(text, HasSubstr("\n1,0,0.5,"));
  const worlds::Episodes samples = rows_of(text, 2);
  ASSERT_EQ(samples.num_rows(), 6);
  EXPECT_NE(samples.value[0][0][0][0].item<float>(), samples.value[0][1][0][0].item<float>());
}

TEST_F(DrawTest, InferEstimatesQuantilesFromTheSamples) {
  train_a_step();
  std::ofstream(directory_ / "q.csv") << "x[1],theta[0]\n0.25,\n";
  const std::string rows = directory_ / "q.csv";
  const std::string text =
      inferred({.rows = rows, .samples = 200, .quantiles = {0.05, 0.5, 0.975}});
  EXPECT_THAT(text, StartsWith("theta[0],x[1],theta[0].q05,theta[0].q50,theta[0].q97.5,x[1].q05,"));
  const at::Tensor samples =
      rows_of(inferred({.rows = rows, .samples = 200}), 2).value[0].select(-1, 0).flatten();
  const at::Tensor expected =
      at::quantile(samples.to(at::kDouble), at::tensor({0.05, 0.5, 0.975}, at::kDouble));
  std::ofstream(directory_ / "out.csv") << text;
  const worlds::Csv csv = worlds::read_csv(directory_ / "out.csv");
  for (int64_t q = 0; q < 3; ++q)
    EXPECT_NEAR(number_at(csv, 0, 2 + q), expected[q].item<double>(), 1e-6);
  EXPECT_EQ(csv.cell(0, 5).text, "0.25");  // of what is observed, the value itself
}

TEST_F(DrawTest, InferDrawsACornerOfTheFirstRow) {
  train_a_step();
  std::ofstream(directory_ / "q.csv") << "theta[0],theta[1],x[0]\n,,0.25\n1,2,3\n";
  std::ofstream(directory_ / "truth.csv") << "theta[1]\n0.1\n";
  (void)inferred({.rows = directory_ / "q.csv",
                  .corner = directory_ / "c.svg",
                  .truth = directory_ / "truth.csv"});
  const std::string svg = read_file(directory_ / "c.svg");
  EXPECT_THAT(svg, HasSubstr(">theta[0]<"));
  EXPECT_THAT(svg, HasSubstr(">theta[1]<"));
  EXPECT_EQ(svg.find(">x[0]<"), std::string::npos);
  EXPECT_THAT(svg, HasSubstr("stroke='#d55e00'"));
}

TEST_F(DrawTest, InferDrawsACornerOfWhatTheEvidenceLeaves) {
  train_a_step();
  const InferOptions asked{.run = directory_ / "run",
                           .given = {"x=0.25, 0.5"},
                           .ask = {"theta"},
                           .corner = directory_ / "c.svg",
                           .where = {"theta[0] > 0.1"},
                           .device = "cpu"};
  (void)answer([&] { return infer(asked); });
  const std::string svg = read_file(directory_ / "c.svg");
  const size_t interval = svg.find('[', svg.find(">theta[0]<") + 10);  // median [5 %, 95 %]
  EXPECT_GT(std::stod(svg.substr(interval + 1)), 0.1);
}

TEST_F(DrawTest, InferOfRowsHonoursEvidenceInSamplesAndInExpectedValues) {
  train_a_step();
  std::ofstream(directory_ / "q.csv") << "x[0],theta[0],theta[1]\n0.1,,\n0.7,,0.3\n";
  const std::string rows = directory_ / "q.csv";
  const std::vector<std::string> where = {"theta[0] in 0.25..0.375"};
  const worlds::Episodes samples =
      rows_of(inferred({.rows = rows, .samples = 50, .where = where}), 2);
  const at::Tensor theta = samples.value[0].select(1, 0).select(1, 0);
  EXPECT_TRUE(theta.ge(0.25).logical_and(theta.le(0.375)).all().item<bool>());
  const worlds::Episodes expected = rows_of(inferred({.rows = rows, .where = where}));
  for (int64_t row = 0; row < 2; ++row) {
    const float mean = expected.value[0][row][0][0].item<float>();
    EXPECT_GT(mean, 0.25F);
    EXPECT_LT(mean, 0.375F);
  }
  EXPECT_EQ(expected.value[1][0][0][0].item<float>(), 0.1F);  // to the bit, not a mean of copies
  EXPECT_EQ(expected.value[0][1][0][1].item<float>(), 0.3F);
}

TEST_F(DrawTest, InferOfRowsLeavesOutWhatEvidenceAloneSpeaksOf) {
  train_a_step();
  const InferOptions asked{.rows = directory_.write("q.csv", "x[0],theta[0],theta[1]\n0.1,,\n"),
                           .ask = {"theta[0]"},
                           .where = {"theta[1] in 0..0.5"}};
  InferOptions sampled = asked;
  sampled.samples = 3;
  const worlds::Episodes expected = rows_of(inferred(asked));
  const worlds::Episodes samples = rows_of(inferred(sampled), 2);
  const at::Tensor present_V = at::tensor({1, 0, 1, 0}).to(at::kBool);
  EXPECT_TRUE(expected.present_BTV.flatten().equal(present_V));
  EXPECT_TRUE(samples.present_BTV.flatten().equal(present_V.repeat({3})));
}

TEST_F(DrawTest, InferOfRowsHonoursAPreference) {
  train_a_step();
  std::ofstream(directory_ / "q.csv") << "x[0],theta[0],theta[1]\n0.1,,\n";
  const worlds::Episodes samples = rows_of(
      inferred({.rows = directory_ / "q.csv", .samples = 50, .prefer = "min(theta) > 0"}), 2);
  EXPECT_TRUE(samples.value[0].select(1, 0).gt(0).all().item<bool>());
}

TEST_F(DrawTest, ScoreIsADensityOfWhatIsNotGiven) {
  train_a_step();
  std::ofstream rows(directory_ / "rows.csv"), given(directory_ / "given.csv");
  rows << "theta[0],theta[1],x[0],x[1]\n";
  given << "theta[0],theta[1],x[0]\n";
  constexpr int64_t kPoints = 4000;
  for (int64_t i = 0; i < kPoints; ++i) {
    rows << -10 + 0.005 * static_cast<double>(i) << ",0.5,0.25,\n";
    given << ",0.5,0.25\n";
  }
  rows.close();
  given.close();
  ScoreOptions options{.run = directory_ / "run",
                       .rows = directory_ / "rows.csv",
                       .given = {"theta[1]", "x"},
                       .out = directory_ / "out",
                       .device = "cpu",
                       .json = true};
  EXPECT_EQ(score(options), 0);
  const std::string by_globs = read_file(options.out);
  std::istringstream lines(by_globs);
  double total = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    total += 0.005 * std::exp(row["log_prob"].get<double>());
    EXPECT_EQ(row["dimensions"], 1);       // x[1] is ABSENT: neither given nor asked
    EXPECT_LT(row["disagreement"], 1e-6);  // of one cell there is one order
  }
  EXPECT_NEAR(total, 1, 1e-3);
  options.given = {directory_ / "given.csv"};
  EXPECT_EQ(score(options), 0);
  EXPECT_EQ(read_file(options.out), by_globs);
}

TEST_F(DrawTest, ScoreRefusesGivensThatItsRowsDoNotSay) {
  train_a_step();
  std::ofstream(directory_ / "rows.csv") << "theta[0],theta[1],x[0]\n1,2,3\n1,2,3\n";
  ScoreOptions options{.run = directory_ / "run",
                       .rows = directory_ / "rows.csv",
                       .given = {directory_ / "given.csv"},
                       .out = directory_ / "out",
                       .device = "cpu"};
  const auto expect_refused = [&](const std::string& given, const std::string& about) {
    std::ofstream(options.given.front()) << given;
    EXPECT_THAT([&] { score(options); }, ThrowsMessage<Error>(testing::EndsWith(concat(
                                             "given.csv: row 1 says of '", about,
                                             "' what row 1 of ", options.rows, " does not say"))));
  };
  expect_refused("x[0]\n3\n4\n", "x[0]");
  expect_refused("x[0],x[1]\n3,\n3,3\n", "x[1]");
}

TEST_F(DrawTest, ScoreTellsHowFarOrdersDisagree) {
  train_a_step();
  std::ofstream(directory_ / "rows.csv") << "theta[0],theta[1],x[0],x[1]\n1,2,3,4\n0,0,0,0\n";
  ScoreOptions options{.run = directory_ / "run",
                       .rows = directory_ / "rows.csv",
                       .out = directory_ / "out",
                       .device = "cpu"};
  EXPECT_EQ(score(options), 0);
  const worlds::Csv csv = worlds::read_csv(options.out);
  ASSERT_EQ(csv.num_rows(), 2);
  EXPECT_EQ(csv.cell(0, 2).text, "4");
  EXPECT_GT(number_at(csv, 0, 3), 1e-4);
  EXPECT_LT(number_at(csv, 0, 1), number_at(csv, 1, 1));
  options.orders = 1;
  EXPECT_EQ(score(options), 0);
  EXPECT_THAT(read_file(options.out), StartsWith("row,log_prob,dimensions\n0,"));
  options.json = true;
  EXPECT_EQ(score(options), 0);
  EXPECT_THAT(read_file(options.out), testing::Not(HasSubstr("disagreement")));
}

// x a number, y two cells of two numbers, c one of three. The cortex believes c by logits
// (0, x, 2 x) and y, x by the mean c; it samples what it is given.
class ImputerTest : public testing::Test {
 protected:
  ImputerTest() {
    for (int64_t row = 0; row < 3; ++row) {
      roles_.asked_BTV[row][0].narrow(0, 0, 4).fill_(true);
      roles_.observed_BTV[row][0].narrow(0, 0, 4).fill_(true);
    }
  }

  testing_support::FakeBrain fake_;
  worlds::Schema schema_ = testing_support::small_schema();
  worlds::Episodes episodes_ = testing_support::counted_rows(3);
  worlds::Roles roles_{at::zeros({3, 2, 7}, at::kBool), at::zeros({3, 2, 7}, at::kBool)};
  Imputer imputer_{*fake_.cortex, schema_, {}, at::kCPU};
};

TEST_F(ImputerTest, ExpectsWhatIsHiddenAndLeavesTheRest) {
  using namespace testing_support;
  make_absent(episodes_, 1, kC);  // x = y = 1
  make_absent(episodes_, 2, kY);  // c = 2
  roles_.observed_BTV[1][0][3] = false;
  roles_.observed_BTV[2][0].narrow(0, 1, 2).fill_(false);
  const worlds::Episodes filled = imputer_.expected(episodes_, roles_).episodes;
  const worlds::Episodes all = counted_rows(3);
  EXPECT_TRUE(filled.value[kX].equal(all.value[kX]));
  EXPECT_TRUE(filled.value[kY].equal(all.value[kY]));
  EXPECT_TRUE(filled.value[kC].flatten().equal(at::tensor({0, 2, 2})));  // the likeliest, not 1
  EXPECT_TRUE(filled.present_BTV.equal(all.present_BTV));
}

TEST_F(ImputerTest, TellsHowLikelyEachCategoryIs) {
  using namespace testing_support;
  make_absent(episodes_, 1, kC);  // x = 1
  roles_.observed_BTV[1][0][3] = false;
  const worlds::Site site{.variable = kC, .row_cell = 3};
  const at::Tensor found_BK = imputer_.expected(episodes_, roles_, {site}).probability.at(0);
  const at::Tensor softmax_K = at::tensor({0.0900306F, 0.2447285F, 0.6652410F});
  EXPECT_TRUE(found_BK[0].equal(at::tensor({1.F, 0.F, 0.F})));
  EXPECT_TRUE(found_BK[1].allclose(softmax_K, 1e-6)) << found_BK;
  EXPECT_TRUE(found_BK[2].equal(at::tensor({0.F, 0.F, 1.F})));

  const at::Tensor counted_BK =  // c = 0, 1, 2, 0
      imputer_.expected_of(counted_rows(4), counted_rows(2), {site}).probability.at(0);
  EXPECT_TRUE(counted_BK.equal(at::tensor({0.5F, 0.5F, 0.F, 0.5F, 0.F, 0.5F}).view({2, 3})));
}

TEST_F(ImputerTest, SamplesFollowTheirRowsInBatchesOfAnySize) {
  for (const int64_t count : {1, 2, 300, 700}) {
    roles_.observed_BTV[0].fill_(false);
    const worlds::Episodes samples = imputer_.samples(episodes_, roles_, count, Stream(1)).episodes;
    EXPECT_TRUE(
        samples.value[0].flatten().equal(at::arange(3, at::kFloat).repeat_interleave(count)))
        << count;
  }
}

}  // namespace
}  // namespace limbic::app
