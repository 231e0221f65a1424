#include "limbic/inference/score.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/output.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/episode_table.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/text.h"

namespace limbic::app {
namespace {

using inference::Score;
using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

constexpr int64_t kBatchRows = 512;

// What is filled in of a file's rows, or the cells that globs name in every row.
at::Tensor given_cells(const ScoreOptions& options, const Episodes& episodes,
                       const worlds::World& world) {
  if (options.given.size() != 1 || !options.given.front().ends_with(".csv"))
    return worlds::sites_named(world.schema(), options.given, "--given")
        .expand_as(episodes.present_BTV);
  const std::string& file = options.given.front();
  const Episodes known = worlds::read_episodes(file, world).episodes;
  if (known.num_rows() != episodes.num_rows())
    throw input_error(file, ": expected as many rows as ", options.rows, " has, ",
                      episodes.num_rows(), ", got ", known.num_rows());
  return known.present_BTV;
}

Score score_rows(const Trained& trained, const Episodes& episodes, const Roles& roles,
                 const ScoreOptions& options, at::Device device) {
  const Schema& schema = trained.subject.world->schema();
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("score");
  std::vector<at::Tensor> log_prob_B, disagreement_B, dimensions_B;
  for (int64_t begin = 0; begin < episodes.num_rows(); begin += kBatchRows) {
    const int64_t end = std::min(begin + kBatchRows, episodes.num_rows());
    const Score part =
        inference::score(trained.brain().cortex(), schema, episodes.rows(begin, end).to(device),
                         roles.rows(begin, end), options.orders, stream.at(begin));
    log_prob_B.push_back(part.log_prob_B);
    disagreement_B.push_back(part.disagreement_B);
    dimensions_B.push_back(part.dimensions_B);
  }
  return {at::cat(log_prob_B), at::cat(disagreement_B), at::cat(dimensions_B)};
}

void write(const Score& score, bool as_json, std::ostream& out) {
  const auto log_prob = score.log_prob_B.accessor<double, 1>();
  const auto disagreement = score.disagreement_B.accessor<double, 1>();
  const auto dimensions = score.dimensions_B.accessor<double, 1>();
  if (!as_json) out << "row,log_prob,dimensions,disagreement\n";
  for (int64_t row = 0; row < log_prob.size(0); ++row) {
    const auto size = static_cast<int64_t>(dimensions[row]);
    if (as_json) {
      const nlohmann::ordered_json line{{"row", row},
                                        {"log_prob", log_prob[row]},
                                        {"dimensions", size},
                                        {"disagreement", disagreement[row]}};
      out << line.dump() << "\n";
    } else {
      out << row << "," << log_prob[row] << "," << size << "," << disagreement[row] << "\n";
    }
  }
}

}  // namespace

int score(const ScoreOptions& options) {
  const at::Device device = choose_device(options.device);
  const Trained trained = load_trained(options.run, options.at, device);
  trained.brain().cortex().require_predictions();
  const worlds::World& world = *trained.subject.world;
  const Schema& schema = world.schema();
  const Episodes episodes = worlds::read_episodes(options.rows, world).episodes;
  const at::Tensor visible_BTV = worlds::visible(episodes, schema);
  const at::Tensor observed_BTV = visible_BTV.logical_and(given_cells(options, episodes, world));
  const Roles roles{observed_BTV, visible_BTV.logical_and(observed_BTV.logical_not())};
  const Score score = score_rows(trained, episodes, roles, options, device);
  Output out(options.out);
  out.stream().precision(9);
  write(score, options.json, out.stream());
  out.commit();
  const double mean = score.log_prob_B.mean().item<double>();
  log::info(concat("mean log p ", mean, " nats a row, ",
                   mean / score.dimensions_B.mean().clamp_min(1).item<double>(),
                   " a dimension, of ", episodes.num_rows(), " rows"));
  return 0;
}

}  // namespace limbic::app
