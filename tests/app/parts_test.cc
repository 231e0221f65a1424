#include "limbic/app/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(PartsTest, EveryPartHasAnEntryInTheSchema) {
  const std::string schema =
      config::json_schema(config::describe<RunConfig>(parts()), "limbic run");
  for (const char* part : {"spider", "table", "transformer", "gaussian", "identity", "mlp",
                           "any_subset", "assess", "auroc"}) {
    EXPECT_THAT(schema, testing::HasSubstr('"' + std::string(part) + '"'));
  }
}

}  // namespace
}  // namespace limbic::app
