#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <utility>

#include "limbic/config/node.h"
#include "limbic/config/problems.h"
#include "limbic/config/yaml_bytes.h"
#include "limbic/core/file.h"
#include "limbic/core/suggest.h"

namespace limbic::config {
namespace {

/// Builds our tree from yaml-cpp's events, which, unlike its tree, show duplicates and marks.
/// What can be read past is noted; what can't (bounds) throws ConfigError.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, std::string_view text, Problems& problems)
      : file_(file.empty() ? nullptr : std::make_shared<const std::string>(file)),
        source_(std::make_shared<const std::string>(text)),
        lines_(*source_),
        problems_(problems) {}

  Node take_root() { return std::move(root_); }
  [[nodiscard]] Mark at(int line, int column) const { return {file_, line, column, source_}; }
  [[nodiscard]] Mark mark_of(const YAML::Mark& mark) const {
    return at(std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1);
  }
  /// Where what was read last begins.
  [[nodiscard]] const Mark& last() const { return last_; }
  [[nodiscard]] std::string_view line_of(const Mark& mark) const { return lines_[mark.line - 1]; }
  [[noreturn]] void stop(const Mark& mark, std::string message) {
    problems_.add(mark, std::move(message));
    problems_.raise();
    throw ConfigError("");
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      stop(mark_of(mark), "a second document starts here; a config file holds one");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = mark_of(mark);
    place({std::move(node)}, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    Node node = Node::scalar(value);
    node.quoted = tag == "!";
    node.mark = mark_of(mark);
    place({std::move(node)}, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(mark_of(mark), "an alias stands inside what it repeats");
    check_bounds(mark_of(mark), found->second);
    place(found->second, 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Node::sequence({}));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Node::map({}));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Sized {
    Node node;
    size_t size = 1;
    int height = 1;
  };
  /// A list or map that is not finished yet.
  struct Frame {
    Sized sized;
    YAML::anchor_t anchor = 0;
    std::map<std::string, int> lines_of_keys = {};
    bool has_key = false;  // a key waits for its value
    bool drop = false;     // that key was refused, its value goes with it
    Entry entry = {};
  };

  void check_bounds(const Mark& mark, const Sized& added) {
    num_nodes_ += added.size;
    if (num_nodes_ > kMaxYamlNodes) {
      stop(mark, "more than " + std::to_string(kMaxYamlNodes) + " values, aliases written out");
    }
    if (static_cast<int>(frames_.size()) + added.height > kMaxYamlDepth) {
      stop(mark, "nested more than " + std::to_string(kMaxYamlDepth) + " deep");
    }
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    problems_.add(mark_of(mark), "a tag (" + quoted(tag) + ") is not allowed; leave it out");
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node node) {
    refuse_tag(mark, tag);
    node.mark = mark_of(mark);
    last_ = node.mark;
    check_bounds(node.mark, {});
    frames_.push_back({.sized = {std::move(node)}, .anchor = anchor});
  }
  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    attach(std::move(frame.sized), frame.anchor);
  }
  void place(Sized sized, YAML::anchor_t anchor) {
    last_ = sized.node.mark;
    if (sized.size == 1) check_bounds(sized.node.mark, sized);
    attach(std::move(sized), anchor);
  }
  void attach(Sized sized, YAML::anchor_t anchor) {
    if (anchor != 0) {
      check_bounds(sized.node.mark, sized);  // the copy counts too: anchors nest
      anchors_[anchor] = sized;
    }
    if (frames_.empty()) {
      root_ = std::move(sized.node);
      return;
    }
    Frame& frame = frames_.back();
    frame.sized.size += sized.size;
    frame.sized.height = std::max(frame.sized.height, sized.height + 1);
    if (frame.sized.node.kind == Node::Kind::kSequence) {
      if (sized.node.kind == Node::Kind::kNull && !is_written(sized.node.mark))
        sized.node.mark = frame.sized.node.mark;
      frame.sized.node.items.push_back(std::move(sized.node));
    } else if (frame.has_key) {
      attach_value(frame, std::move(sized.node));
    } else {
      attach_key(frame, sized.node);
    }
  }
  // Whether a null stands there; of an empty item yaml-cpp's place is that of what follows.
  [[nodiscard]] bool is_written(const Mark& null) const {
    const std::string_view line = line_of(null);
    const std::string_view rest = line.substr(std::min<size_t>(null.column - 1, line.size()));
    return std::ranges::any_of(std::array{"~", "null", "Null", "NULL"},
                               [&](const char* word) { return rest.starts_with(word); });
  }
  void attach_key(Frame& frame, const Node& key) {
    frame.has_key = true;
    frame.drop = true;
    frame.entry = {key.text, key.mark, {}};
    if (key.kind != Node::Kind::kScalar) {
      problems_.add(key.mark, "a key must be text, got " + key.described());
    } else if (key.text == "<<" && !key.quoted) {
      problems_.add(key.mark, "the merge key '<<' is not supported; write the keys out");
    } else {
      const auto [first, is_new] = frame.lines_of_keys.try_emplace(key.text, key.mark.line);
      frame.drop = !is_new;
      if (is_new) return;
      problems_.add(key.mark, "duplicate key " + quoted(key.text) + " (first at line " +
                                  std::to_string(first->second) + ")");
    }
  }
  static void attach_value(Frame& frame, Node value) {
    frame.has_key = false;
    if (frame.drop) return;
    if (value.kind == Node::Kind::kNull) value.mark = frame.entry.key_mark;
    frame.entry.value = std::move(value);
    frame.sized.node.entries.push_back(std::move(frame.entry));
  }

  std::shared_ptr<const std::string> file_, source_;
  Lines lines_;
  Problems& problems_;
  Node root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Sized> anchors_;
  size_t num_nodes_ = 0;
  int documents_ = 0;
  Mark last_ = at(1, 1);
};

/// yaml-cpp takes a quote that is never closed for closed if the file ends with a newline. A
/// comment behind the newline changes nothing but that.
std::string with_comment(std::string_view text) {
  return std::string(text) + (text.ends_with('\n') ? "#" : "");
}

/// What to do about it, where yaml-cpp's words do not tell.
std::string hint(const std::string& complaint) {
  namespace Known = YAML::ErrorMsg;
  if (complaint == Known::FLOW_END) return "; this bracket closes one of another kind";
  if (complaint == Known::END_OF_SEQ_FLOW) return "; a '[' is never closed";
  if (complaint == Known::END_OF_MAP_FLOW)
    return "; a '{' is never closed, or text in it that holds one of , [ ] { } wants quotes";
  return complaint == Known::MAP_VALUE ? "; put text that holds ': ' in quotes" : "";
}

bool is_open_quote(const YAML::ParserException& error) {
  return error.msg == YAML::ErrorMsg::EOF_IN_SCALAR;
}

/// What yaml-cpp says of that line, in plainer words where we know better.
std::string complaint(const YAML::ParserException& error, std::string_view line) {
  const std::string_view indent = line.substr(0, line.find_first_not_of(" \t"));
  if (indent.find('\t') != std::string_view::npos) return "indented with a tab; use spaces";
  if (is_open_quote(error)) return "the quote that opens at or after this is never closed";
  return "not valid YAML: " + error.msg + hint(error.msg);
}

}  // namespace

Node parse_yaml(std::string_view text, const std::string& file, Problems& problems) {
  TreeBuilder builder(file, text, problems);
  if (text.size() > kMaxYamlBytes) {
    builder.stop(builder.at(1, 1), "larger than " + std::to_string(kMaxYamlBytes) + " bytes");
  }
  if (const auto bad = first_bad_byte(text)) {
    builder.stop(builder.at(bad->line, bad->column), bad->message);
  }
  std::istringstream stream(with_comment(text));
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::ParserException& error) {
    // Of an open quote yaml-cpp's place is the end of the file.
    const Mark mark = is_open_quote(error) ? builder.last() : builder.mark_of(error.mark);
    builder.stop(mark, complaint(error, builder.line_of(mark)));
  }
  Node root = builder.take_root();
  if (!root.mark.file) root.mark = builder.at(1, 1);
  return root;
}

Node parse_yaml(std::string_view text, const std::string& file) {
  Problems problems;
  Node root = parse_yaml(text, file, problems);
  problems.raise();
  return root;
}

Node read_yaml_file(const std::string& path, Problems& problems) {
  return parse_yaml(read_file(path, kMaxYamlBytes), path, problems);
}

Node read_yaml_file(const std::string& path) {
  return parse_yaml(read_file(path, kMaxYamlBytes), path);
}

}  // namespace limbic::config
