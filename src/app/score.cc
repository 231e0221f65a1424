#include "limbic/inference/score.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/output.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/episode_table.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/site.h"
#include "limbic/worlds/text.h"

namespace limbic::app {
namespace {

using inference::Score;
using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

constexpr int64_t kBatchRows = 512;

// Where two rows' values of a variable differ: [B, T, cells].
at::Tensor differs(const worlds::Variable& variable, const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor apart = a.ne(b);
  return variable.kind == worlds::Kind::kVector ? apart.any(-1) : apart;
}

// Errors  input: a row of `known` says what the same row of `episodes` does not say, or otherwise.
void require_agreement(const Episodes& known, const Episodes& episodes, const Schema& schema,
                       const ScoreOptions& options) {
  at::Tensor other_BTV = episodes.present_BTV.logical_not();
  for (int64_t i = 0; i < schema.size(); ++i) {
    worlds::own_cells(other_BTV, schema, i)
        .logical_or_(differs(schema[i], known.value[i], episodes.value[i]));
  }
  other_BTV.logical_and_(worlds::visible(known, schema));
  const at::Tensor found = other_BTV.nonzero();
  if (found.size(0) == 0) return;
  const auto index = found.accessor<int64_t, 2>()[0];  // row, tick, cell
  for (const worlds::Site& site : worlds::sites_of(schema)) {
    if (site.tick == index[1] && site.row_cell == index[2])
      throw input_error(options.given.front(), ": row ", index[0], " says of ",
                        quoted(worlds::site_name(schema, site)), " what row ", index[0], " of ",
                        options.rows, " does not say");
  }
}

bool is_file(const std::vector<std::string>& given, const Schema& schema) {
  if (given.size() != 1) return false;
  const std::string& text = given.front();
  return text.ends_with(".csv") || (!worlds::names_a_site(schema, text) && exists(text));
}

// What is filled in of a file's rows, or the cells that globs name in every row.
at::Tensor given_cells(const ScoreOptions& options, const Episodes& episodes,
                       const worlds::World& world) {
  const Schema& schema = world.schema();
  if (!is_file(options.given, schema))
    return worlds::seen_sites_named(schema, worlds::globs_of(schema, options.given),
                                    worlds::cortical_cells(schema), "--given")
        .expand_as(episodes.present_BTV);
  const std::string& file = options.given.front();
  const Episodes known = worlds::read_episodes(file, world, options.reading).episodes;
  if (known.num_rows() != episodes.num_rows())
    throw input_error(file, ": expected as many rows as ", options.rows, " has, ",
                      episodes.num_rows(), ", got ", known.num_rows());
  require_agreement(known, episodes, schema, options);
  return known.present_BTV;
}

Score score_rows(const Trained& trained, const Episodes& episodes, const Roles& roles,
                 const ScoreOptions& options) {
  const Schema& schema = trained.setup.world->schema();
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("score");
  std::vector<at::Tensor> log_prob_B, disagreement_B, dimensions_B;
  for (int64_t begin = 0; begin < episodes.num_rows(); begin += kBatchRows) {
    const int64_t end = std::min(begin + kBatchRows, episodes.num_rows());
    const Score part = inference::score(trained.brain().cortex(), schema,
                                        episodes.rows(begin, end).to(trained.device),
                                        roles.rows(begin, end), options.orders, stream.at(begin));
    log_prob_B.push_back(part.log_prob_B);
    disagreement_B.push_back(part.disagreement_B);
    dimensions_B.push_back(part.dimensions_B);
  }
  return {at::cat(log_prob_B), at::cat(disagreement_B), at::cat(dimensions_B)};
}

void write(const Score& score, const ScoreOptions& options, std::ostream& out) {
  const auto log_prob = score.log_prob_B.accessor<double, 1>();
  const auto disagreement = score.disagreement_B.accessor<double, 1>();
  const auto dimensions = score.dimensions_B.accessor<double, 1>();
  const bool has_several = options.orders > 1;  // one alone disagrees with nobody
  if (!options.json) out << "row,log_prob,dimensions" << (has_several ? ",disagreement\n" : "\n");
  for (int64_t row = 0; row < log_prob.size(0); ++row) {
    const auto size = static_cast<int64_t>(dimensions[row]);
    if (options.json) {
      using Json = nlohmann::ordered_json;
      Json line{
          {"row", row}, {"log_prob", number_to_json<Json>(log_prob[row])}, {"dimensions", size}};
      if (has_several) line["disagreement"] = number_to_json<Json>(disagreement[row]);
      out << line.dump() << "\n";
    } else {
      out << row << "," << log_prob[row] << "," << size;
      if (has_several) out << "," << disagreement[row];
      out << "\n";
    }
  }
}

}  // namespace

int score(const ScoreOptions& options) {
  const Trained trained = load_trained(options.run, options.at, choose_device(options.device),
                                       options.set, WorldFrom::kCheckpoint);
  trained.brain().cortex().require_predictions();
  const worlds::World& world = *trained.setup.world;
  const Schema& schema = world.schema();
  const Episodes episodes = worlds::read_episodes(options.rows, world, options.reading).episodes;
  const at::Tensor visible_BTV = worlds::visible(episodes, schema);
  const at::Tensor observed_BTV = visible_BTV.logical_and(given_cells(options, episodes, world));
  const Roles roles{observed_BTV, visible_BTV.logical_and(observed_BTV.logical_not())};
  const Score score = score_rows(trained, episodes, roles, options);
  Output out(options.out);
  out.stream().precision(9);
  write(score, options, out.stream());
  out.commit();
  const double total = score.log_prob_B.sum().item<double>();
  log::info(concat("mean log p ", total / static_cast<double>(episodes.num_rows()), " nats a row, ",
                   total / score.dimensions_B.sum().clamp_min(1).item<double>(),
                   " a dimension, of ", episodes.num_rows(), " rows"));
  return 0;
}

}  // namespace limbic::app
