#include "limbic/curriculum/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/core/error.h"
#include "limbic/curriculum/curriculum.h"
#include "toy_curriculum.h"

namespace limbic::curriculum {
namespace {

using testing::EndsWith;
using testing::StartsWith;
using testing::StrEq;
using testing::ThrowsMessage;

std::string log_of_a_run_with_a_fall_back() {
  Curriculum run(read_curriculum(R"(
- stage: see
  train: [c]
  until: {any: [{metric: eval/x, below: 1, for: 2 evals}, {after: 4k steps}]}
- stage: fear
  train: [c]
  until: {metric: eval/y, above: 0.9, for: 1 eval}
  at_most: 100 steps
  fall_back: {to: see, when: {metric: eval/x, above: 2, for: 1 eval}}
)")
                     .plan());
  std::string log;
  const auto decide = [&](int64_t step, const Metrics& fresh) {
    log += to_json_line(run.decide(step, fresh)) + "\n";
  };
  decide(10, {{"eval/x", 0.5}});
  decide(20, {{"eval/x", 0.25}});
  decide(30, {{"eval/x", 3}});
  decide(40, {{"eval/x", 0.5}});
  decide(50, {{"eval/x", 0.5}});
  decide(60, {{"eval/x", 1.5}});
  return log;
}

TEST(ExplainTest, TellsEachStayItsEndAndItsLastValues) {
  const auto decisions = read_decisions(log_of_a_run_with_a_fall_back(), "decisions.jsonl");
  EXPECT_EQ(explain(decisions), R"(see: steps 0 to 20, looked at 2 times
  left for fear: 'until' holds
    [x] eval/x below 1 for 2 evals                    0.25, 2 of 2
    [ ] after 4000 steps                              20
fear: steps 20 to 30, looked at 1 time
  fell back to see (1 of 1): 'fall_back' holds
    [ ] eval/y above 0.9 for 1 eval                   never measured
    [x] fall back: eval/x above 2 for 1 eval          3
see (visit 2): steps 30 to 50, looked at 2 times
  left for fear: 'until' holds
    [x] eval/x below 1 for 2 evals                    0.5, 2 of 2
    [ ] after 4000 steps                              20
fear (visit 2): steps 50 to 60, looked at 1 time
  not yet left
    [ ] eval/y above 0.9 for 1 eval                   never measured
    [ ] fall back: eval/x above 2 for 1 eval          1.5
)");
}

TEST(ExplainTest, TellsFromWhichStepOfAStayAnotherConfigWasGoneOnBy) {
  std::string log = log_of_a_run_with_a_fall_back();
  const auto insert = [&log](const std::string& before, int64_t step) {
    const ConfigSwitch to_other{step, {{"optimizer.beta2", "0.5", concat("0.", step)}}};
    log.insert(log.find(before), to_json_line(to_other) + "\n");
  };
  insert("{\"step\":20,", 15);
  insert("{\"step\":30,", 20);
  log += to_json_line(ConfigSwitch{70, {{"seed", "1", "2"}}}) + "\n";
  const std::string told = explain(read_decisions(log, "decisions.jsonl"));
  EXPECT_THAT(told, StartsWith(R"(see: steps 0 to 20, looked at 2 times
  from step 15: optimizer.beta2 0.5 -> 0.15
  left for fear: 'until' holds
    [x] eval/x below 1 for 2 evals                    0.25, 2 of 2
    [ ] after 4000 steps                              20
fear: steps 20 to 30, looked at 1 time
  from step 20: optimizer.beta2 0.5 -> 0.2
)"));
  EXPECT_THAT(told, EndsWith("1.5\n  from step 70: seed 1 -> 2\n"));
}

TEST(ExplainTest, AnEmptyLogIsNoMistake) {
  EXPECT_EQ(explain(read_decisions("", "decisions.jsonl")), "no decision yet\n");
}

TEST(ExplainTest, NamesTheDamagedLine) {
  const std::string log = log_of_a_run_with_a_fall_back();
  EXPECT_THAT([&] { read_decisions(log.substr(0, log.size() - 5) + "\n", "decisions.jsonl"); },
              ThrowsMessage<Error>(StrEq("decisions.jsonl:6 is not a JSON object")));
}

TEST(ExplainTest, ALineThatIsStillBeingWrittenIsLeftOut) {
  const std::string log = log_of_a_run_with_a_fall_back();
  EXPECT_EQ(read_decisions(log.substr(0, log.size() - 5), "decisions.jsonl").size(), 5);
}

}  // namespace
}  // namespace limbic::curriculum
