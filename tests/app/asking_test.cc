#include "limbic/app/asking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "../support/temporary_directory.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::StrEq;
using testing::ThrowsMessage;

constexpr const char* kBrain = R"yaml(
seed: 3
cortex: {type: transformer, width: 16, blocks: 1, heads: 2, scalar_mixture: 2}
steering:
  senses: {hurt: pain > 0.5}
  variables: {fear: {truth: hurt}}
amygdala: {type: linear}
curriculum:
  - stage: see
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 3 steps}
  - stage: fear
    inherit: see
    train: [amygdala]
    drop: [predict]
    losses: {assess: {type: assess, trains: [amygdala]}}
    until: {after: 3 steps}
optimizer: {learning_rate: 0.1}
training: {batch_size: 8, chunks: 1}
)yaml";

/// Asks a brain that sees animals and feels pain, which it fears and nobody imagines.
class AskingTest : public testing::Test {
 protected:
  AskingTest() {
    log::set_level(log::Level::kQuiet);
    const std::string config = directory_ / "config.yaml", table = directory_ / "table.csv";
    std::ofstream(table) << "size:scalar,kind:category,coat:category,pain:scalar\n"
                            "1.5,cat,red,0\n2.5,dog,red,1\n1,cat,grey,0\n3,dog,grey,1\n"
                            "2,dog,grey,1\n1.2,cat,red,0\n2.2,dog,red,1\n0.9,cat,grey,0\n";
    std::ofstream(config) << "world: {type: table, file: " << table
                          << ", validation: 0, test: 0, columns: {pain: {access: primitive}}}"
                          << kBrain;
    train_run(config, directory_ / "run");
  }

  [[nodiscard]] InferOptions question() const {
    return {.run = directory_ / "run", .ask = {"size"}, .device = "cpu"};
  }
  [[nodiscard]] DecideOptions decision(const std::string& outcome) const {
    return {.run = directory_ / "run", .choose = {"kind"}, .outcome = outcome, .device = "cpu"};
  }
  [[nodiscard]] std::string rows(const std::string& text) const {
    std::ofstream(directory_ / "rows.csv") << text;
    return directory_ / "rows.csv";
  }
  /// What a command says beside its answer.
  static std::string said(auto&& command) {
    log::set_level(log::Level::kInfo);
    testing::internal::CaptureStderr();
    (void)answer(command);
    log::set_level(log::Level::kQuiet);
    return testing::internal::GetCapturedStderr();
  }
  static nlohmann::json json(InferOptions options) {
    options.json = true;
    return nlohmann::json::parse(answer([&] { return infer(options); }));
  }

  testing_support::TemporaryDirectory directory_;
};

TEST_F(AskingTest, TheScorecardHeedsEvidenceAsItDoesWhatIsGiven) {
  InferOptions given = question(), likely = question();
  given.given = {"kind=dog"};
  likely.where = {"kind in dog"};
  const nlohmann::json sure = json(given), found = json(likely);
  EXPECT_NEAR(found["scorecard"]["fear"]["mean"].get<double>(),
              sure["scorecard"]["fear"]["mean"].get<double>(), 1e-5);
  EXPECT_NE(sure["scorecard"], json(question())["scorecard"]) << "or evidence would not show";
  EXPECT_EQ(found["scorecard_tick"], 0);
  EXPECT_EQ(found["scorecard_samples"], 100);
  EXPECT_FALSE(sure.contains("scorecard_samples"));
  EXPECT_THAT(answer([&] { return infer(given); }), HasSubstr("\nscorecard at tick 0\n  fear "));
  EXPECT_THAT(answer([&] { return infer(likely); }),
              HasSubstr("\nscorecard at tick 0, mean of 100 samples\n  fear "));
}

TEST_F(AskingTest, EvidenceThatTheBrainAllButRulesOutIsToldOf) {
  const std::string warning =
      "warning: what the brain believes all but contradicts --where: p below 1e-4, in 100 of 100 "
      "samples\n";
  InferOptions asked = question();
  asked.where = {"size in 1000..1001"};
  EXPECT_THAT(said([&] { return infer(asked); }), HasSubstr(warning));
  EXPECT_THAT(answer([&] { return infer(asked); }), HasSubstr("\nlog evidence: -"));
  asked.where = {"size in 0..5"};
  EXPECT_THAT(said([&] { return infer(asked); }), Not(HasSubstr("warning")));
}

TEST_F(AskingTest, WhatNoCandidateAnswersToHasALogEvidenceThatIsNoNumber) {
  InferOptions asked = question();
  asked.prefer = "size > 1000000";
  EXPECT_EQ(json(asked)["choice"]["log_evidence"], "-Infinity");
  EXPECT_THAT(answer([&] { return infer(asked); }), HasSubstr("\nlog evidence: -inf; "));
}

TEST_F(AskingTest, AnAssessorIsNotAsked) {
  InferOptions asked = question();
  asked.ask = {"fear"};
  EXPECT_THAT([&] { (void)infer(asked); },
              ThrowsMessage<Error>(
                  StrEq("--ask: 'fear' is an assessor: it is in the scorecard of any answer")));
}

TEST_F(AskingTest, AnOutcomeThatReadsWhatNobodyImaginesIsRefused) {
  for (const std::string outcome : {"pain", "hurt", "truth.fear"}) {
    EXPECT_THAT(
        [&] { (void)decide(decision(outcome)); },
        ThrowsMessage<Error>(StrEq("'" + outcome + "' reads 'pain', which nobody imagines")));
  }
  for (const std::string foretold : {"fear", "assess.fear"})
    EXPECT_THAT(answer([&] { return decide(decision(foretold)); }), StartsWith("kind="));
}

TEST_F(AskingTest, APreferenceThatReadsWhatAllRowsLackIsRefused) {
  InferOptions asked = question();
  asked.prefer = "coat == 'red'";
  EXPECT_THAT([&] { (void)infer(asked); },
              ThrowsMessage<Error>(StrEq("'coat == 'red'' reads 'coat', which nobody imagines; "
                                         "ask for it or give it")));
  asked.rows = rows("size,coat\n,\n,\n");
  EXPECT_THAT([&] { (void)infer(asked); },
              ThrowsMessage<Error>(StrEq("'coat == 'red'' reads 'coat', which nobody imagines in "
                                         "any row; ask for it or give it")));
  asked.rows = rows("size,coat\n,red\n,\n");
  EXPECT_NO_THROW(answer([&] { return infer(asked); }));
  asked.ask = {};
  asked.samples = 2;
  EXPECT_THAT(answer([&] { return infer(asked); }), StartsWith("row,sample,size,coat\n0,0,"));
}

TEST_F(AskingTest, EvidenceSaysNothingOfARowThatGivesTheValue) {
  InferOptions asked = question();
  asked.ask = {};
  asked.where = {"kind in dog"};
  asked.samples = 5;
  asked.rows = rows("size,kind\n1,\n,cat\n");
  EXPECT_THAT(
      said([&] { return infer(asked); }),
      HasSubstr("1 of 2 rows give the value that 'kind in dog' is about: it says nothing of "
                "them"));
  std::istringstream lines(answer([&] { return infer(asked); }));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "row,sample,size,kind");
  for (int64_t i = 0; i < 10; ++i) {
    std::getline(lines, line);
    EXPECT_THAT(line, EndsWith(i < 5 ? ",1,dog" : ",cat"));
  }
  asked.rows = rows("size,kind\n1,dog\n,cat\n");
  EXPECT_THAT(
      [&] { (void)infer(asked); },
      ThrowsMessage<Error>(StrEq("'kind in dog' is about a value that is given in every row")));
}

TEST_F(AskingTest, AChoiceIsListedOnce) {
  DecideOptions asked = decision("size");
  asked.choose = {"kind,coat"};
  asked.candidates = 32;
  asked.temperature = 1;
  asked.json = true;
  const auto found = nlohmann::json::parse(answer([&] { return decide(asked); }));
  std::set<std::string> choices;
  double total = 0;
  for (const auto& candidate : found["candidates"]) {
    EXPECT_TRUE(choices.insert(candidate["choice"].dump()).second) << candidate;
    EXPECT_GT(candidate["probability"], 0);
    total += candidate["probability"].get<double>();
  }
  EXPECT_GT(choices.size(), 1U);
  EXPECT_NEAR(total, 1, 1e-9);
}

TEST_F(AskingTest, CandidatesOfWhichNoneIsBetterAreToldOf) {
  const std::string warning =
      "all candidates are expected to do equally well: the choice says nothing\n";
  EXPECT_THAT(said([&] { return decide(decision("0 * size")); }), HasSubstr("warning: " + warning));
  EXPECT_THAT(said([&] { return decide(decision("size")); }), Not(HasSubstr(warning)));
  DecideOptions asked = decision("0 * size");
  asked.rows = rows("coat\nred\ngrey\n");
  EXPECT_THAT(said([&] { return decide(asked); }), HasSubstr("of 2 of 2 rows " + warning));
}

}  // namespace
}  // namespace limbic::app
