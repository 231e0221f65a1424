#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/config/recipe.h"
#include "limbic/config/reported.h"

namespace limbic::config {

/// The parts of one kind that exist, by name. A value: filled by one plain function in
/// app/parts.cc.
template <class Product, class... Args>
class Registry {
 public:
  using Recipe = config::Recipe<Product, Args...>;
  using PartPointer = std::shared_ptr<const Part<Product, Args...>>;

  struct Entry {
    std::string name;
    std::string help;
    std::function<PartPointer(const Node&, Reader&, const Facts&)> read;
    std::function<void(Describer&, Description&)> describe;
    std::vector<Reported> reported;
  };

  template <class Config>
  void add(std::string name, std::string help,
           std::function<Product(const Config&, Args...)> make) {
    auto read = [make = std::move(make)](const Node& node, Reader& reader, const Facts& facts) {
      Config config{};
      reader.read(node, config, facts);
      return PartPointer(std::make_shared<PartOf<Config>>(std::move(config), make));
    };
    auto describe = [](Describer& describer, Description& description) {
      Codec<Config>::describe(describer, description, Config{});
    };
    std::vector<Reported> numbers;
    if constexpr (requires { Config::reported(); }) numbers = Config::reported();
    entries_.push_back({std::move(name), std::move(help), std::move(read), describe, numbers});
  }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// What a part of that name reports.
  [[nodiscard]] std::vector<Reported> reported(std::string_view name) const {
    for (const Entry& entry : entries_)
      if (entry.name == name) return entry.reported;
    return {};
  }
  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> all;
    for (const Entry& entry : entries_) all.push_back(entry.name);
    return all;
  }

 private:
  template <class Config>
  class PartOf final : public Part<Product, Args...> {
   public:
    PartOf(Config config, std::function<Product(const Config&, Args...)> make)
        : config_(std::move(config)), make_(std::move(make)) {}
    Product make(Args... args) const override {
      return make_(config_, std::forward<Args>(args)...);
    }
    Node dump() const override { return config::dump(config_); }

   private:
    Config config_;
    std::function<Product(const Config&, Args...)> make_;
  };

  std::vector<Entry> entries_;
};

/// Takes `type` out of a map: the index among `names` and the map without it, or a problem noted.
struct TypeChoice {
  size_t index = 0;
  Node rest;
};
std::optional<TypeChoice> read_type(const Node& node, Reader& reader,
                                    const std::vector<std::string_view>& names, const Facts& facts);
/// Of a part that was refused: where the command line gave it its type alone, how to leave out the
/// keys of the type before.
void explain_type(const Node& node, Reader& reader);

template <class Product, class... Args>
struct Codec<Recipe<Product, Args...>> {
  using Kind = Registry<Product, Args...>;

  static void read(const Node& node, Reader& reader, Recipe<Product, Args...>& value,
                   const Facts& facts) {
    if (node.kind == Node::Kind::kNull && !facts.is_required) return;  // stays at its default
    const Kind& registry = reader.context().template get<Kind>();
    const auto choice = read_type(node, reader, registry.names(), facts);
    if (!choice) return;
    const auto& entry = registry.entries()[choice->index];
    const size_t before = reader.num_problems();
    value = {entry.name, node.mark, entry.read(choice->rest, reader, facts)};
    if (reader.num_problems() > before) explain_type(node, reader);
  }
  static Node dump(const Recipe<Product, Args...>& value) { return value.dump(); }
  static void describe(Describer& describer, Description& description,
                       const Recipe<Product, Args...>& preset) {
    const Kind* registry = describer.context().template find<Kind>();
    if (registry == nullptr || !describer.enter(typeid(Kind))) {
      description.shape = {"map with a type, as above", R"({"type": "object"})"};
      return;
    }
    description.form = Description::Form::kChoice;
    description.is_nullable = !description.is_required && !preset;
    for (const auto& entry : registry->entries()) {
      Description& child = description.children.emplace_back();
      child.key = entry.name;
      child.help = entry.help;
      entry.describe(describer, child);
    }
    describer.leave();
  }
};

}  // namespace limbic::config
