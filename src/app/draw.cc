#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "limbic/app/build.h"
#include "limbic/app/choose.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/corner.h"
#include "limbic/app/output.h"
#include "limbic/config/problems.h"
#include "limbic/core/json_number.h"
#include "limbic/evals/episode_source.h"
#include "limbic/evals/held_out.h"
#include "limbic/worlds/episode_table.h"

namespace limbic::app {
namespace {

using evals::Copies;
using worlds::Episodes;
using worlds::Oracle;
using worlds::Roles;

/// The rows that are drawn, and what is known of them.
class Drawing {
 public:
  Drawing(const worlds::World& world, const DrawOptions& options, int64_t seed)
      : options_(options),
        source_{.world = world,
                .stream = evals::training_stream(static_cast<uint64_t>(seed)),
                .training = evals::training_stream(static_cast<uint64_t>(seed)),
                .device = at::kCPU},
        given_TV_(worlds::sites_named(world.schema(),
                                      worlds::globs_of(world.schema(), options.given), "--given")) {
    rows_.regime.text = choose_regime(options.regime, world);
    rows_.split = choose_split(options.split);
    rows_.rows = options.rows;
  }

  void write_rows(std::ostream& out) const {
    const worlds::EpisodeTable table(source_.world.schema());
    out << table.header() << "\n";
    each_batch(Copies::kRead, [&](const Episodes& episodes, const Stream&) {
      for (const std::string& line : table.lines(episodes)) out << line << "\n";
    });
  }

  /// All that is not given, drawn options.samples times for each row; the first row's in `corner`.
  void write_samples(const Oracle& oracle, std::ostream& out, std::optional<Output>& corner) const {
    const worlds::EpisodeTable table(source_.world.schema());
    out << table.header({"row"}) << "\n";
    int64_t row = 0;
    each_batch(Copies::kRead, [&](const Episodes& episodes, const Stream& stream) {
      for (int64_t r = 0; r < episodes.num_rows(); ++r, ++row) {
        const Episodes one = episodes.rows(r, r + 1);
        const Episodes copies = worlds::repeat_rows(one, *options_.samples);
        const at::Tensor observed_BTV = copies.present_BTV.logical_and(given_TV_);
        const Roles roles{observed_BTV, copies.present_BTV.logical_and(observed_BTV.logical_not())};
        const Episodes samples = oracle.sample(copies, roles, stream.child("samples").at(r));
        for (const std::string& line : table.lines(samples)) out << row << "," << line << "\n";
        if (row == 0 && corner) {
          const auto axes =
              corner_axes(source_.world.schema(), samples, roles.asked_BTV[0], /*truth=*/one);
          corner->stream() << draw_corner(axes, given_text());
        }
      }
    });
  }

  /// Mean log p of what the cortex sees and is not given; a row that comes again counts once.
  [[nodiscard]] nlohmann::ordered_json floor(const Oracle& oracle) const {
    std::vector<at::Tensor> log_prob_B, num_asked_B;
    each_batch(Copies::kLeftOut, [&](const Episodes& episodes, const Stream&) {
      const Roles roles = worlds::ask_the_rest(episodes, source_.world.schema(),
                                               episodes.present_BTV.logical_and(given_TV_));
      log_prob_B.push_back(oracle.log_prob(episodes, roles));
      num_asked_B.push_back(roles.asked_BTV.sum(at::IntArrayRef({1, 2})));
    });
    const at::Tensor all_B = at::cat(log_prob_B);
    const int64_t num_rows = all_B.numel();
    nlohmann::ordered_json json{
        {"rows", num_rows},
        {"asked", at::cat(num_asked_B).to(at::kDouble).mean().item<double>()},
        {"log_prob", number_to_json<nlohmann::ordered_json>(all_B.mean().item<double>())},
        {"standard_error", nullptr}};
    if (num_rows > 1)
      json["standard_error"] = number_to_json<nlohmann::ordered_json>(
          all_B.std().item<double>() / std::sqrt(static_cast<double>(num_rows)));
    return json;
  }

 private:
  [[nodiscard]] std::string given_text() const {
    std::string text;
    for (const std::string& globs : options_.given)
      text += (text.empty() ? "given " : ", ") + globs;
    return text;
  }

  void each_batch(
      Copies copies,
      const std::function<void(const Episodes& episodes, const Stream& stream)>& visit) const {
    evals::each_batch(rows_, source_, visit, copies);
  }

  const DrawOptions& options_;
  evals::EpisodeSource source_;
  at::Tensor given_TV_;
  evals::HeldOut rows_;
};

const Oracle& require_oracle(const RunConfig& config, const worlds::World& world) {
  if (world.oracle() == nullptr) {
    config::refuse(config.world.mark(),
                   concat("a world of type ", config.world.type(),
                          " has no exact answers, which --samples and --floor ask for"));
  }
  return *world.oracle();
}

}  // namespace

int draw(const DrawOptions& options) {
  const at::NoGradGuard no_grad;
  const RunConfig config = read_config(options.config, options.set);
  const Setup setup = build_setup(config);
  const Drawing drawing(*setup.world, options, options.seed.value_or(config.seed));
  const bool asks = options.samples || options.floor;
  const Oracle* oracle = asks ? &require_oracle(config, *setup.world) : nullptr;
  Output out(options.out);
  std::optional<Output> corner = optional_output(options.corner);
  if (options.floor) {
    out.stream() << drawing.floor(*oracle).dump() << "\n";
  } else if (options.samples) {
    drawing.write_samples(*oracle, out.stream(), corner);
  } else {
    drawing.write_rows(out.stream());
  }
  out.commit();
  if (corner) corner->commit();
  return 0;
}

}  // namespace limbic::app
