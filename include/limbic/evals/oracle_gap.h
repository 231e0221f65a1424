#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

enum class MaskPart { kAny, kDrawn, kNever };

constexpr auto enum_names(MaskPart) {
  return std::array{std::pair{"any", MaskPart::kAny}, std::pair{"drawn", MaskPart::kDrawn},
                    std::pair{"never", MaskPart::kNever}};
}

/// YAML: `type: oracle_gap`.
struct OracleGapConfig {
  HeldOut held_out;
  std::optional<std::vector<config::Located>> given;
  std::optional<std::vector<config::Located>> asked;
  std::vector<int64_t> ticks = {};
  double rate = 0.5;
  int64_t orders = 1;
  bool one_pass = false;
  MaskPart masks = MaskPart::kAny;
  double never = 0.0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    HeldOut::fields(self.held_out, field);
    field("given", self.given,
          "globs of what is observed, variables, modalities or cells: `x`, `theta[3]`, `state@9`, "
          "`action@now`; default: each cell at `rate`");
    field("asked", self.asked,
          "globs of what is asked about; what is neither given nor asked is integrated out; "
          "default: all that is not given");
    field("ticks", self.ticks,
          "where `given` or `asked` say now, next or past: the ticks that each row's moment is "
          "drawn from; empty: all");
    field("rate", self.rate, within(0.0, 1.0), "chance that a cell is observed");
    field("orders", self.orders, within<int64_t>(1, 4096),
          "random orders over which the joint p is averaged; of one alone there is no "
          "disagreement");
    field("one_pass", self.one_pass,
          "ask about one hidden cell of each row alone, as one pass answers it, instead of all "
          "jointly");
    field("masks", self.masks,
          "any; drawn or never: only masks that a loss any_subset with the same `never` may learn "
          "from, or never does, which needs one_pass: true");
    field("never", self.never, within(0.0, 0.95), "that share of all masks");
  }
  static std::vector<config::Reported> reported();
  void check(config::Reader& reader, const config::Node& node) const;
};

/// How far the cortex is from the world's exact answer, on the same rows; rows with nothing to ask
/// are dropped. A question about a moment is asked of each row at one that is drawn by lot.
///
///   "" = mean of (log p exact - log p cortex) / mean number of hidden dimensions
///
/// Results "" and its "error" (one s.e.), "cortex" and "exact" (mean -log p of a row), and of
///         several orders "disagreement" (mean deviation of log p over them, a dimension).
/// Units   nats a hidden dimension; "cortex" and "exact" nats a row.
class OracleGap : public Eval {
 public:
  explicit OracleGap(OracleGapConfig config);

  /// Errors  limbic::Error (input) where the world has no oracle; ConfigError where all that might
  ///         be asked is given.
  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  OracleGapConfig config_;
};

}  // namespace limbic::evals
