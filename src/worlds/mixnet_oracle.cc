#include "limbic/worlds/mixnet_oracle.h"

#include <algorithm>
#include <limits>

#include "limbic/core/log_sum_exp.h"
#include "limbic/worlds/choice.h"
#include "limbic/worlds/grid.h"
#include "limbic/worlds/normal.h"

namespace limbic::worlds {
namespace {

using namespace mixnet;  // NOLINT(google-build-using-namespace): the law

// Where a row's numbers stand; its sites are the same but for v, which is one site.
constexpr int64_t kC = 0, kB = 1, kY = 2, kV = 3, kTokens = 5, kImage = 11;
constexpr int64_t kTokenSites = 4, kImageSites = 10;

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
constexpr double kStep = 0.02;
// The straight lines between points h apart stay above 1 - h^2 / (8 deviation^2) of a density.
constexpr double kSlack = 1.03;

}  // namespace

/// What the known pixels say of y, if the class is known: sums of x^2, of x * pattern, and of 1.
struct MixnetOracle::Pixels {
  double squares = 0, along = 0, count = 0;

  [[nodiscard]] double log_density(double contrast) const {
    constexpr double kVariance = kPixelDeviation * kPixelDeviation;
    return -0.5 * ((squares + contrast * (contrast * count - 2 * along)) / kVariance +
                   count * std::log(2 * std::numbers::pi * kVariance));
  }
};

double MixnetOracle::y_at(int64_t point, double mean) {
  return mean + kStep * static_cast<double>(point - kGridSize / 2);
}

MixnetOracle::MixnetOracle(const Schema& schema)
    : RowOracle(schema), numbers_a_cell_(schema[schema.require("image")].size) {
  const int64_t cell_side = numbers_a_cell_ == 1 ? 1 : 2;
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t i = 0; i < kNumPixels; ++i) pattern_[c][i] = pattern(c, pixel_at(i, cell_side));
  for (int64_t branch = 0; branch < kNumBranches; ++branch) {
    const double mean = mean_of_y(branch / 2, branch % 2);
    for (int64_t i = 0; i < kGridSize; ++i) contrast_[branch][i] = contrast(y_at(i, mean));
  }
}

MixnetOracle::Pixels MixnetOracle::pixels(std::span<const double> row,
                                          std::span<const uint8_t> known, int64_t c) const {
  Pixels pixels;
  for (int64_t i = 0; i < kNumPixels; ++i) {
    if (!known[kImageSites + i / numbers_a_cell_]) continue;
    const double x = row[kImage + i];
    pixels.squares += x * x;
    pixels.along += x * pattern_[c][i];
    pixels.count += 1;
  }
  return pixels;
}

// log p(y, known pixels | c, b) at the points of the grid.
MixnetOracle::Table MixnetOracle::tabulate(const Pixels& seen, int64_t branch) const {
  Table logs;
  for (int64_t i = 0; i < kGridSize; ++i)
    logs[i] = log_normal(y_at(i, 0), 0, kYDeviation) + seen.log_density(contrast_[branch][i]);
  return logs;
}

double MixnetOracle::draw_y(const Pixels& seen, int64_t branch, const Stream& stream) const {
  const double mean = mean_of_y(branch / 2, branch % 2);
  Table density = tabulate(seen, branch);
  const double most = exponentiate(density);
  for (int64_t attempt = 0;; ++attempt) {
    const Stream numbers = stream.at(attempt);
    const int64_t point = choose(density, numbers.uniform(0));
    const double offset = numbers.uniform(1) + numbers.uniform(2) - 1;  // a triangle around 0
    const int64_t beside =
        std::clamp<int64_t>(offset < 0 ? point - 1 : point + 1, 0, kGridSize - 1);
    const double line = density[point] + std::abs(offset) * (density[beside] - density[point]);
    const double y = y_at(point, mean) + kStep * offset;
    const double log_truth = log_normal(y, mean, kYDeviation) + seen.log_density(contrast(y));
    if (numbers.uniform(3) * kSlack * line <= std::exp(log_truth - most)) return y;
  }
}

// messages[i][s] = p(known tokens from i on | token i is s)
MixnetOracle::Messages MixnetOracle::messages(std::span<const double> row,
                                              std::span<const uint8_t> known, int64_t b) {
  Messages messages;
  messages[kNumTokens].fill(1);
  for (int64_t i = kNumTokens - 1; i >= 0; --i) {
    for (int64_t token = 0; token < kVocabulary; ++token) {
      const bool agrees = !known[kTokenSites + i] || row[kTokens + i] == token;
      double sum = 0;
      for (int64_t next = 0; next < kVocabulary; ++next)
        sum += share_of_step(token, next, b) * messages[i + 1][next];
      messages[i][token] = agrees ? sum : 0;
    }
  }
  return messages;
}

MixnetOracle::Branches MixnetOracle::log_branches(std::span<const double> row,
                                                  std::span<const uint8_t> known) const {
  Branches logs;
  logs.fill(kMinusInfinity);
  for (int64_t c = 0; c < 3; ++c) {
    if (known[kC] && row[kC] != c) continue;
    const Pixels seen = pixels(row, known, c);
    const auto [v0, v1] = mean_of_v(c);
    const double z0 = (row[kV] - v0) / kV00, w1 = row[kV + 1] - v1 - kV10 * z0;
    const double log_v = known[kV] ? log_normal(row[kV], v0, kV00) + log_normal(w1, 0, kV11) : 0;
    for (int64_t b = 0; b < 2; ++b) {
      if (known[kB] && row[kB] != b) continue;
      const double mean = mean_of_y(c, b);
      double& log = logs[2 * c + b];
      log = log_v + std::log(kShareOfC[c] * (b == 1 ? kShareOfB[c] : 1 - kShareOfB[c]));
      const auto first = messages(row, known, b)[0];
      log += std::log((first[0] + first[1] + first[2] + first[3]) / kVocabulary);
      if (known[kY]) {
        log += log_normal(row[kY], mean, kYDeviation) + seen.log_density(contrast(row[kY]));
      } else if (seen.count > 0) {
        log += log_sum_exp<double>(tabulate(seen, 2 * c + b)) + std::log(kStep);
      }
    }
  }
  return logs;
}

double MixnetOracle::log_density(std::span<const double> row,
                                 std::span<const uint8_t> known) const {
  return log_sum_exp<double>(log_branches(row, known));
}

RowOracle::Completion MixnetOracle::completion(const std::vector<double>& row,
                                               const std::vector<uint8_t>& known) const {
  Branches share = log_branches(row, known);
  (void)exponentiate(share);
  return [this, share, known](std::span<double> completed, const Stream& stream) {
    draw(share, completed, known, stream);
  };
}

void MixnetOracle::draw(const Branches& share, std::span<double> row,
                        std::span<const uint8_t> known, const Stream& stream) const {
  const int64_t branch = choose(share, stream.uniform(0)), c = branch / 2, b = branch % 2;
  row[kC] = static_cast<double>(c);
  row[kB] = static_cast<double>(b);
  if (!known[kY]) row[kY] = draw_y(pixels(row, known, c), branch, stream.child("y"));
  if (!known[kV]) {
    const auto [v0, v1] = mean_of_v(c);
    row[kV] = v0 + kV00 * stream.normal(0);
    row[kV + 1] = v1 + kV10 * stream.normal(0) + kV11 * stream.normal(1);
  }
  complete_tokens(row, known, b, stream.child("s"));
  const Stream noise = stream.child("image");
  for (int64_t i = 0; i < kNumPixels; ++i) {
    if (known[kImageSites + i / numbers_a_cell_]) continue;
    row[kImage + i] = contrast(row[kY]) * pattern_[c][i] + kPixelDeviation * noise.normal(i);
  }
}

void MixnetOracle::complete_tokens(std::span<double> row, std::span<const uint8_t> known, int64_t b,
                                   const Stream& stream) {
  const Messages messages = MixnetOracle::messages(row, known, b);
  std::array<double, kVocabulary> share = messages[0];
  for (int64_t i = 0; i < kNumTokens; ++i) {
    const int64_t token = choose(share, stream.uniform(i));
    row[kTokens + i] = static_cast<double>(token);
    for (int64_t next = 0; next < kVocabulary; ++next)
      share[next] = share_of_step(token, next, b) * messages[i + 1][next];
  }
}

}  // namespace limbic::worlds
