#include "limbic/app/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "limbic/config/description.h"

namespace limbic::app {
namespace {

struct ZeroConfig {
  double scale = 2.0;
  static void fields(auto& self, auto&& field) {
    field("scale", self.scale, config::within(0.0, 9.0), "of nothing");
  }
};

class ZeroLoss : public losses::Loss {
 public:
  at::Tensor operator()(brain::Brain&, const worlds::Episodes&, const brain::Signals& signals,
                        const losses::Lesson&) const override {
    return signals.thought_BTD.sum() * 0;
  }
};

TEST(PartsTest, NewLossIsOneLine) {
  LossRegistry all = losses();
  all.add<ZeroConfig>("zero", "nothing",
                      [](const ZeroConfig&, const worlds::Schema&, const brain::Program&) {
                        return std::make_unique<ZeroLoss>();
                      });
  config::Context context;
  context.add(all);
  const auto recipe = config::parse<LossRecipe>("{type: zero, scale: 3}", "a.yaml", context);
  EXPECT_EQ(config::to_flow_yaml(recipe.dump()), "{type: zero, scale: 3}");
  EXPECT_THAT([&] { config::parse<LossRecipe>("{type: zero, scale: 10}", "a.yaml", context); },
              testing::ThrowsMessage<ConfigError>("a.yaml:1:21: scale must be in [0, 9], got 10"));
}

std::vector<std::string> names_in(const auto& registry) {
  const auto names = registry.names();
  return {names.begin(), names.end()};
}

/// The types of each choice between parts, wherever it is in a schema.
void collect_choices(const nlohmann::json& schema, std::set<std::vector<std::string>>& choices) {
  const nlohmann::json::json_pointer type("/properties/type/const");
  if (!schema.is_structured()) return;
  if (schema.contains("oneOf") && schema["oneOf"][0].contains(type)) {
    std::vector<std::string> types;
    for (const auto& part : schema["oneOf"]) types.push_back(part.at(type).get<std::string>());
    choices.insert(types);
  }
  for (const auto& inner : schema) collect_choices(inner, choices);
}

TEST(PartsTest, EveryPartHasAnEntryInTheSchema) {
  const std::string schema =
      config::json_schema(config::describe<RunConfig>(parts()), "limbic run");
  std::set<std::vector<std::string>> choices;
  collect_choices(nlohmann::json::parse(schema), choices);
  EXPECT_THAT(choices, testing::UnorderedElementsAre(names_in(worlds()), names_in(cortices()),
                                                     names_in(amygdalas()), names_in(losses()),
                                                     names_in(evals())));
}

}  // namespace
}  // namespace limbic::app
