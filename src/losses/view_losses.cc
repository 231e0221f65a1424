#include "limbic/losses/view_losses.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <string>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"
#include "limbic/losses/functions.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"

namespace limbic::losses {
namespace {

using ViewsPair = std::vector<config::Located>;

void check_two(config::Reader& reader, const config::Node& node, const ViewsPair& between) {
  if (between.size() == 2) return;
  const config::Node* list = node.find("between");
  reader.problem(list == nullptr ? node.mark : list->mark,
                 concat("expected two views, got ", between.size()));
}

// What one view teaches itself is nothing.
void check_two_of_them(config::Reader& reader, const config::Node& node, const ViewsPair& between) {
  check_two(reader, node, between);
  if (between.size() == 2 && between[0].text == between[1].text)
    reader.problem(between[1].mark, concat("both views are ", quoted(between[1].text),
                                           ", so they have nothing to teach each other"));
}

ViewLoss::Views named_views(const ViewsPair& between, const worlds::Schema& schema) {
  const auto first = worlds::select(schema, {between[0]});
  const auto second = worlds::select(schema, {between[1]});
  return [=](const worlds::Episodes& episodes, const Stream&) {
    const at::Tensor visible_BTV = worlds::visible(episodes, schema);
    return TwoViews{worlds::only(visible_BTV, schema, first),
                    worlds::only(visible_BTV, schema, second)};
  };
}

ViewLoss::Views part_and_whole(const worlds::Schema& schema) {
  return [=](const worlds::Episodes& episodes, const Stream& stream) {
    const at::Tensor visible_BTV = worlds::visible(episodes, schema);
    return TwoViews{worlds::random_subset(visible_BTV, stream), visible_BTV};
  };
}

// 1 for rows to which both views have shown something by the end of tick `last`, else 0: [B].
at::Tensor both_shown(const TwoViews& views, int64_t last) {
  const auto shown = [&](const at::Tensor& mask_BTV) {
    return mask_BTV.narrow(1, 0, last + 1).flatten(1).any(1);
  };
  return shown(views.first_BTV).logical_and(shown(views.second_BTV)).to(at::kFloat);
}

}  // namespace

void ViewsConfig::check(config::Reader& reader, const config::Node& node) const {
  check_two_of_them(reader, node, between);
}
// One view tells rows apart as well.
void ContrastiveConfig::check(config::Reader& reader, const config::Node& node) const {
  check_two(reader, node, views.between);
}
void ConsistencyConfig::check(config::Reader& reader, const config::Node& node) const {
  if (!between.empty()) check_two_of_them(reader, node, between);
}
void KlConfig::check(config::Reader& reader, const config::Node& node) const {
  check_two_of_them(reader, node, between);
}

ViewLoss::ViewLoss(Views views, int64_t tick, Rule rule, Learns learns)
    : views_(std::move(views)), tick_(tick), rule_(std::move(rule)), learns_(learns) {}

Lesson ViewLoss::prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                         const Stream& stream) const {
  const TwoViews views = views_(episodes, stream);
  Lesson lesson{
      {brain.cortex().ask_thought(views.first_BTV), brain.cortex().ask_thought(views.second_BTV)},
      {both_shown(views, tick_)}};
  for (brain::Question& thought : lesson.questions) thought.taught_ticks = tick_ + 1;
  if (learns_ == Learns::kFirst) lesson.questions[1].taught_ticks = 0;
  return lesson;
}

at::Tensor ViewLoss::operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                                const brain::Signals& /*signals*/, const Lesson& lesson) const {
  const auto thought = [&](const brain::Question& question) {
    return brain.cortex().think(episodes, question).select(1, tick_);
  };
  const at::Tensor first_BD = thought(lesson.questions[0]);
  const at::Tensor second_BD = thought(lesson.questions[1]);
  return rule_(first_BD, second_BD, lesson.tensors.front());
}

KlLoss::KlLoss(const KlConfig& config, const worlds::Schema& schema)
    : schema_(schema),
      variable_(worlds::select_one(schema, config.of)),
      views_(named_views(config.between, schema)) {
  config::Problems problems;
  if (schema[variable_].kind != worlds::Kind::kCategory)
    problems.add(config.of.mark, worlds::not_a_category(schema[variable_]));
  for (const config::Located& view : config.between) {
    for (const int64_t i : worlds::select(schema, {view})) {
      if (i != variable_) continue;
      problems.add(view.mark, concat("the view shows ", quoted(config.of.text), " itself"));
    }
  }
  problems.raise();
}

Lesson KlLoss::prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                       const Stream& stream) const {
  const TwoViews views = views_(episodes, stream);
  at::Tensor asked_BTV = at::zeros_like(views.first_BTV);
  worlds::own_cells(asked_BTV, schema_, variable_).fill_(true);
  const auto asked = [&](const at::Tensor& observed_BTV) {
    return brain.cortex().ask({observed_BTV, asked_BTV}, {});
  };
  return {{asked(views.first_BTV), asked(views.second_BTV)},
          {both_shown(views, schema_.num_ticks() - 1)}};
}

at::Tensor KlLoss::operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                              const brain::Signals& /*signals*/, const Lesson& lesson) const {
  const auto belief = [&](const brain::Question& question, bool learns) {
    const at::AutoGradMode mode(learns && at::GradMode::is_enabled());
    const brain::Marginals all = brain.cortex().marginals(episodes, question);
    return std::get<brain::Categorical>(all[variable_]).logits;
  };
  const at::Tensor first = belief(lesson.questions[0], true);
  const at::Tensor second = belief(lesson.questions[1], false);
  const at::Tensor& weight_B = lesson.tensors.front();
  return kl(second, first, weight_B.view({-1, 1, 1}).expand(first.sizes().slice(0, 3)));
}

Cosine::Cosine(const ViewsConfig& config, const worlds::Schema& schema)
    : ViewLoss(named_views(config.between, schema), config.tick.in(schema), cosine) {}

Contrastive::Contrastive(const ContrastiveConfig& config, const worlds::Schema& schema)
    : ViewLoss(named_views(config.views.between, schema), config.views.tick.in(schema),
               [temperature = config.temperature](const at::Tensor& a_BD, const at::Tensor& b_BD,
                                                  const at::Tensor& weight_B) {
                 return info_nce(a_BD, b_BD, temperature, weight_B);
               }) {}

Consistency::Consistency(const ConsistencyConfig& config, const worlds::Schema& schema)
    : ViewLoss(
          config.between.empty() ? part_and_whole(schema) : named_views(config.between, schema),
          config.tick.in(schema),
          [](const at::Tensor& a_BD, const at::Tensor& b_BD, const at::Tensor& weight_B) {
            return consistency(a_BD, b_BD, weight_B.unsqueeze(1).expand(a_BD.sizes()));
          },
          Learns::kFirst) {}

}  // namespace limbic::losses
