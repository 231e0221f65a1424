#include "limbic/worlds/slcp_oracle.h"

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "limbic/worlds/quadrature.h"

namespace limbic::worlds {
namespace {

// theta2 and theta3 are counted in y with theta = kSmall sinh y: even below kSmall, where the floor
// of the variance hides them, in logarithms above.
constexpr double kSmall = 0.02;

// The integral over those of theta2, theta3 and theta4 that are unknown: theta4 outside, where the
// density may have two peaks, theta3 inside.
class Spreads {
 public:
  Spreads(std::span<const double> row, std::span<const uint8_t> known)
      : likelihood_(row, known),
        theta_{row[2], row[3], row[4]},
        has_{known[2] != 0, known[3] != 0, known[4] != 0},
        top_(std::asinh(kSlcpBound / kSmall)) {
    bells_.fill({.begin = top_ - 3, .peak = top_ - 0.5, .end = top_});
  }

  [[nodiscard]] const SlcpLikelihood& likelihood() const { return likelihood_; }
  [[nodiscard]] SlcpSpread spread() const { return {theta_[0], theta_[1], theta_[2]}; }
  [[nodiscard]] double theta(int64_t i) const { return theta_[i]; }

  /// Log density of all that is known, but for the prior of theta2 to theta4.
  [[nodiscard]] double log_mass() {
    if (has_[2]) return log_mass_of_scales(0);
    if (!likelihood_.has_pairs()) return log_mass_of_scales(0) + std::log(2 * kSlcpBound);
    return log_integral([this](double at) { return at_correlation(at); }, cuts());
  }

  /// Integrates the first line that is drawn on: it depends on what is known alone.
  void prepare() {
    for (const int64_t i : {2, 0, 1}) {
      if (!has_line(i)) continue;
      first_ = std::make_shared<const Panels>(panels(i));
      return;
    }
  }

  void draw(const Stream& stream) {
    if (has_line(2)) {
      theta_[2] = draw_on_line_of(2, stream.child("theta4"));
    } else if (!has_[2]) {
      theta_[2] = kSlcpBound * (2 * stream.uniform(2) - 1);
    }
    for (const int64_t i : {0, 1}) {
      if (!has_line(i)) continue;
      const double y = draw_on_line_of(i, stream.child("scale").at(i));
      theta_[i] = kSmall * std::sinh(stream.uniform(i) < 0.5 ? -y : y);
    }
  }

 private:
  // Nothing but pairs tells of theta4.
  [[nodiscard]] bool has_line(int64_t i) const {
    return !has_[i] && (i < 2 || likelihood_.has_pairs());
  }

  double on_line(int64_t i, double at) { return i < 2 ? at_scale(i, at) : at_correlation(at); }

  Panels panels(int64_t i) {
    const auto log_density = [this, i](double at) { return on_line(i, at); };
    if (i == 2) return {log_density, cuts()};
    bells_[i] = find_bell(log_density, 0, top_, bells_[i]);
    return {log_density, cuts(bells_[i])};
  }

  double draw_on_line_of(int64_t i, const Stream& stream) {
    const auto prepared = std::exchange(first_, nullptr);
    const Panels panels = prepared ? *prepared : this->panels(i);
    return panels.draw([this, i](double at) { return on_line(i, at); }, stream);
  }

  [[nodiscard]] std::span<const double> cuts() const {
    static constexpr std::array kFew{-kSlcpBound, 0.0, kSlcpBound};
    static constexpr std::array kMany{-kSlcpBound, -kSlcpBound / 2, 0.0, kSlcpBound / 2,
                                      kSlcpBound};
    if (has_[0] || has_[1]) return kMany;
    return kFew;
  }

  // Four panels; two where the integral goes over all three, which must be cheap.
  [[nodiscard]] std::array<double, 5> cuts(const Bell& bell) const {
    const bool is_over_all = !has_[0] && !has_[1] && !has_[2] && likelihood_.has_pairs();
    const double share = is_over_all ? 0 : 0.5;
    return {bell.begin, bell.peak + share * (bell.begin - bell.peak), bell.peak,
            bell.peak + share * (bell.end - bell.peak), bell.end};
  }

  double at_correlation(double theta4) {
    theta_[2] = theta4;
    return log_mass_of_scales(0);
  }

  // Of theta2 (i = 0) or theta3 (i = 1), both signs.
  double at_scale(int64_t i, double y) {
    theta_[i] = kSmall * std::sinh(y);
    return std::log(2 * kSmall * std::cosh(y)) + log_mass_of_scales(i + 1);
  }

  double log_mass_of_scales(int64_t i) {
    if (i == 2) return likelihood_(spread());
    if (has_[i]) return log_mass_of_scales(i + 1);
    const auto log_density = [this, i](double y) { return at_scale(i, y); };
    bells_[i] = find_bell(log_density, 0, top_, bells_[i]);
    return log_integral(log_density, cuts(bells_[i]));
  }

  SlcpLikelihood likelihood_;
  std::array<double, 3> theta_;
  std::array<bool, 3> has_;
  double top_;
  std::array<Bell, 2> bells_{};          // of the last integrals, where the next ones begin to look
  std::shared_ptr<const Panels> first_;  // of the first line that is drawn on, until it is
};

void draw_x(std::span<double> row, std::span<const uint8_t> known, const Stream& stream) {
  const SlcpSpread spread(row[2], row[3], row[4]);
  for (int64_t first = 5; first < std::ssize(row); first += 2) {
    const std::array<double*, 2> x{&row[first], &row[first + 1]};
    const double a = stream.normal(first), b = stream.normal(first + 1);
    if (!known[first] && !known[first + 1]) {
      const auto offset = spread.from_normals(a, b);
      for (const size_t i : {0, 1}) *x[i] = row[i] + offset[i];
    }
    for (const size_t i : {0, 1}) {
      if (known[first + i] || !known[first + 1 - i]) continue;
      const double given = spread.variance[1 - i];
      *x[i] = row[i] + spread.covariance / given * (*x[1 - i] - row[1 - i]) +
              std::sqrt(spread.determinant() / given) * a;
    }
  }
}

}  // namespace

double SlcpOracle::log_density(std::span<const double> row, std::span<const uint8_t> known) const {
  int64_t num_theta = 0;
  for (int64_t i = 0; i < 5; ++i) {
    num_theta += known[i];
    if (known[i] && std::abs(row[i]) > kSlcpBound) return -std::numeric_limits<double>::infinity();
  }
  Spreads spreads(row, known);
  if (!spreads.likelihood().has_x())
    return -std::log(2 * kSlcpBound) * static_cast<double>(num_theta);
  return spreads.log_mass() - 3 * std::log(2 * kSlcpBound);
}

RowOracle::Completion SlcpOracle::completion(const std::vector<double>& row,
                                             const std::vector<uint8_t>& known) const {
  Spreads prepared(row, known);
  if (!prepared.likelihood().has_x()) {
    return [known](std::span<double> completed, const Stream& stream) {
      const Stream source = stream.child("theta");
      for (int64_t i = 0; i < 5; ++i) {
        if (!known[i]) completed[i] = kSlcpBound * (2 * source.uniform(i) - 1);
      }
      draw_x(completed, known, stream.child("x"));
    };
  }
  prepared.prepare();
  return [prepared, known](std::span<double> completed, const Stream& stream) {
    Spreads spreads = prepared;  // a copy, since its searches begin where those before them ended
    spreads.draw(stream.child("spread"));
    for (int64_t i = 0; i < 3; ++i) completed[2 + i] = spreads.theta(i);
    const auto center = spreads.likelihood().draw_center(spreads.spread(), stream.child("center"));
    for (int64_t i = 0; i < 2; ++i) completed[i] = center[i];
    draw_x(completed, known, stream.child("x"));
  };
}

}  // namespace limbic::worlds
