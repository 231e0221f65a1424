#include "limbic/app/infer_rows.h"

#include <ATen/ATen.h>

#include <utility>

#include "limbic/app/corner.h"
#include "limbic/app/imputer.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/inference/preference.h"
#include "limbic/inference/sampler.h"
#include "limbic/inference/summary.h"
#include "limbic/worlds/episode_table.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/text.h"

namespace limbic::app {

using worlds::Episodes;
using worlds::EpisodeTable;
using worlds::Roles;
using worlds::Schema;
using worlds::Site;

namespace {

constexpr int64_t kCandidates = 64;  // of each sample, where there is evidence or a preference

at::Tensor asked_sites(const InferOptions& options, const Schema& schema,
                       const at::Tensor& named_TV) {
  const at::Tensor seen_TV = worlds::cortical_cells(schema);
  return options.ask.empty() ? named_TV.logical_and(seen_TV)
                             : worlds::seen_sites_named(
                                   schema, worlds::globs_of(schema, options.ask), seen_TV, "--ask");
}

/// Quantiles of the scalars that are asked, as further columns of a table.
class QuantileColumns {
 public:
  QuantileColumns(const Schema& schema, const at::Tensor& asked_TV,
                  const std::vector<double>& quantiles)
      : schema_(schema), quantiles_(quantiles) {
    if (quantiles.empty()) return;
    const auto asked = asked_TV.accessor<bool, 2>();
    for (const Site& site : worlds::sites_of(schema)) {
      if (schema[site.variable].kind == worlds::Kind::kScalar && asked[site.tick][site.row_cell])
        sites_.push_back(site);
    }
    for (const Site& site : sites_) {
      for (const double quantile : quantiles)
        names_.push_back(worlds::site_name(schema, site) + "." + quantile_name(quantile));
    }
    if (sites_.empty()) throw input_error("--quantiles: nothing that is asked is a scalar");
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  /// Of the samples of one row.
  [[nodiscard]] std::string line(const Episodes& samples) const {
    std::string text;
    for (const Site& site : sites_) {
      const at::Tensor values_S =
          samples.value[site.variable].select(1, site.tick).select(1, site.cell);
      const at::Tensor found_Q = inference::summary_of(values_S, quantiles_).quantiles;
      for (int64_t q = 0; q < found_Q.numel(); ++q)
        text += "," + worlds::format_number(schema_[site.variable], found_Q[q].item<double>());
    }
    return text;
  }

 private:
  const Schema& schema_;
  std::vector<double> quantiles_;
  std::vector<Site> sites_;
  std::vector<std::string> names_;
};

/// The rows of a file, and what is asked of them.
struct RowsToFill {
  Episodes episodes;
  Roles roles;
  at::Tensor asked_TV, columns_TV;
};

RowsToFill rows_to_fill(const InferOptions& options, const worlds::World& world) {
  const Schema& schema = world.schema();
  worlds::EpisodesRead read = worlds::read_episodes(options.rows, world);
  const at::Tensor hidden_TV =
      worlds::sites_named(schema, worlds::globs_of(schema, options.hide), "--hide");
  read.episodes.present_BTV.logical_and_(hidden_TV.logical_not());
  const at::Tensor asked_TV = asked_sites(options, schema, read.named_TV);
  const at::Tensor observed_BTV = worlds::visible(read.episodes, schema);
  return {read.episodes,
          {observed_BTV, observed_BTV.logical_not().logical_and(asked_TV)},
          asked_TV,
          read.named_TV.logical_or(asked_TV)};
}

// Evidence is about what rows don't say; what all of them say is a mistake.
void check_hidden(const inference::Evidence& evidence, const Roles& roles, const Schema& schema) {
  const at::Tensor given_B = inference::cell_of(roles.observed_BTV, schema, evidence);
  const auto num_rows = given_B.numel(), num_given = given_B.sum().item<int64_t>();
  if (num_given == num_rows)
    throw input_error(quoted(evidence.text), " is about a value that is given",
                      num_rows > 1 ? " in every row" : "");
  if (num_given > 0)
    log::warn(num_given, " of ", num_rows, " rows give the value that ", quoted(evidence.text),
              " is about: it says nothing of them");
}

Manner manner_of(const InferOptions& options, brain::Brain& brain, const Schema& schema,
                 const RowsToFill& asked) {
  Manner manner{.dials = dials_of(options)};
  const at::Tensor there_BTV = asked.episodes.present_BTV.logical_or(asked.roles.asked_BTV);
  for (const std::string& text : options.where) {
    const inference::Evidence evidence = inference::parse_evidence(schema, text);
    check_hidden(evidence, asked.roles, schema);
    inference::cell_of(there_BTV, schema, evidence).fill_(true);
    manner.evidence.push_back(evidence);
  }
  manner.tilt = inference::parse_preference(brain, schema, options.prefer, options.tick, there_BTV);
  return manner;
}

// Expected values come from each cell's marginal, which no dial moves.
void refuse_idle_dials(const InferOptions& options, const Manner& manner) {
  const bool draws = options.samples || !options.quantiles.empty() || !options.corner.empty();
  const bool moves = manner.dials.temperature != 1 || manner.dials.reencode > 0;
  if (moves && !draws && !manner.weighs())
    throw input_error("temperature and reencode go with --samples, --quantiles or --corner");
}

// Samples; says of how many nothing could be what was preferred.
Episodes drawn(const Imputer& imputer, const Episodes& episodes, const Roles& roles, int64_t count,
               const Stream& stream) {
  const Imputer::Drawn drawn = imputer.samples(episodes, roles, count, stream);
  if (drawn.num_unmet > 0)
    log::warn(drawn.num_unmet, " of ", drawn.episodes.num_rows(),
              " samples are not as preferred: no candidate of theirs was");
  if (drawn.num_strained > 0)
    log::warn(drawn.num_strained, " of ", drawn.episodes.num_rows(),
              " samples are of rows that the evidence all but contradicts: p below 1e-4");
  return drawn.episodes;
}

void write_samples(const Episodes& samples, int64_t count, const EpisodeTable& table,
                   std::ostream& out) {
  int64_t i = 0;
  for (const std::string& line : table.lines(samples)) {
    out << i / count << "," << i % count << "," << line << "\n";
    ++i;
  }
}

// A row's expected values and, behind them, quantiles of its samples, where there are any.
void write_expected(const Episodes& filled, const EpisodeTable& table,
                    const std::optional<Episodes>& samples, const QuantileColumns& quantiles,
                    std::ostream& out) {
  const int64_t count = samples ? samples->num_rows() / filled.num_rows() : 0;
  int64_t row = 0;
  for (const std::string& line : table.lines(filled)) {
    out << line;
    if (samples) out << quantiles.line(samples->rows(row * count, (row + 1) * count));
    out << "\n";
    ++row;
  }
}

}  // namespace

std::string quantile_name(double quantile) {
  return concat(quantile < 0.1 ? "q0" : "q", 100 * quantile);
}

inference::Dials dials_of(const InferOptions& options) {
  const bool chooses = !options.where.empty() || !options.prefer.empty();
  const inference::Dials dials = inference::parse_dials(
      options.dial, {.temperature = options.temperature, .candidates = chooses ? kCandidates : 1});
  if (dials.candidates_are_alike() && !chooses)
    throw input_error("candidates are all alike without orders, --where or --prefer");
  return dials;
}

void infer_rows(const InferOptions& options, const Trained& trained) {
  const worlds::World& world = *trained.setup.world;
  const Schema& schema = world.schema();
  const RowsToFill asked = rows_to_fill(options, world);
  const Manner manner = manner_of(options, trained.brain(), schema, asked);
  refuse_idle_dials(options, manner);
  const Imputer imputer(trained.brain().cortex(), schema, manner, trained.device);
  const EpisodeTable table(schema, asked.columns_TV);
  const QuantileColumns quantiles(schema, asked.asked_TV, options.quantiles);
  const bool lists_samples = options.samples && options.quantiles.empty();
  const std::string heading =
      lists_samples ? table.header({"row", "sample"}) : table.header({}, quantiles.names());
  Output out(options.out);
  const Roles first = asked.roles.rows(0, 1);
  std::optional<CornerPlot> plot;
  if (!options.corner.empty()) plot.emplace(options, world, first.asked_BTV[0]);
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("infer");
  std::optional<Episodes> many;
  if (options.samples || !options.quantiles.empty() || !manner.is_plain())
    many = drawn(imputer, asked.episodes, asked.roles,
                 options.samples.value_or(kSamplesForQuantiles), stream.child("rows"));
  if (lists_samples) {
    out.stream() << heading << "\n";
    write_samples(*many, *options.samples, table, out.stream());
  } else {
    const Episodes expected = manner.is_plain() ? imputer.expected(asked.episodes, asked.roles)
                                                : imputer.expected_of(*many, asked.episodes);
    out.stream() << heading << "\n";
    write_expected(expected, table, many, quantiles, out.stream());
  }
  out.commit();
  if (!plot) return;
  plot->write(drawn(imputer, asked.episodes.rows(0, 1), first,
                    options.samples.value_or(kSamplesForCorner), stream.child("corner")));
}

namespace {

// What a plot's samples go by.
std::string about(const InferOptions& options) {
  std::string text;
  const auto add = [&](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  if (!options.rows.empty()) add("given the first row of " + options.rows);
  for (const std::string& given : options.given) add("given " + given);
  for (const std::string& known : options.where) add("where " + known);
  if (!options.prefer.empty()) add("preferring " + options.prefer);
  return text;
}

}  // namespace

CornerPlot::CornerPlot(const InferOptions& options, const worlds::World& world, at::Tensor asked_TV)
    : schema_(world.schema()),
      asked_TV_(std::move(asked_TV)),
      out_(options.corner),
      about_(about(options)) {
  if (!options.truth.empty())
    truth_ = worlds::read_episodes(options.truth, world).episodes.rows(0, 1);
  (void)corner_axes(schema_, worlds::empty_episodes(schema_, 1), asked_TV_);
}

void CornerPlot::write(const Episodes& samples) {
  out_.stream() << draw_corner(corner_axes(schema_, samples, asked_TV_, truth_), about_);
  out_.commit();
}

}  // namespace limbic::app
