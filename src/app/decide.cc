#include <ATen/ATen.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/output.h"
#include "limbic/app/trained.h"
#include "limbic/config/overrides.h"
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"
#include "limbic/inference/imagine.h"
#include "limbic/inference/plan.h"
#include "limbic/worlds/episode_table.h"
#include "limbic/worlds/place.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/site.h"
#include "limbic/worlds/text.h"

namespace limbic::app {
namespace {

using inference::Plan;
using inference::PlanConfig;
using worlds::Episodes;
using worlds::Place;
using worlds::Schema;

constexpr size_t kShown = 10;  // of the candidates, the best

PlanConfig plan_of(const DecideOptions& options, const Schema& schema) {
  return {.decide_TV = inference::decided_cells(schema, worlds::globs_of(schema, options.choose),
                                                "--choose"),
          .outcome = {options.outcome, config::command_line()},
          .tick = options.tick,
          .candidates = options.candidates,
          .rollouts = options.rollouts,
          .temperature = options.temperature};
}

// Where nothing is expected to be better than anything else, a choice says nothing.
void warn_of_ties(const Plan& plan) {
  const at::Tensor is_choice_B = plan.is_repeated_BN.logical_not().sum(1).gt(1);
  const at::Tensor is_even_B = plan.value_BN.amax(1).eq(plan.value_BN.amin(1));
  const auto num_ties = is_even_B.logical_and(is_choice_B).sum().item<int64_t>();
  if (num_ties == 0) return;
  const std::string rows =
      is_even_B.numel() > 1 ? concat("of ", num_ties, " of ", is_even_B.numel(), " rows ") : "";
  log::warn(rows, "all candidates are expected to do equally well: the choice says nothing");
}

Plan decide_for(const PlanConfig& config, const Trained& trained, const Episodes& episodes,
                const Stream& stream) {
  const Schema& schema = trained.setup.world->schema();
  Plan plan = inference::plan(trained.brain(), schema, episodes.to(trained.device),
                              worlds::visible(episodes, schema), config, stream);
  warn_of_ties(plan);
  return plan;
}

/// A choice as people write it: each place's value.
class Choice {
 public:
  Choice(const Schema& schema, const at::Tensor& chosen_TV)
      : schema_(schema), chosen_(worlds::places_of(schema, chosen_TV)) {}

  [[nodiscard]] nlohmann::ordered_json json(const Episodes& episodes, int64_t row) const {
    nlohmann::ordered_json values;
    for (const Place& place : chosen_) values[place.name] = text(episodes, row, place);
    return values;
  }
  [[nodiscard]] std::string line(const Episodes& episodes, int64_t row) const {
    std::string all;
    for (const Place& place : chosen_)
      all += (all.empty() ? "" : "  ") + concat(place.name, "=", text(episodes, row, place));
    return all;
  }

 private:
  [[nodiscard]] std::string text(const Episodes& episodes, int64_t row, const Place& place) const {
    const at::Tensor own = place.of_own(episodes.value[place.variable]).narrow(0, row, 1);
    return worlds::format_value(place.part_of(schema_), own.cpu());
  }

  const Schema& schema_;
  std::vector<Place> chosen_;
};

// The best candidates of the only row first, each once.
std::vector<int64_t> by_value(const Plan& plan) {
  const auto order = plan.value_BN[0].argsort(/*stable=*/true, 0, /*descending=*/true);
  const auto* const first = order.const_data_ptr<int64_t>();
  std::vector<int64_t> all(first, first + order.numel());
  std::erase_if(all, [&](int64_t n) { return plan.is_repeated_BN[0][n].item<bool>(); });
  return all;
}

void print(const Plan& plan, const Choice& choice) {
  const auto number = [](const at::Tensor& x) { return concat(x.item<double>()); };
  std::cout << choice.line(plan.decided, 0) << "\n  expected      chance\n";
  const auto order = by_value(plan);
  for (size_t i = 0; i < std::min(kShown, order.size()); ++i) {
    const int64_t n = order[i];
    std::cout << "  " << std::left << std::setw(14) << number(plan.value_BN[0][n]) << std::setw(14)
              << number(plan.probability_BN[0][n]) << choice.line(plan.candidates, n) << "\n";
  }
}

void print_json(const Plan& plan, const Choice& choice) {
  const auto chosen = plan.chosen_B[0].item<int64_t>();
  const auto number = [](const at::Tensor& x) {
    return number_to_json<nlohmann::ordered_json>(x.item<double>());
  };
  nlohmann::ordered_json out{{"chosen", choice.json(plan.decided, 0)},
                             {"expected", number(plan.value_BN[0][chosen])}};
  for (const int64_t n : by_value(plan)) {
    out["candidates"].push_back({{"choice", choice.json(plan.candidates, n)},
                                 {"expected", number(plan.value_BN[0][n])},
                                 {"probability", number(plan.probability_BN[0][n])}});
  }
  std::cout << out.dump(2) << "\n";
}

// What is given of each row, what was chosen and what is expected of that; what a row says of the
// choice is not given.
void decide_rows(const DecideOptions& options, const Trained& trained, const Stream& stream) {
  const worlds::World& world = *trained.setup.world;
  const Schema& schema = world.schema();
  worlds::EpisodesRead read = worlds::read_episodes(options.rows, world, options.reading);
  const PlanConfig config = plan_of(options, schema);
  read.episodes.present_BTV.logical_and_(config.decide_TV.logical_not());
  const worlds::EpisodeTable table(schema, read.named_TV.logical_or(config.decide_TV));
  const std::string heading = table.header({}, {"expected"});
  const Plan plan = decide_for(config, trained, read.episodes, stream);
  const auto expected_B = plan.value_BN.gather(1, plan.chosen_B.unsqueeze(1)).squeeze(1);
  Output out(options.out);
  out.stream().precision(9);
  out.stream() << heading << "\n";
  int64_t row = 0;
  for (const std::string& line : table.lines(plan.decided.to(at::kCPU)))
    out.stream() << line << "," << expected_B[row++].item<double>() << "\n";
  out.commit();
}

}  // namespace

int decide(const DecideOptions& options) {
  const Trained trained = load_trained(options.run, options.at, choose_device(options.device),
                                       options.set, WorldFrom::kCheckpoint);
  trained.brain().cortex().require_predictions();
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("decide");
  if (!options.rows.empty()) {
    decide_rows(options, trained, stream);
    return 0;
  }
  const Schema& schema = trained.setup.world->schema();
  const Episodes given = inference::told(schema, inference::parse_given(schema, options.given));
  const PlanConfig config = plan_of(options, schema);
  const Plan plan = decide_for(config, trained, given, stream);
  const Choice choice(schema, config.decide_TV);
  options.json ? print_json(plan, choice) : print(plan, choice);
  return 0;
}

}  // namespace limbic::app
