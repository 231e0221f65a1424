#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/grid.h"
#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

/// x_k of the tree: normal around a function of t2 (x1, x2) or of t3 (x3, x4).
struct TreeLeaf {
  int64_t parent;
  double (*mean)(double);
  double deviation;
};

/// Sites of a row are t1, t2, t3, x1 to x4.
inline constexpr int64_t kFirstTreeLeaf = 3;
extern const std::array<TreeLeaf, 4> kTreeLeaves;

/// Exact conditionals of the tree by messages from the leaves to the root.
///
///   L_c(t_c) = product over known x_k below of p(x_k | t_c);  m_c(t1) = int p(t_c | t1) L_c(t_c)
///   p(known) = int p(t1) m_2(t1) m_3(t1) dt1
///
/// A known t is its own value; only unknown ones are summed over a grid. An unknown t1 is summed at
/// every 15th point, which is exact: all that depends on it is no narrower than 1 / sqrt(3).
///
/// Cost    about 200,000 multiplications a density or question with t1, t2 and t3 unknown; a sample
///         at most 1,201 exponentials more.
class TreeOracle final : public RowOracle {
 public:
  explicit TreeOracle(const Schema& schema);

 private:
  struct Branch;
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;

  [[nodiscard]] Branch branch(int64_t child, std::span<const double> row,
                              std::span<const uint8_t> known) const;
  [[nodiscard]] double at_node(const Branch& branch, int64_t node) const;
  [[nodiscard]] std::vector<double> weights(const Branch& branch, std::span<const double> row,
                                            std::span<const uint8_t> known, int64_t other) const;
  [[nodiscard]] std::vector<double> weights_without_kin(const Branch& branch,
                                                        const Branch& other) const;

  Grid grid_, nodes_;
  std::array<std::vector<double>, 4> leaf_mean_;  // on the grid
  std::vector<double> bell_;   // N(0, 1) at all differences of two points of the grid
  std::vector<double> prior_;  // mass of t1 around each node
};

}  // namespace limbic::worlds
