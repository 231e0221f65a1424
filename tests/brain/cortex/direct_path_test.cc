#include "limbic/brain/cortex/direct_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fused.h"
#include "limbic/config/reader.h"
#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using toy::distance;
using worlds::Episodes;
using worlds::Schema;

// A mean that is 3 z of one cell minus 2 z of another: the heads' biases say so.
TEST(DirectPathTest, ReadsMakeAMeanExactlyLinearInWhatIsSeen) {
  const Schema schema(
      {{.name = "a", .center = 1, .scale = 2}, {.name = "b"}, {.name = "y", .scale = 4}}, 1);
  TransformerConfig config = toy::direct(0);
  config.scalar_mixture = 1;
  config.direct.reads = 1;
  Transformer cortex(config, schema, Stream(2));
  const at::NoGradGuard no_grad;
  auto parameters = cortex.named_parameters();
  parameters["heads.weight_y"].zero_();
  parameters["heads.bias_y"].copy_(at::tensor({0.F, 0.5F, 0.F, 3.F, -2.F, 7.F}));
  Episodes episodes = toy::episodes(schema, 3);
  episodes.value[0] = at::tensor({1.F, 3.F, 5.F}).view({3, 1, 1});  // z 0, 1, 2
  episodes.value[1] = at::tensor({1.F, 1.F, 2.F}).view({3, 1, 1});
  const auto mean = [&](const std::string& row) {
    const auto marginals = cortex.marginals(episodes, toy::roles(schema, {row, row, row}));
    return std::get<GaussianMixture>(marginals[2]).mean.flatten();
  };
  EXPECT_LT(distance(mean("ooh"), 4 * at::tensor({-1.5F, 1.5F, 2.5F})), 1e-5);
  EXPECT_LT(distance(mean("o.h"), 4 * at::tensor({0.5F, 3.5F, 6.5F})), 1e-5) << "b is not seen";
}

// What four queries of each of three rows ask a path of one layer.
struct Asked {
  static constexpr int64_t kRows = 3, kQueries = 4;
  TransformerConfig config = toy::direct(/*blocks=*/1);
  DirectPath path{nullptr};
  at::Tensor state, numbers, sees, site;

  Asked(const Schema& schema, bool has_state, int64_t contrasts, int64_t reads) {
    config.blocks = has_state ? 1 : 0;
    config.direct = {
        .width = 24, .layers = 1, .reads = reads, .contrasts = contrasts, .pairs = true};
    path = DirectPath(config, schema, Stream(2), std::make_shared<Dropout>(0.0));
    const int64_t sites = std::ssize(worlds::cortical_sites(schema));
    numbers = path->numbers(toy::episodes(schema, kRows));
    sees = Stream(3).uniform({kRows * kQueries, sites}).lt(0.5).to(at::kFloat);
    site = Stream(4).below(sites, {kRows * kQueries});
    if (has_state) state = Stream(5).normal({kRows * kQueries, config.width});
  }
  QueryState read(Workspaces* fused = nullptr) {
    return path->forward(state, numbers, sees, site, fused);
  }
};

Schema many_numbers_a_site() { return toy::schema(2); }
Schema one_number_a_site() { return {{{.name = "x", .num_cells = 3}}, 1}; }

TEST(DirectPathTest, AContrastBeginsAsOneNumberLessAnother) {
  Asked asked(many_numbers_a_site(), /*has_state=*/false, /*contrasts=*/3, /*reads=*/0);
  const at::Tensor contrast = asked.path->named_parameters()["contrast"];
  EXPECT_TRUE(contrast.sum(1).eq(0).all().item<bool>()) << contrast;
  EXPECT_TRUE(contrast.abs().sum(1).eq(2).all().item<bool>());
  EXPECT_TRUE(std::get<0>(contrast.max(1)).eq(1).all().item<bool>());
}

// h = relu(A [state, numbers, sees, f(C numbers), pairs] + site), written out query by query.
TEST(DirectPathTest, ReadsOfAQueryWhatItSeesOfItsRow) {
  const at::NoGradGuard no_grad;
  for (const Schema& schema : {many_numbers_a_site(), one_number_a_site()}) {
    Asked asked(schema, /*has_state=*/true, /*contrasts=*/3, /*reads=*/2);
    const QueryState found = asked.read();
    auto parameters = asked.path->named_parameters();
    const at::Tensor seen =
        asked.numbers.repeat_interleave(Asked::kQueries, 0) *
        asked.sees.index_select(1, asked.path->named_buffers()["site_of_number"]);
    const at::Tensor r = at::linear(seen, parameters["contrast"]);
    const at::Tensor pairs = Pairs(schema)->forward(asked.numbers, asked.sees);
    const at::Tensor inputs = at::cat(
        {asked.state, seen, asked.sees, r.tanh(), (8 * r).asinh() / 3, (64 * r).asinh() / 5, pairs},
        1);
    const at::Tensor site = parameters["site"].index_select(0, asked.site);
    const at::Tensor expected = (at::linear(inputs, parameters["in"]) + site).relu();
    EXPECT_LT(distance(found.state, expected), 1e-5);
    EXPECT_LT(distance(found.numbers, seen), 1e-6);
  }
}

// h = (1 + gain0) relu(A [numbers, sees, pairs] + site), h <- (1 + gain1) relu(W h + bias1), gains
// and biases those of the site that is asked about.
TEST(DirectPathTest, WithFilmSitesHaveGainsAndBiasesOfTheirOwn) {
  const at::NoGradGuard no_grad;
  const Schema schema = one_number_a_site();
  TransformerConfig config = toy::direct(/*blocks=*/0);
  config.direct = {.width = 24, .layers = 2, .pairs = true, .film = true};
  Asked asked(schema, /*has_state=*/false, /*contrasts=*/0, /*reads=*/0);
  DirectPath path(config, schema, Stream(2), std::make_shared<Dropout>(0.0));
  auto parameters = path->named_parameters();
  for (const char* name : {"gain0", "gain1", "bias1"}) {
    ASSERT_TRUE(parameters.contains(name)) << name;
    ASSERT_EQ(parameters[name].sizes(), at::IntArrayRef({3, 24})) << name;
    EXPECT_TRUE(parameters[name].eq(0).all().item<bool>()) << name << " changes nothing at first";
    parameters[name].copy_(Stream(8).child(name).normal({3, 24}));
  }
  const auto of = [&](const char* name) { return parameters[name].index_select(0, asked.site); };
  const auto x = asked.numbers.repeat_interleave(Asked::kQueries, 0) * asked.sees;
  const auto pairs = Pairs(schema)->forward(asked.numbers, asked.sees);
  const auto inputs = at::cat({x, asked.sees, pairs}, 1);
  auto h = (1 + of("gain0")) * (at::linear(inputs, parameters["in"]) + of("site")).relu();
  h = (1 + of("gain1")) * (at::linear(h, parameters["weight1"]) + of("bias1")).relu();
  Workspaces workspaces;
  for (Workspaces* const fused : {static_cast<Workspaces*>(nullptr), &workspaces})
    EXPECT_LT(distance(path->forward({}, asked.numbers, asked.sees, asked.site, fused).state, h),
              1e-4);
}

// Of every kind of input there is, and with or without heads that read the numbers too.
TEST(DirectPathTest, ByHandReadsTheSame) {
  const at::NoGradGuard no_grad;
  for (const Schema& schema : {many_numbers_a_site(), one_number_a_site()}) {
    for (int kind = 0; kind < 8; ++kind) {
      Asked asked(schema, (kind & 1) != 0, (kind & 2) != 0 ? 3 : 0, (kind & 4) != 0 ? 2 : 0);
      Workspaces workspaces;
      const QueryState exact = asked.read(), found = asked.read(&workspaces);
      EXPECT_LT(distance(found.state, exact.state), 1e-5) << kind;
      ASSERT_EQ(found.numbers.defined(), exact.numbers.defined()) << kind;
      if (exact.numbers.defined()) {
        EXPECT_EQ(distance(found.numbers, exact.numbers), 0) << kind;
      }
    }
  }
}

// So that attribution foretells what a value does, whichever way computes.
TEST(DirectPathTest, ByHandTheStateHasTheSameSlopeByNumbers) {
  std::vector<at::Tensor> slopes;
  for (const bool fused : {false, true}) {
    Asked asked(one_number_a_site(), /*has_state=*/false, /*contrasts=*/0, /*reads=*/2);
    asked.numbers.set_requires_grad(true);
    Workspaces workspaces;
    const QueryState found = asked.read(fused ? &workspaces : nullptr);
    slopes.push_back(torch::autograd::grad({found.state.sum()}, {asked.numbers})[0]);
  }
  EXPECT_LT(distance(slopes[1], slopes[0]), 1e-5);
  EXPECT_GT(slopes[0].abs().max().item<float>(), 1e-3);
}

TEST(DirectConfigTest, WhatThePathReadsNeedsAWidth) {
  const auto read = [] {
    config::parse<TransformerConfig>("direct: {reads: 2, contrasts: 3, pairs: true, film: true}",
                                     "c.yaml");
  };
  EXPECT_THAT(read, testing::ThrowsMessage<ConfigError>(testing::AllOf(
                        testing::HasSubstr("c.yaml:1:17: direct.reads needs a direct.width"),
                        testing::HasSubstr("c.yaml:1:31: direct.contrasts needs a direct.width"),
                        testing::HasSubstr("c.yaml:1:41: direct.pairs needs a direct.width"),
                        testing::HasSubstr("c.yaml:1:53: direct.film needs a direct.width"))));
}

class DirectPathGradientTest : public testing::TestWithParam<const char*> {};

TEST_P(DirectPathGradientTest, EqualsThatOfThePlainPath) {
  TransformerConfig config = toy::named(GetParam());
  const fused::Asked mixed, scalars{{{{.name = "x", .num_cells = 4}}, 1}, {"ohho", "hooh"}};
  for (const fused::Asked& asked : {mixed, scalars}) {
    for (const double dropout : {0.0, 0.3}) {
      config.dropout = dropout;
      fused::expect_gradients_of_the_plain_path(config, at::kFloat, 1e-4, asked);
      if (GetParam() != std::string_view("both over a base"))  // is fitted in float32
        fused::expect_gradients_of_the_plain_path(config, at::kDouble, 1e-10, asked);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, DirectPathGradientTest, testing::ValuesIn(toy::kPaths));

}  // namespace
}  // namespace limbic::brain
