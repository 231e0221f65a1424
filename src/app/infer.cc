#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/imputer.h"
#include "limbic/app/infer_rows.h"
#include "limbic/app/output.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"
#include "limbic/inference/imagine.h"
#include "limbic/inference/summary.h"
#include "limbic/worlds/image.h"
#include "limbic/worlds/place.h"
#include "limbic/worlds/site.h"
#include "limbic/worlds/text.h"

namespace limbic::app {

using inference::Answer;
using worlds::Episodes;
using worlds::Kind;
using worlds::Place;
using worlds::Schema;
using worlds::Variable;

namespace {

constexpr int64_t kSamples = 8;

/// What --ask names: cells of a variable, seen apart.
struct Asked {
  Place place;
  Variable part;
  std::string path;            // of a picture
  std::optional<Output> file;  // refused at once where it can't be written

  Asked(const std::string& name, const Schema& schema, const InferOptions& options)
      : place(Place::named(schema, name)), part(place.part_of(schema)) {
    if (!is_picture()) return;
    path = options.out.empty() ? concat(options.run, "/", name, ".png") : options.out;
    file.emplace(path);
  }

  [[nodiscard]] bool is_picture() const { return part.tiling.rows > 0; }
  [[nodiscard]] bool is_scalar() const { return part.kind == Kind::kScalar; }
  [[nodiscard]] bool is_category() const { return part.kind == Kind::kCategory; }
  /// Of samples: [S, cells, ...], on the CPU.
  [[nodiscard]] at::Tensor drawn(const Episodes& samples) const {
    return place.of_own(samples.value[place.variable]).cpu();
  }
};

// Several between commas as several.
InferOptions apart(InferOptions options, const Schema& schema) {
  options.ask = between_commas(
      options.ask, [&](const std::string& name) { return Place::find(schema, name).has_value(); });
  if (const auto twice = first_repeated(options.ask))
    throw input_error("--ask: ", quoted(*twice), " is asked twice");
  if (!options.out.empty() && options.ask.size() > 1)
    throw input_error("--out goes with one --ask");
  return options;
}

// Unless there is nothing to say but that it is unknown.
void refuse_unknown(const std::string& name, const Schema& schema,
                    const std::vector<std::string>& assessors) {
  if (std::ranges::find(assessors, name) != assessors.end())
    throw input_error("--ask: ", quoted(name),
                      " is an assessor: it is in the scorecard of any answer");
  if (const std::string cure = worlds::about_commas(schema, name, "--ask"); !cure.empty())
    throw input_error("--ask: no variable is called ", quoted(name),
                      did_you_mean(name, schema.names()), cure);
}

std::vector<Asked> asked_of(const InferOptions& options, const Schema& schema,
                            const std::vector<std::string>& assessors) {
  std::vector<Asked> all;
  for (const std::string& name : options.ask) {
    if (!Place::find(schema, name)) refuse_unknown(name, schema, assessors);
    all.emplace_back(name, schema, options);
  }
  return all;
}

// All samples on one sheet.
void write_pictures(Asked& asked, const Answer& answer) {
  std::vector<at::Tensor> images;
  for (const at::Tensor& cells : asked.drawn(answer.samples).unbind())
    images.push_back(worlds::image_from_cells(asked.part, cells));
  asked.file->stream() << worlds::encode_png(
      worlds::contact_sheet(images, std::min<int64_t>(8, std::ssize(images))));
  asked.file->commit();
}

// How likely each category is in each cell: [cells, size].
at::Tensor probabilities(const Asked& asked, const Answer& answer,
                         const std::optional<Episodes>& many) {
  if (many) return at::one_hot(asked.drawn(*many), asked.part.size).to(at::kDouble).mean(0);
  return asked.place.of_own(brain::mean(answer.marginals[asked.place.variable])).squeeze(0).cpu();
}

inference::Summary believed(const Asked& asked, const Answer& answer,
                            const std::optional<Episodes>& many,
                            const std::vector<double>& quantiles) {
  if (many) return inference::summary_of(asked.drawn(*many), quantiles);
  const auto& all = std::get<brain::GaussianMixture>(answer.marginals[asked.place.variable]);
  inference::Summary summary = inference::summary_of(all, quantiles);
  for (at::Tensor* part : {&summary.mean, &summary.deviation, &summary.quantiles})
    if (part->defined()) *part = asked.place.of_own(*part).squeeze(0);
  return summary;
}

// In the fewest digits that give the float32 back, as what the cortex computes is.
nlohmann::ordered_json short_number(double number) {
  return std::isfinite(static_cast<float>(number))
             ? nlohmann::ordered_json::parse(worlds::format_number(Variable(), number))
             : number_to_json<nlohmann::ordered_json>(number);
}

// The likeliest categories of each cell on its own, of probabilities [cells, size].
nlohmann::ordered_json likeliest(const Variable& variable, const at::Tensor& probabilities,
                                 int64_t count) {
  const bool is_counted = probabilities.scalar_type() == at::kDouble;  // among samples
  nlohmann::ordered_json cells = nlohmann::ordered_json::array();
  for (int64_t cell = 0; cell < variable.num_cells; ++cell) {
    const auto [top, which] = probabilities[cell].topk(std::min(count, variable.size));
    nlohmann::ordered_json row;
    for (int64_t k = 0; k < top.numel(); ++k) {
      const auto category = which[k].item<int64_t>();
      const auto share = top[k].item<double>();
      if (is_counted && share == 0) break;
      row[variable.names.empty() ? std::to_string(category) : variable.names[category]] =
          is_counted ? nlohmann::ordered_json(share) : short_number(share);
    }
    cells.push_back(row);
  }
  return cells;
}

nlohmann::ordered_json numbers_of(const at::Tensor& value) {
  auto numbers = nlohmann::ordered_json::array();
  for (const at::Tensor& cell : value.flatten().unbind())
    numbers.push_back(short_number(cell.item<double>()));
  return numbers;
}

// What is believed of each cell of a scalar.
nlohmann::ordered_json cells_of(const inference::Summary& summary,
                                const std::vector<double>& quantiles) {
  auto cells = nlohmann::ordered_json::array();
  for (int64_t cell = 0; cell < summary.mean.size(0); ++cell) {
    nlohmann::ordered_json row{{"mean", short_number(summary.mean[cell].item<double>())},
                               {"deviation", short_number(summary.deviation[cell].item<double>())}};
    for (int64_t q = 0; q < std::ssize(quantiles); ++q)
      row[quantile_name(quantiles[q])] = short_number(summary.quantiles[cell][q].item<double>());
    cells.push_back(row);
  }
  return cells;
}

// `many` samples tell what is believed of scalars and categories; none: their marginals do.
nlohmann::ordered_json describe(const Answer& answer, const std::optional<Episodes>& many,
                                std::vector<Asked>& all, const InferOptions& options) {
  nlohmann::ordered_json out;
  for (Asked& asked : all) {
    auto& entry = out["asked"][asked.place.name];
    if (asked.is_picture()) {
      write_pictures(asked, answer);
      entry["picture"] = asked.path;
      continue;
    }
    for (const at::Tensor& value : asked.drawn(answer.samples).split(1)) {
      entry["samples"].push_back(
          options.json && !asked.is_category()
              ? numbers_of(value)
              : nlohmann::ordered_json(worlds::format_value(asked.part, value)));
    }
    if (many) entry["of_samples"] = many->num_rows();
    if (asked.is_category())
      entry["likeliest"] = likeliest(asked.part, probabilities(asked, answer, many), 5);
    if (asked.is_scalar())
      entry["believed"] =
          cells_of(believed(asked, answer, many, options.quantiles), options.quantiles);
  }
  return out;
}

std::string two_digits(double number) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << number;
  return text.str();
}

std::string six_digits(double number) { return concat(number); }

// Of what is asked, a line a cell: names and numbers.
void print_cells(const nlohmann::ordered_json& entry, const char* title,
                 std::string (*as_text)(double)) {
  if (!entry.contains(title)) return;
  std::cout << "  " << title << ", cell by cell";
  if (entry.contains("of_samples"))
    std::cout << ", of " << entry["of_samples"].get<int64_t>() << " samples";
  std::cout << ":\n";
  for (const auto& cell : entry[title]) {
    std::cout << "  ";
    for (const auto& [name, number] : cell.items())
      std::cout << "  " << name << " " << as_text(number_from_json(number).value());
    std::cout << "\n";
  }
}

void print(const nlohmann::ordered_json& out) {
  for (const auto& [name, entry] : out["asked"].items()) {
    std::cout << name << "\n";
    if (entry.contains("picture")) std::cout << "  " << entry["picture"].get<std::string>() << "\n";
    if (entry.contains("samples")) {
      for (const auto& sample : entry["samples"])
        std::cout << "  " << sample.get<std::string>() << "\n";
    }
    print_cells(entry, "likeliest", two_digits);
    print_cells(entry, "believed", six_digits);
  }
  if (out.contains("choice")) {
    const auto& choice = out["choice"];
    const auto number = [&](const char* key) { return number_from_json(choice[key]).value(); };
    std::cout << "log evidence: " << six_digits(number("log_evidence"))
              << "; candidates of a sample that count: " << std::fixed << std::setprecision(1)
              << number("effective_candidates")
              << "; samples for which none would do: " << choice["unmet"].get<int64_t>() << "\n";
  }
  if (out.contains("sweeps")) {
    std::cout << "share of their blocks that sweeps took: "
              << two_digits(number_from_json(out["sweeps"]["accepted"]).value()) << "\n";
  }
  if (out["scorecard"].empty()) return;
  std::cout << "scorecard at tick " << out["scorecard_tick"].get<int64_t>();
  if (out.contains("scorecard_samples"))
    std::cout << ", mean of " << out["scorecard_samples"].get<int64_t>() << " samples";
  std::cout << "\n";
  for (const auto& [name, entry] : out["scorecard"].items()) {
    std::cout << "  " << std::left << std::setw(16) << name << std::fixed << std::setprecision(3)
              << number_from_json(entry["mean"]).value() << " +- "
              << number_from_json(entry["deviation"]).value() << "\n";
  }
}

// How well candidates answered to evidence and preference.
nlohmann::ordered_json describe_choice(const Answer& answer) {
  const double count = static_cast<double>(answer.log_evidence_B.numel());
  const double log_mean = answer.log_evidence_B.logsumexp(0).item<double>() - std::log(count);
  auto out = nlohmann::ordered_json::object();
  out["log_evidence"] = number_to_json<nlohmann::ordered_json>(log_mean);
  out["effective_candidates"] =
      number_to_json<nlohmann::ordered_json>(answer.effective_B.mean().item<double>());
  out["unmet"] = answer.unmet_B.sum().item<int64_t>();
  return out;
}

// What the amygdala says at the answer's tick.
nlohmann::ordered_json describe_scorecard(const Answer& answer,
                                          const std::vector<std::string>& names) {
  auto out = nlohmann::ordered_json::object();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto at = [&](const at::Tensor& x_BTN) {
      return x_BTN[0][answer.tick][static_cast<int64_t>(i)].item<double>();
    };
    out[names[i]] = {{"mean", short_number(at(answer.scorecard.mean_BTN))},
                     {"deviation", short_number(std::sqrt(at(answer.scorecard.variance_BTN)))}};
  }
  return out;
}

// Quantiles whose numbers would have one name.
void refuse_twice(const std::vector<double>& quantiles) {
  std::vector<std::string> names;
  std::ranges::transform(quantiles, std::back_inserter(names), quantile_name);
  if (const auto twice = first_repeated(names))
    throw input_error("--quantiles: ", *twice, " is asked twice");
}

void refuse_idle(const InferOptions& options, const std::vector<Asked>& all) {
  if (!options.out.empty() && std::ranges::none_of(all, &Asked::is_picture))
    throw input_error("--out goes with --rows, or with a picture that is asked");
  if (!options.quantiles.empty() && std::ranges::none_of(all, &Asked::is_scalar))
    throw input_error("--quantiles: nothing that is asked is a scalar");
}

// Samples hold to evidence however unlikely it is.
void warn_of_strain(const InferOptions& options, const Schema& schema, const Answer& answer) {
  std::vector<inference::Evidence> evidence;
  for (const std::string& text : options.where)
    evidence.push_back(inference::parse_evidence(schema, text));
  const int64_t strained = num_strained(answer.log_evidence_B, evidence, !options.prefer.empty());
  if (strained > 0)
    log::warn("what the brain believes all but contradicts --where: p below 1e-4, in ", strained,
              " of ", answer.log_evidence_B.numel(), " samples");
}

void infer_one(const InferOptions& options, const Trained& trained) {
  const Schema& schema = trained.setup.world->schema();
  const auto given = inference::parse_given(schema, options.given);
  std::vector<Asked> asked = asked_of(options, schema, trained.brain().program().names());
  refuse_idle(options, asked);
  const bool chooses = !options.where.empty() || !options.prefer.empty();
  const inference::Dials dials = dials_of(options);
  const auto imagined = [&](int64_t count, const Stream& stream) {
    const inference::Query query{given,         options.ask,    count,       dials,
                                 options.where, options.prefer, options.tick};
    return inference::imagine(trained.brain(), schema, query, stream, trained.device);
  };
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("infer");
  const int64_t num_shown = options.samples.value_or(kSamples);
  const Answer answer = imagined(num_shown, stream);
  std::optional<CornerPlot> plot;
  if (!options.corner.empty())
    plot.emplace(options, *trained.setup.world, answer.roles.asked_BTV[0]);
  const bool counts_samples = (chooses || !Manner{.dials = dials}.is_plain()) &&
                              std::ranges::any_of(asked, [](const Asked& part) {
                                return part.is_scalar() || part.is_category();
                              });
  const bool wants_more = counts_samples && num_shown < kSamplesForQuantiles;
  const Answer many =
      wants_more ? imagined(kSamplesForQuantiles, stream.child("believed")) : answer;
  warn_of_strain(options, schema, many);
  const at::Tensor& unmet_B = answer.unmet_B.any().item<bool>() ? answer.unmet_B : many.unmet_B;
  warn_of_unmet(unmet_B.sum().item<int64_t>(), unmet_B.numel());
  if (plot) {
    const int64_t count = options.samples.value_or(kSamplesForCorner);
    plot->write(imagined(count, stream.child("corner").at(0)).samples.to(at::kCPU));
  }
  nlohmann::ordered_json out =
      describe(answer, counts_samples ? std::optional(many.samples) : std::nullopt, asked, options);
  if (chooses) out["choice"] = describe_choice(answer);
  if (answer.accepted)
    out["sweeps"]["accepted"] = number_to_json<nlohmann::ordered_json>(answer.accepted);
  out["scorecard"] = describe_scorecard(many, trained.brain().program().names());
  out["scorecard_tick"] = many.tick;
  if (chooses) out["scorecard_samples"] = many.samples.num_rows();
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out);
}

}  // namespace

int infer(const InferOptions& options) {
  refuse_twice(options.quantiles);
  const Trained trained = load_trained(options.run, options.at, choose_device(options.device),
                                       options.set, WorldFrom::kCheckpoint);
  if (options.rows.empty())
    infer_one(apart(options, trained.setup.world->schema()), trained);
  else
    infer_rows(options, trained);
  return 0;
}

}  // namespace limbic::app
