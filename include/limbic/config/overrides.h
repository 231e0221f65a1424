#pragma once

#include <string>
#include <string_view>

#include "limbic/config/node.h"

namespace limbic::config {

/// The place of what was said on the command line: `<command line>`.
const Mark& command_line();

/// Puts a value at a dotted path. In a list a whole number picks an item from 0 on, any other word
/// the one item that has it as its `stage`, `phase` or `law`; the number of items, as the last
/// step, adds one.
void put(Node& root, std::string_view path, Node value, const Mark& place, Problems& problems);

/// Takes away what stands at a dotted path, whose steps are those of put().
void drop(Node& root, std::string_view path, const Mark& place, Problems& problems);

/// `--set path.to.key=value`: puts a YAML value at a dotted path.
/// Keys that do not exist are made, so that the reader refuses them with its suggestion; its place
/// is the command line.
void apply_override(Node& root, std::string_view text);
void apply_override(Node& root, std::string_view text, Problems& problems);

}  // namespace limbic::config
