#include <ATen/ATen.h>

#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/trained.h"
#include "limbic/inference/imagine.h"
#include "limbic/worlds/image.h"
#include "limbic/worlds/text.h"

namespace limbic::app {

using inference::Answer;
using worlds::Schema;
using worlds::Variable;

namespace {

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
  if (out["scorecard"].empty()) return;
  std::cout << "scorecard\n";
  for (const auto& [name, entry] : out["scorecard"].items()) {
    std::cout << "  " << std::left << std::setw(16) << name << std::fixed << std::setprecision(3)
              << entry["mean"].get<double>() << " +- " << entry["deviation"].get<double>() << "\n";
  }
}

}  // namespace

int infer(const InferOptions& options) {
  if (!options.out.empty() && options.ask.size() > 1)
    throw input_error("--out goes with one --ask");
  const at::Device device = choose_device(options.device);
  const Trained trained = load_trained(options.run, options.at, device);
  const Schema& schema = trained.subject.world->schema();
  const inference::Query query{
      options.given, options.ask, options.samples, {.temperature = options.temperature}};
  const Answer answer =
      inference::imagine(trained.brain(), schema, query,
                         Stream(static_cast<uint64_t>(options.seed)).child("infer"), device);
  nlohmann::ordered_json out = describe(answer, schema, options);
  out["scorecard"] = nlohmann::ordered_json::object();
  const auto& names = trained.brain().amygdala().names();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto at = [&](const at::Tensor& x_BTN) {
      return x_BTN[0][0][static_cast<int64_t>(i)].item<double>();
    };
    out["scorecard"][names[i]] = {{"mean", at(answer.scorecard.mean_BTN)},
                                  {"deviation", std::sqrt(at(answer.scorecard.variance_BTN))}};
  }
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out);
  return 0;
}

}  // namespace limbic::app
