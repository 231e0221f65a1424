#include <ATen/ATen.h>

#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/infer_rows.h"
#include "limbic/app/trained.h"
#include "limbic/inference/imagine.h"
#include "limbic/worlds/image.h"
#include "limbic/worlds/text.h"

namespace limbic::app {

using inference::Answer;
using worlds::Episodes;
using worlds::Schema;
using worlds::Variable;

namespace {

constexpr int64_t kSamples = 8;

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

// The likeliest categories of each cell on its own.
nlohmann::ordered_json likeliest(const Variable& variable, const brain::Distribution& marginal,
                                 int64_t count) {
  const auto probabilities =
      brain::mean(marginal).select(0, 0).select(0, 0).cpu();  // [cells, size]
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

nlohmann::ordered_json describe(const Answer& answer, const Schema& schema,
                                const InferOptions& options) {
  nlohmann::ordered_json out;
  for (const std::string& name : options.ask) {
    const int64_t i = schema.require(name);
    const Variable& variable = schema[i];
    auto& entry = out["asked"][name];
    if (variable.tiling.rows > 0) {
      entry["picture"] =
          write_pictures(variable, answer, i,
                         options.out.empty() ? options.run + "/" + name + ".png" : options.out);
      continue;
    }
    for (int64_t row = 0; row < answer.samples.num_rows(); ++row) {
      entry["samples"].push_back(
          worlds::format_value(variable, answer.samples.value[i][row].narrow(0, 0, 1).cpu()));
    }
    if (variable.kind == worlds::Kind::kCategory)
      entry["likeliest"] = likeliest(variable, answer.marginals[i], 5);
  }
  return out;
}

void print(const nlohmann::ordered_json& out) {
  for (const auto& [name, entry] : out["asked"].items()) {
    std::cout << name << "\n";
    if (entry.contains("picture")) std::cout << "  " << entry["picture"].get<std::string>() << "\n";
    if (entry.contains("samples")) {
      for (const auto& sample : entry["samples"])
        std::cout << "  " << sample.get<std::string>() << "\n";
    }
    if (!entry.contains("likeliest")) continue;
    std::cout << "  likeliest, cell by cell:\n";
    for (const auto& cell : entry["likeliest"]) {
      std::cout << "   ";
      for (const auto& [word, p] : cell.items())
        std::cout << " " << word << " " << std::fixed << std::setprecision(2) << p.get<double>();
      std::cout << "\n";
    }
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

// Many samples of the same question, some thousand candidates at a time.
Episodes many_samples(const Trained& trained, inference::Query query, int64_t count,
                      const Stream& stream, at::Device device) {
  constexpr int64_t kCandidatesAtOnce = 4096;
  const int64_t at_once = std::max<int64_t>(1, kCandidatesAtOnce / query.dials.candidates);
  std::vector<Episodes> parts;
  for (int64_t begin = 0; begin < count; begin += at_once) {
    query.num_samples = std::min(at_once, count - begin);
    parts.push_back(inference::imagine(trained.brain(), trained.subject.world->schema(), query,
                                       stream.at(begin), device)
                        .samples.to(at::kCPU));
  }
  return worlds::concatenate(parts);
}

void infer_one(const InferOptions& options, const Trained& trained, at::Device device) {
  const Schema& schema = trained.subject.world->schema();
  const bool chooses = !options.where.empty() || !options.prefer.empty();
  const inference::Query query{options.given,     options.ask,   options.samples.value_or(kSamples),
                               dials_of(options), options.where, options.prefer};
  const Stream stream = Stream(static_cast<uint64_t>(options.seed)).child("infer");
  const Answer answer = inference::imagine(trained.brain(), schema, query, stream, device);
  if (!options.corner.empty()) {
    const Episodes samples =
        many_samples(trained, query, options.samples.value_or(kSamplesForCorner),
                     stream.child("corner"), device);
    write_corner(options, schema, samples, answer.roles.asked_BTV[0]);
  }
  nlohmann::ordered_json out = describe(answer, schema, options);
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
