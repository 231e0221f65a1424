#include "limbic/brain/steering/order.h"

#include <algorithm>
#include <utility>

namespace limbic::brain::steering {
namespace {

/// Depth-first; at most kMostDefinitions deep.
class Sorter {
 public:
  Sorter(const std::vector<Definition>& definitions, const Names& names, config::Problems& problems)
      : definitions_(definitions),
        names_(names),
        problems_(problems),
        is_seen_(definitions.size(), false) {}

  void visit(int64_t index) {
    is_seen_[index] = true;
    open_.push_back(index);
    follow(index, definitions_[index].override);
    follow(index, definitions_[index].value);
    open_.pop_back();
    order.push_back(index);
  }
  [[nodiscard]] bool has_seen(int64_t index) const { return is_seen_[index]; }

  std::vector<int64_t> order;

 private:
  void follow(int64_t from, const std::optional<Expression>& expression) {
    if (!expression) return;
    for (const Term& term : expression->terms) {
      const int64_t to = names_.dependency(term, definitions_[from].part);
      if (to < 0) continue;
      const auto start = std::ranges::find(open_, to);
      if (start != open_.end()) {
        problems_.add(expression->mark(term.offset), cycle_from(start));
      } else if (!has_seen(to)) {
        visit(to);
      }
    }
  }

  std::string cycle_from(std::vector<int64_t>::iterator start) const {
    std::string path = "cycle: ";
    for (auto at = start; at != open_.end(); ++at) path += definitions_[*at].name + " -> ";
    return path + definitions_[*start].name;
  }

  const std::vector<Definition>& definitions_;
  const Names& names_;
  config::Problems& problems_;
  std::vector<int64_t> open_;  // from the first visited to the one being visited
  std::vector<bool> is_seen_;
};

}  // namespace

std::vector<int64_t> in_order(const std::vector<Definition>& definitions, const Names& names,
                              config::Problems& problems) {
  Sorter sorter(definitions, names, problems);
  for (int64_t i = 0; i < std::ssize(definitions); ++i) {
    if (!sorter.has_seen(i)) sorter.visit(i);
  }
  return std::move(sorter.order);
}

}  // namespace limbic::brain::steering
