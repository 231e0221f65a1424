#include "limbic/app/inspect_assessor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/choose.h"
#include "limbic/app/device.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/held_out.h"
#include "limbic/inference/attribution.h"
#include "limbic/inference/trace.h"
#include "limbic/worlds/episode_table.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/site.h"

namespace limbic::app {

using inference::Attribution;
using inference::AttributionTarget;
using inference::Influence;
using Json = nlohmann::ordered_json;

namespace {

constexpr size_t kMostListed = 10;  // features, and cells of a variable, that people are shown
constexpr int64_t kMostCells = 32;  // of a tick of a variable that is no picture
constexpr const char* kTraceLegend =
    "  thought: the norm of the cortex's; mean, deviation: the scorecard, to which linear and mlp\n"
    "  give a claim the deviation of a coin, sqrt(mean (1 - mean)); truth, override, gate: what\n"
    "  steering says; realised: what the variable comes to, for which drives reward\n";

int64_t index_of(const std::string& name, const std::vector<std::string>& names) {
  if (names.empty())
    throw input_error("--assessor: this brain has none, since nothing is under steering.variables");
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return found - names.begin();
  throw input_error("--assessor: unknown assessor ", quoted(name), did_you_mean(name, names));
}

// The tick that is asked for; else the first of those where the output differs most between rows.
int64_t tick_of(const InspectOptions& options, const at::Tensor& raw_BT) {
  const int64_t last = raw_BT.size(1) - 1;
  if (!options.tick)
    return raw_BT.to(at::kDouble).var(0, /*unbiased=*/false).argmax().item<int64_t>();
  if (*options.tick <= last) return *options.tick;
  throw input_error("--tick: episodes end at tick ", last, ", got ", *options.tick);
}

// --rows test episodes, or all that there are.
worlds::Episodes drawn(const InspectOptions& options, const Trained& trained,
                       const std::string& regime) {
  const worlds::World& world = *trained.setup.world;
  const evals::HeldOut held_out{
      .regime = {.text = regime, .mark = {}}, .split = worlds::Split::kTest, .rows = options.rows};
  const int64_t num_rows = evals::num_rows_read(held_out, world, evals::Copies::kLeftOut);
  if (options.episode && *options.episode >= num_rows)
    throw input_error("--episode: expected 0 to ", num_rows - 1, " of ", num_rows,
                      " test episodes, got ", *options.episode);
  const Stream stream = Stream(static_cast<uint64_t>(trained.config.seed)).child("inspect");
  return world.draw({.regime = regime, .split = held_out.split, .num_rows = num_rows}, stream);
}

Json number(double value) { return number_to_json<Json>(value); }
double number_in(const Json& json) { return number_from_json(json).value(); }

std::vector<Influence> strongest_first(std::vector<Influence> influences) {
  std::ranges::stable_sort(influences, std::greater{}, &Influence::ablation);
  return influences;
}

Json describe(const Influence& influence) {
  return {{"name", influence.name},
          {"ablation", number(influence.ablation)},
          {"gradient", number(influence.gradient)}};
}

Json describe(const std::vector<Influence>& influences) {
  Json list = Json::array();
  for (const Influence& influence : influences) list.push_back(describe(influence));
  return list;
}

void describe(const Attribution& attribution, Json& out) {
  out["agreement"] = {{"features", number(attribution.features_agree)},
                      {"inputs", number(attribution.inputs_agree)}};
  out["features"] = describe(strongest_first(attribution.features));
  out["inputs"] = Json::array();
  for (const auto& input : attribution.inputs) {
    Json entry = describe(input.whole);
    entry["seen"] = input.seen;
    entry["slope_of"] = input.has_slope ? "values" : "thought";
    if (!input.cells.empty()) entry["cells"] = describe(input.cells);
    out["inputs"].push_back(entry);
  }
}

Json describe_rewards(const std::vector<double>& rewards, const std::vector<std::string>& drives) {
  Json split = Json::object();
  for (size_t r = 0; r < drives.size(); ++r) split[drives[r]] = number(rewards[r]);
  return split;
}

Json describe(const inference::Trace& trace, const std::vector<std::string>& drives) {
  Json ticks = Json::array();
  for (const auto& tick : trace.ticks) {
    ticks.push_back({{"thought_norm", number(tick.thought_norm)},
                     {"mean", number(tick.mean)},
                     {"deviation", number(tick.deviation)},
                     {"truth", number(tick.truth)},
                     {"override", tick.is_overridden},
                     {"gate", number(tick.gate)},
                     {"realised", number(tick.realised)},
                     {"rewards", describe_rewards(tick.rewards, drives)},
                     {"total", number(tick.total)}});
  }
  return {{"ticks", ticks},
          {"rewards", describe_rewards(trace.rewards, drives)},
          {"total", number(trace.total)}};
}

// What is there of an episode, as --given says it, but for pictures.
Json describe_cells(const worlds::Schema& schema, const worlds::Episodes& episode) {
  Json cells = Json::object();
  const at::Tensor present_TV = episode.present_BTV[0];
  for (const worlds::Site& site : worlds::sites_of(schema)) {
    const worlds::Variable& variable = schema[site.variable];
    const bool is_picture = variable.numbers_a_cell() > 1 || variable.num_cells > kMostCells;
    if (is_picture || !present_TV[site.tick][site.row_cell].item<bool>()) continue;
    const at::Tensor alone_TV = at::zeros_like(present_TV);
    alone_TV[site.tick][site.row_cell].fill_(true);
    cells[worlds::site_name(schema, site)] =
        worlds::EpisodeTable(schema, alone_TV).lines(episode).front();
  }
  return cells;
}

// One line of a table: a name, then numbers.
void print_line(const std::string& name, const std::vector<double>& numbers) {
  std::cout << "  " << std::left << std::setw(22) << name << std::right << std::fixed
            << std::setprecision(4);
  for (const double value : numbers) std::cout << std::setw(12) << value;
  std::cout << "\n";
}

void print_agreement(const std::string& title, const Json& agreement) {
  std::cout << "\n" << std::left << std::setw(24) << title << "    ablation    gradient   ";
  if (agreement.is_string())
    std::cout << "too few or all alike to rank\n";
  else
    std::cout << "agree in rank: " << std::fixed << std::setprecision(3) << agreement.get<double>()
              << "\n";
}

void print_influences(Json influences, const std::string& indent) {
  std::stable_sort(influences.begin(), influences.end(), [](const Json& a, const Json& b) {
    return number_in(a["ablation"]) > number_in(b["ablation"]);
  });
  for (size_t i = 0; i < std::min(kMostListed, influences.size()); ++i) {
    const Json& each = influences[i];
    print_line(indent + each["name"].get<std::string>(),
               {number_in(each["ablation"]), number_in(each["gradient"])});
  }
  if (influences.size() > kMostListed)
    std::cout << "  " << indent << "and " << influences.size() - kMostListed << " weaker ones\n";
}

void print_inputs(const Json& out) {
  print_agreement("inputs of the cortex", out["agreement"]["inputs"]);
  bool is_any_marked = false;
  for (const Json& input : out["inputs"]) {
    if (input["seen"] == 0) {
      std::cout << "  " << std::left << std::setw(22) << input["name"].get<std::string>()
                << "   not there\n";
      continue;
    }
    is_any_marked = is_any_marked || input["slope_of"] == "thought";
    Json whole = input;
    if (input["slope_of"] == "thought") whole["name"] = whole["name"].get<std::string>() + " *";
    print_influences(Json::array({whole}), "");
    if (input.contains("cells")) print_influences(input["cells"], "  ");
  }
  if (is_any_marked) {
    std::cout << "  * gradient of the thought alone, so a linear assessor's is its ablation by "
                 "construction\n";
  }
}

void print_cells(const Json& cells) {
  constexpr size_t kMost = 40;
  size_t shown = 0;
  for (const auto& [name, value] : cells.items()) {
    if (shown == kMost) break;
    std::cout << (shown++ == 0 ? ": " : ", ") << name << "=" << value.get<std::string>();
  }
  if (cells.size() > shown) std::cout << " and " << cells.size() - shown << " more cells";
}

void print_trace(const Json& trace) {
  std::cout << std::right << "\nepisode " << trace["episode"];
  print_cells(trace["cells"]);
  std::cout << "\n   tick   thought      mean deviation"
            << "     truth override      gate  realised";
  for (const auto& [drive, reward] : trace["rewards"].items())
    std::cout << std::setw(10) << drive.substr(0, 9);
  std::cout << "     total\n";
  const auto print = [](const Json& value) { std::cout << std::setw(10) << number_in(value); };
  std::cout << std::fixed << std::setprecision(4);
  int64_t index = 0;
  for (const Json& tick : trace["ticks"]) {
    std::cout << std::setw(7) << index++;
    for (const char* key : {"thought_norm", "mean", "deviation", "truth"}) print(tick[key]);
    std::cout << std::setw(9) << (tick["override"].get<bool>() ? "yes" : "no");
    for (const char* key : {"gate", "realised"}) print(tick[key]);
    for (const auto& [drive, reward] : tick["rewards"].items()) print(reward);
    print(tick["total"]);
    std::cout << "\n";
  }
  std::cout << "    all" << std::string(69, ' ');
  for (const auto& [drive, reward] : trace["rewards"].items()) print(reward);
  print(trace["total"]);
  std::cout << "\n" << kTraceLegend;
}

void print(const Json& out) {
  std::cout << out["run"].get<std::string>() << "  step " << out["step"] << ", assessor "
            << out["assessor"].get<std::string>() << " at tick " << out["tick"] << " of "
            << out["rows"] << " test episodes of " << out["regime"].get<std::string>()
            << "; its raw output is " << std::fixed << std::setprecision(4)
            << number_in(out["output"]["mean"]) << " +- " << number_in(out["output"]["deviation"])
            << "\n";
  print_agreement("features of the thought", out["agreement"]["features"]);
  print_influences(out["features"], "");
  print_inputs(out);
  if (out.contains("trace")) print_trace(out["trace"]);
}

}  // namespace

int inspect_assessor(const InspectOptions& options) {
  const at::NoGradGuard no_grad;
  const at::Device device = choose_device(options.device);
  const Trained trained = load_trained(options.run, options.at, device, options.set);
  brain::Brain& brain = trained.brain();
  const worlds::World& world = *trained.setup.world;
  AttributionTarget target{.assessor = index_of(*options.assessor, brain.program().names())};
  const std::string regime = choose_regime(options.regime, world);
  const worlds::Episodes episodes = drawn(options, trained, regime).to(device);
  const brain::Signals signals = brain.signals(episodes, worlds::visible(episodes, world.schema()));
  const at::Tensor raw_BT = signals.scorecard.raw_BTN.select(2, target.assessor);
  target.tick = tick_of(options, raw_BT);
  const at::Tensor raw_B = raw_BT.select(1, target.tick).to(at::kDouble);
  Json out = {{"run", options.run},
              {"step", trained.state.step},
              {"assessor", *options.assessor},
              {"regime", regime},
              {"split", "test"},
              {"rows", episodes.num_rows()},
              {"tick", target.tick}};
  out["output"] = {{"mean", number(raw_B.mean().item<double>())},
                   {"deviation", number(raw_B.std(/*unbiased=*/false).item<double>())}};
  describe(inference::attribute(brain, world.schema(), episodes, target), out);
  if (options.episode) {
    const int64_t row = *options.episode;
    out["trace"] = {
        {"episode", row},
        {"cells", describe_cells(world.schema(), episodes.rows(row, row + 1).to(at::kCPU))}};
    out["trace"].update(
        describe(inference::trace(signals, row, target.assessor), brain.program().drives()));
  }
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out);
  return 0;
}

}  // namespace limbic::app
