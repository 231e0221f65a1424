#include "limbic/inference/dials.h"

#include <algorithm>

#include "limbic/config/overrides.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::inference {

// A dial that another one leaves without effect.
void Dials::check(config::Reader& reader, const config::Node& node) const {
  if (orders > 1 && candidates == 1 && sweeps == 0)
    reader.problem(node.find("orders")->mark, "orders need candidates or sweeps");
  if (const auto mistake = temperature_mistake())
    reader.problem(node.find("temperature")->mark, *mistake);
  if (block != Dials{}.block && sweeps == 0)
    reader.problem(node.find("block")->mark, "block needs sweeps");
}

std::optional<std::string> Dials::temperature_mistake() const {
  if (temperature == 1 || (orders == 1 && sweeps == 0)) return std::nullopt;
  return concat("orders and sweeps weigh what is drawn at temperature 1, got ", temperature);
}

Dials parse_dials(std::string_view text, const Dials& dials) {
  config::Problems problems;
  config::Node root = config::dump(dials);
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    const std::string_view piece = text.substr(start, end - start);
    if (piece.find('=') == std::string_view::npos)
      throw input_error("expected dials such as orders=8,sweeps=2, got ", quoted(piece));
    config::apply_override(root, piece, problems);
    start = end + 1;
  }
  Dials read = config::parse<Dials>(root, problems);
  problems.raise();
  return read;
}

}  // namespace limbic::inference
