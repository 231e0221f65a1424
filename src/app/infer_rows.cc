#include "limbic/app/infer_rows.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>
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
using worlds::Kind;
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

/// What further columns of a table say of asked sites: a scalar's quantiles, how likely each word
/// of a category is.
class FurtherColumns {
 public:
  FurtherColumns(const Schema& schema, const at::Tensor& asked_TV, const InferOptions& options)
      : schema_(schema), quantiles_(options.quantiles) {
    const auto asked = asked_TV.accessor<bool, 2>();
    for (const Site& site : worlds::sites_of(schema)) {
      if (!asked[site.tick][site.row_cell]) continue;
      const std::string name = worlds::site_name(schema, site);
      if (is(site, Kind::kScalar) && !quantiles_.empty()) {
        sites_.push_back(site);
        for (const double quantile : quantiles_)
          names_.push_back(name + "." + quantile_name(quantile));
      } else if (is(site, Kind::kCategory) && options.probabilities) {
        sites_.push_back(site);
        const worlds::Variable& variable = schema[site.variable];
        for (int64_t k = 0; k < variable.size; ++k)
          names_.push_back(name + "=" + worlds::format_number(variable, static_cast<double>(k)));
      }
    }
    if (!quantiles_.empty() && sites(Kind::kScalar).empty())
      throw input_error("--quantiles: nothing that is asked is a scalar");
    if (options.probabilities && sites(Kind::kCategory).empty())
      throw input_error("--probabilities: nothing that is asked is a category");
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// Those of a kind.
  [[nodiscard]] std::vector<Site> sites(Kind kind) const {
    std::vector<Site> found;
    std::ranges::copy_if(sites_, std::back_inserter(found),
                         [&](const Site& site) { return is(site, kind); });
    return found;
  }

  /// Of one row: quantiles of its samples, and probabilities of the categories' sites.
  [[nodiscard]] std::string line(const Episodes& samples, const Expected& expected,
                                 int64_t row) const {
    std::string text;
    size_t num_categories = 0;
    for (const Site& site : sites_) {
      const at::Tensor numbers = is(site, Kind::kCategory)
                                     ? expected.probability[num_categories++][row]
                                     : quantiles_at(site, samples);
      const at::Tensor found = numbers.to(at::kDouble).contiguous();
      for (int64_t k = 0; k < found.numel(); ++k)
        text += "," + worlds::format_number(number_, found.const_data_ptr<double>()[k]);
    }
    return text;
  }

 private:
  [[nodiscard]] bool is(const Site& site, Kind kind) const {
    return schema_[site.variable].kind == kind;
  }
  [[nodiscard]] at::Tensor quantiles_at(const Site& site, const Episodes& samples) const {
    return inference::summary_of(at_site(samples.value[site.variable], site), quantiles_).quantiles;
  }

  const Schema& schema_;
  std::vector<double> quantiles_;
  worlds::Variable number_;  // as which numbers are written
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
  worlds::EpisodesRead read = worlds::read_episodes(options.rows, world, options.reading);
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

// Expected values and probabilities come from each cell's marginal, for which no samples are drawn
// and which `reencode` does not move; shares of samples heed a temperature.
void refuse_idle(const InferOptions& options, const Manner& manner) {
  const bool draws = options.samples || !options.quantiles.empty() || !options.corner.empty() ||
                     (options.probabilities && !manner.is_plain());
  const bool moves = manner.dials.temperature != 1 || manner.dials.reencode > 0;
  if (moves && !draws && !manner.weighs())
    throw input_error("temperature and reencode go with --samples, --quantiles or --corner");
  const bool counts = !options.quantiles.empty() || !options.corner.empty() || !manner.is_plain();
  if (options.probabilities && options.samples && !counts)
    throw input_error(
        "--probabilities are of no samples here: --samples goes with --quantiles, --corner, "
        "--where, --prefer, --temperature, or candidates or sweeps of --dial");
}

// Samples; says how many are not what was preferred, or of what the evidence rules out.
Episodes drawn(const Imputer& imputer, const Episodes& episodes, const Roles& roles, int64_t count,
               const Stream& stream) {
  const Imputer::Drawn drawn = imputer.samples(episodes, roles, count, stream);
  warn_of_unmet(drawn.num_unmet, drawn.episodes.num_rows());
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

// A row's expected values and, behind them, what else is said of them; samples, where there are
// any.
void write_expected(const Expected& expected, const EpisodeTable& table,
                    const std::optional<Episodes>& samples, const FurtherColumns& further,
                    std::ostream& out) {
  const int64_t count = samples ? samples->num_rows() / expected.episodes.num_rows() : 0;
  int64_t row = 0;
  for (const std::string& line : table.lines(expected.episodes)) {
    const Episodes own = samples ? samples->rows(row * count, (row + 1) * count) : Episodes();
    out << line << further.line(own, expected, row) << "\n";
    ++row;
  }
}

}  // namespace

void warn_of_unmet(int64_t num_unmet, int64_t num_samples) {
  if (num_unmet > 0)
    log::warn(num_unmet, " of ", num_samples,
              " samples are not as preferred: no candidate of theirs was; what is shown is what "
              "came nearest, where that can be told");
}

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
  refuse_idle(options, manner);
  const Imputer imputer(trained.brain().cortex(), schema, manner, trained.device);
  const EpisodeTable table(schema, asked.columns_TV);
  const FurtherColumns further(schema, asked.asked_TV, options);
  const bool lists_samples = options.samples && further.names().empty();
  const std::string heading =
      lists_samples ? table.header({"row", "sample"}) : table.header({}, further.names());
  Output out(options.out);
  const Roles first = asked.roles.rows(0, 1);
  std::optional<CornerPlot> plot;
  if (!options.corner.empty()) plot.emplace(options, world, first.asked_BTV[0]);
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("infer");
  std::optional<Episodes> many;
  if (lists_samples || !options.quantiles.empty() || !manner.is_plain())
    many = drawn(imputer, asked.episodes, asked.roles,
                 options.samples.value_or(kSamplesForQuantiles), stream.child("rows"));
  if (lists_samples) {
    out.stream() << heading << "\n";
    write_samples(*many, *options.samples, table, out.stream());
  } else {
    const std::vector<Site> categories = further.sites(Kind::kCategory);
    const Expected expected = manner.is_plain()
                                  ? imputer.expected(asked.episodes, asked.roles, categories)
                                  : imputer.expected_of(*many, asked.episodes, categories);
    out.stream() << heading << "\n";
    write_expected(expected, table, many, further, out.stream());
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
    truth_ = worlds::read_episodes(options.truth, world, options.reading).episodes.rows(0, 1);
  (void)corner_axes(schema_, worlds::empty_episodes(schema_, 1), asked_TV_);
}

void CornerPlot::write(const Episodes& samples) {
  out_.stream() << draw_corner(corner_axes(schema_, samples, asked_TV_, truth_), about_);
  out_.commit();
}

}  // namespace limbic::app
