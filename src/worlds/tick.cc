#include "limbic/worlds/tick.h"

#include <string>

#include "limbic/config/problems.h"

namespace limbic::worlds {

Tick Tick::from(const config::Node& node, config::Reader& reader) {
  Tick tick{.mark = node.mark};
  if (node.kind == config::Node::Kind::kScalar && node.text == "last") {
    tick.index = kLast;
  } else {
    reader.read(node, tick.index,
                config::Facts{.key = "tick", .range = config::within<int64_t>(0, 1 << 20)});
  }
  return tick;
}

config::Node Tick::dump() const {
  return config::Node::scalar(index == kLast ? "last" : std::to_string(index));
}

config::Shape Tick::shape() {
  return {"tick, or last", R"({"oneOf": [{"type": "integer", "minimum": 0}, {"const": "last"}]})"};
}

int64_t Tick::in(const Schema& schema) const {
  if (index == kLast) return schema.num_ticks() - 1;
  if (index >= schema.num_ticks()) {
    config::refuse(mark, concat("there is no tick ", index, ": episodes have ", schema.num_ticks(),
                                ", counted from 0"));
  }
  return index;
}

}  // namespace limbic::worlds
