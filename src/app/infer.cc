#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/imputer.h"
#include "limbic/app/infer_rows.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/inference/imagine.h"
#include "limbic/inference/summary.h"
#include "limbic/worlds/image.h"
#include "limbic/worlds/text.h"

namespace limbic::app {

using inference::Answer;
using worlds::Episodes;
using worlds::Kind;
using worlds::Schema;
using worlds::Variable;

namespace {

constexpr int64_t kSamples = 8;

bool is_picture(const Variable& variable) { return variable.tiling.rows > 0; }
bool is_scalar(const Variable& variable) { return variable.kind == Kind::kScalar; }
bool is_category(const Variable& variable) { return variable.kind == Kind::kCategory; }

// All samples on one sheet.
std::string write_pictures(const Variable& variable, const Answer& answer, int64_t index,
                           const std::string& path) {
  std::vector<at::Tensor> images;
  for (int64_t row = 0; row < answer.samples.num_rows(); ++row) {
    images.push_back(worlds::image_from_cells(variable, answer.samples.value[index][row][0].cpu()));
  }
  worlds::write_png(path, worlds::contact_sheet(
                              images, std::min<int64_t>(8, static_cast<int64_t>(images.size()))));
  return path;
}

// How often each category is in each cell of samples: [cells, size].
at::Tensor shares(const Variable& variable, const Episodes& samples, int64_t index) {
  const at::Tensor value_SC = samples.value[index].select(1, 0).cpu();
  return at::one_hot(value_SC, variable.size).to(at::kFloat).mean(0);
}

// The likeliest categories of each cell on its own, of probabilities [cells, size].
nlohmann::ordered_json likeliest(const Variable& variable, const at::Tensor& probabilities,
                                 int64_t count) {
  nlohmann::ordered_json cells = nlohmann::ordered_json::array();
  for (int64_t cell = 0; cell < variable.num_cells; ++cell) {
    const auto [top, which] = probabilities[cell].topk(std::min(count, variable.size));
    nlohmann::ordered_json row;
    for (int64_t k = 0; k < top.numel(); ++k) {
      const auto category = which[k].item<int64_t>();
      row[variable.names.empty() ? std::to_string(category) : variable.names[category]] =
          top[k].item<float>();
    }
    cells.push_back(row);
  }
  return cells;
}

// What is believed of each cell of a scalar.
nlohmann::ordered_json cells_of(const inference::Summary& summary,
                                const std::vector<double>& quantiles) {
  const at::Tensor mean_C = summary.mean[0][0], deviation_C = summary.deviation[0][0];
  auto cells = nlohmann::ordered_json::array();
  for (int64_t cell = 0; cell < mean_C.size(0); ++cell) {
    nlohmann::ordered_json row{{"mean", mean_C[cell].item<double>()},
                               {"deviation", deviation_C[cell].item<double>()}};
    for (int64_t q = 0; q < std::ssize(quantiles); ++q)
      row[quantile_name(quantiles[q])] = summary.quantiles[0][0][cell][q].item<double>();
    cells.push_back(row);
  }
  return cells;
}

// `many` samples tell what is believed of scalars and categories; none: their marginals do.
nlohmann::ordered_json describe(const Answer& answer, const std::optional<Episodes>& many,
                                const Schema& schema, const InferOptions& options) {
  nlohmann::ordered_json out;
  for (const std::string& name : options.ask) {
    const int64_t i = schema.require(name);
    const Variable& variable = schema[i];
    auto& entry = out["asked"][name];
    if (is_picture(variable)) {
      entry["picture"] =
          write_pictures(variable, answer, i,
                         options.out.empty() ? options.run + "/" + name + ".png" : options.out);
      continue;
    }
    for (int64_t row = 0; row < answer.samples.num_rows(); ++row) {
      entry["samples"].push_back(
          worlds::format_value(variable, answer.samples.value[i][row].narrow(0, 0, 1).cpu()));
    }
    if (is_category(variable)) {
      const at::Tensor probabilities =
          many ? shares(variable, *many, i)
               : brain::mean(answer.marginals[i]).select(0, 0).select(0, 0).cpu();
      entry["likeliest"] = likeliest(variable, probabilities, 5);
    }
    if (is_scalar(variable)) {
      entry["believed"] = cells_of(
          many ? inference::summary_of(many->value[i].unsqueeze(1), options.quantiles)
               : inference::summary_of(std::get<brain::GaussianMixture>(answer.marginals[i]),
                                       options.quantiles),
          options.quantiles);
    }
  }
  return out;
}

std::string two_digits(double number) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << number;
  return text.str();
}

std::string six_digits(double number) { return concat(number); }

// A line a cell: names and numbers.
void print_cells(const nlohmann::ordered_json& cells, const char* title,
                 std::string (*as_text)(double)) {
  std::cout << "  " << title << ", cell by cell:\n";
  for (const auto& cell : cells) {
    std::cout << "   ";
    for (const auto& [name, number] : cell.items())
      std::cout << " " << name << " " << as_text(number.get<double>());
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
    if (entry.contains("likeliest")) print_cells(entry["likeliest"], "likeliest", two_digits);
    if (entry.contains("believed")) print_cells(entry["believed"], "believed", six_digits);
  }
  if (out.contains("choice")) {
    const auto& choice = out["choice"];
    std::cout << "candidates of a sample that count: " << std::fixed << std::setprecision(1)
              << choice["effective_candidates"].get<double>()
              << "; samples for which none would do: " << choice["unmet"].get<int64_t>() << "\n";
  }
  if (out["scorecard"].empty()) return;
  std::cout << "scorecard\n";
  for (const auto& [name, entry] : out["scorecard"].items()) {
    std::cout << "  " << std::left << std::setw(16) << name << std::fixed << std::setprecision(3)
              << entry["mean"].get<double>() << " +- " << entry["deviation"].get<double>() << "\n";
  }
}

// How well candidates answered to evidence and preference.
nlohmann::ordered_json describe_choice(const Answer& answer) {
  const double count = static_cast<double>(answer.log_evidence_B.numel());
  const double log_mean = answer.log_evidence_B.logsumexp(0).item<double>() - std::log(count);
  auto out = nlohmann::ordered_json::object();
  out["log_evidence"] = std::isfinite(log_mean) ? nlohmann::ordered_json(log_mean) : nullptr;
  out["effective_candidates"] = answer.effective_B.mean().item<double>();
  out["unmet"] = answer.unmet_B.sum().item<int64_t>();
  return out;
}

nlohmann::ordered_json describe_scorecard(const brain::Scorecard& scorecard,
                                          const std::vector<std::string>& names) {
  auto out = nlohmann::ordered_json::object();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto at = [&](const at::Tensor& x_BTN) {
      return x_BTN[0][0][static_cast<int64_t>(i)].item<double>();
    };
    out[names[i]] = {{"mean", at(scorecard.mean_BTN)},
                     {"deviation", std::sqrt(at(scorecard.variance_BTN))}};
  }
  return out;
}

bool asks(const InferOptions& options, const Schema& schema, bool (*is_such)(const Variable&)) {
  return std::ranges::any_of(
      options.ask, [&](const std::string& name) { return is_such(schema[schema.require(name)]); });
}

void refuse_idle(const InferOptions& options, const Schema& schema) {
  if (!options.out.empty() && !asks(options, schema, is_picture))
    throw input_error("--out goes with --rows, or with a picture that is asked");
  if (!options.quantiles.empty() && !asks(options, schema, is_scalar))
    throw input_error("--quantiles: nothing that is asked is a scalar");
}

void infer_one(const InferOptions& options, const Trained& trained, at::Device device) {
  const Schema& schema = trained.subject.world->schema();
  refuse_idle(options, schema);
  const bool chooses = !options.where.empty() || !options.prefer.empty();
  const inference::Dials dials = dials_of(options);
  const auto imagined = [&](int64_t count, const Stream& stream) {
    const inference::Query query{options.given, options.ask,   count,
                                 dials,         options.where, options.prefer};
    return inference::imagine(trained.brain(), schema, query, stream, device);
  };
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("infer");
  const Answer answer = imagined(options.samples.value_or(kSamples), stream);
  std::optional<Episodes> many;
  const bool believes = asks(options, schema, is_scalar) || asks(options, schema, is_category);
  const bool as_it_is = dials.temperature == 1 && Manner{.dials = dials}.is_plain();
  if (believes && (chooses || !as_it_is)) {
    many = options.samples ? answer.samples
                           : imagined(kSamplesForQuantiles, stream.child("believed")).samples;
  }
  if (!options.corner.empty()) {
    const int64_t count = options.samples.value_or(kSamplesForCorner);
    const Answer drawn = imagined(count, stream.child("corner").at(0));
    write_corner(options, *trained.subject.world, drawn.samples.to(at::kCPU),
                 answer.roles.asked_BTV[0]);
  }
  nlohmann::ordered_json out = describe(answer, many, schema, options);
  if (chooses) out["choice"] = describe_choice(answer);
  out["scorecard"] = describe_scorecard(answer.scorecard, trained.brain().amygdala().names());
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out);
}

}  // namespace

int infer(const InferOptions& options) {
  if (options.rows.empty() && !options.out.empty() && options.ask.size() > 1)
    throw input_error("--out goes with one --ask");
  const at::Device device = choose_device(options.device);
  const Trained trained = load_trained(options.run, options.at, device);
  if (options.rows.empty())
    infer_one(options, trained, device);
  else
    infer_rows(options, trained, device);
  return 0;
}

}  // namespace limbic::app
