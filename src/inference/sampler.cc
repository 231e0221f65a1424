#include "limbic/inference/sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "limbic/brain/cortex/heads.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/inference/joint.h"
#include "limbic/inference/sweeps.h"
#include "limbic/worlds/selection.h"

namespace limbic::inference {

using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Draws candidates, and notes what their weights are made of.
class Proposal {
 public:
  struct Candidates {
    Episodes episodes;
    at::Tensor log_mass_B;
    at::Tensor log_q_B;  // of all that was drawn, without regard to evidence
  };

  Proposal(brain::Cortex& cortex, const Schema& schema, const Dials& dials, bool weighs_q)
      : cortex_(cortex), schema_(schema), dials_(dials), weighs_q_(weighs_q) {}

  Candidates draw(const Request& request, const Stream& stream) {
    drawn_ = request.episodes;
    for (at::Tensor& column : drawn_.value) column = column.clone();
    drawn_.present_BTV = drawn_.present_BTV.clone();
    seen_BTV_ = request.roles.observed_BTV.clone();
    log_mass_B_ = at::zeros({drawn_.num_rows()}, at::kDouble);
    log_q_B_ = log_mass_B_.clone();
    draw_constrained(request.evidence, stream.child("evidence"));
    draw_rest(request.roles.asked_BTV, stream.child("rest"));
    return {drawn_, log_mass_B_, log_q_B_};
  }

 private:
  void draw_constrained(const std::vector<Evidence>& evidence, const Stream& stream);
  void draw_rest(const at::Tensor& asked_BTV, const Stream& stream);
  void note_q(const at::Tensor& fresh_BTV, const at::Tensor& rank_BTV) {
    if (weighs_q_) log_q_B_ += log_prob_of_rows(cortex_, drawn_, {seen_BTV_, fresh_BTV}, rank_BTV);
  }

  brain::Cortex& cortex_;
  const Schema& schema_;
  const Dials& dials_;
  bool weighs_q_;
  Episodes drawn_;
  at::Tensor seen_BTV_, log_mass_B_, log_q_B_;
};

// All that is known of one cell together, cells in the order in which they were first spoken of.
std::vector<std::vector<Evidence>> by_cell(const std::vector<Evidence>& evidence) {
  std::vector<std::vector<Evidence>> cells;
  std::map<std::tuple<int64_t, int64_t, int64_t>, size_t> place;
  for (const Evidence& one : evidence) {
    const auto [found, is_new] =
        place.try_emplace({one.variable, one.tick, one.cell}, cells.size());
    if (is_new) cells.emplace_back();
    cells[found->second].push_back(one);
  }
  return cells;
}

// The distribution of one cell of each row: [B, ...].
brain::Distribution of_cell(const brain::Distribution& marginal, const Evidence& evidence) {
  const auto pick = [&](const at::Tensor& x) {
    return x.select(1, evidence.tick).select(1, evidence.cell);
  };
  if (const auto* choice = std::get_if<brain::Categorical>(&marginal))
    return brain::Categorical{pick(choice->logits)};
  brain::GaussianMixture one = std::get<brain::GaussianMixture>(marginal);
  const auto lead = one.mean.sizes().slice(0, 3).vec();
  std::vector<int64_t> factor_shape = lead;
  factor_shape.insert(factor_shape.end(), {one.factor.size(-2), one.factor.size(-1)});
  one.factor = pick(one.factor.expand(factor_shape));
  one.logits = pick(one.logits);
  one.mean = pick(one.mean);
  one.scale = pick(one.scale);
  return one;
}

// What f and its inverse round out of an interval lies on its edge.
void keep_within(const std::vector<Evidence>& about, at::Tensor& value) {
  for (const Evidence& one : about) {
    if (const auto* interval = std::get_if<Interval>(&one.known))
      value.clamp_(interval->low, interval->high);
  }
}

void Proposal::draw_constrained(const std::vector<Evidence>& evidence, const Stream& stream) {
  int64_t step = 0;
  for (const std::vector<Evidence>& about : by_cell(evidence)) {
    const Evidence& cell = about.front();
    at::Tensor fresh_BTV = at::zeros_like(seen_BTV_);
    cell_of(fresh_BTV, schema_, cell).fill_(true);
    brain::Distribution believed =
        of_cell(cortex_.marginals(drawn_, {seen_BTV_, fresh_BTV})[cell.variable], cell);
    for (const Evidence& one : about) {
      const Constrained constrained = constrain(believed, one);
      log_mass_B_ += constrained.log_mass.cpu();
      believed = constrained.distribution;
    }
    at::Tensor column = drawn_.value[cell.variable].select(1, cell.tick).select(1, cell.cell);
    column.copy_(
        brain::sample(believed, schema_[cell.variable], dials_.temperature, stream.at(step++)));
    keep_within(about, column);
    cell_of(drawn_.present_BTV, schema_, cell).fill_(true);
    note_q(fresh_BTV, {});
    seen_BTV_ = seen_BTV_.logical_or(fresh_BTV);
  }
}

void Proposal::draw_rest(const at::Tensor& asked_BTV, const Stream& stream) {
  const at::Tensor hidden_BTV = worlds::hidden_cells({seen_BTV_, asked_BTV});
  const at::Tensor rank_BTV = worlds::random_order(hidden_BTV, stream.child("order"));
  const int64_t most = hidden_BTV.sum({1, 2}).max().item<int64_t>();
  const int64_t at_a_time = dials_.reencode == 0 ? most : dials_.reencode;
  for (int64_t begin = 0; begin < most; begin += at_a_time) {
    const at::Tensor fresh_BTV =
        hidden_BTV.logical_and(rank_BTV.ge(begin)).logical_and(rank_BTV.lt(begin + at_a_time));
    drawn_ = cortex_.sample(drawn_, {seen_BTV_, fresh_BTV}, {dials_.temperature, rank_BTV},
                            stream.at(begin));
    note_q(fresh_BTV, rank_BTV);
    seen_BTV_ = seen_BTV_.logical_or(fresh_BTV);
  }
}

// Which of its n candidates each row takes: [B] in [B * n].
struct Choice {
  at::Tensor index_B, log_evidence_B, effective_B, unmet_B;
};

Choice choose(const at::Tensor& log_weight_BN, const Judgement& judged, const Stream& stream) {
  const int64_t num_rows = log_weight_BN.size(0), n = log_weight_BN.size(1);
  at::Tensor log_w = log_weight_BN;
  at::Tensor unmet_B = at::zeros({num_rows}, at::kBool);
  if (judged.log_weight_B.defined()) {
    const at::Tensor tilted = log_weight_BN + judged.log_weight_B.view({num_rows, n});
    unmet_B = tilted.eq(-kInfinity).all(1);
    if (judged.violation_B.defined()) {
      const at::Tensor violation = judged.violation_B.view({num_rows, n});
      const at::Tensor least = violation.le(violation.amin(1, /*keepdim=*/true));
      log_w = log_w.masked_fill(unmet_B.unsqueeze(1).logical_and(least.logical_not()), -kInfinity);
    }
    log_w = at::where(unmet_B.unsqueeze(1), log_w, tilted);
  }
  const at::Tensor share = log_w.softmax(1);
  const at::Tensor uniform = stream.uniform({num_rows, n}).to(at::kDouble).clamp_min(1e-12);
  const at::Tensor chosen_B = (log_w - uniform.log().neg().log()).argmax(1);  // Gumbel maximum
  const at::Tensor log_evidence_B = log_w.logsumexp(1) - std::log(static_cast<double>(n));
  return {at::arange(num_rows) * n + chosen_B, log_evidence_B.masked_fill(unmet_B, -kInfinity),
          share.square().sum(1).reciprocal().masked_fill(unmet_B, 0.0), unmet_B};
}

Request repeated(const Request& request, int64_t times) {
  return {worlds::repeat_rows(request.episodes, times), worlds::repeat_rows(request.roles, times),
          request.evidence, request.tilt};
}

// The same request with all evidence about asked cells.
Request checked(const Schema& schema, const Request& request, const Dials& dials) {
  if (const auto mistake = dials.temperature_mistake()) throw input_error(*mistake);
  Request whole = request;
  whole.roles.asked_BTV = worlds::hidden_cells(request.roles);
  for (const Evidence& evidence : request.evidence) {
    if (cell_of(request.roles.observed_BTV, schema, evidence).any().item<bool>())
      throw input_error(quoted(evidence.text), " is about a value that is given");
    cell_of(whole.roles.asked_BTV, schema, evidence).fill_(true);
  }
  return whole;
}

Request rows_of(const Request& request, int64_t begin, int64_t end) {
  return {request.episodes.rows(begin, end), request.roles.rows(begin, end), request.evidence,
          request.tilt};
}

Samples rows_of(const Samples& samples, int64_t begin, int64_t end) {
  const auto part = [&](const at::Tensor& x_B) { return x_B.slice(0, begin, end); };
  return {samples.episodes.rows(begin, end), samples.roles.rows(begin, end),
          part(samples.log_evidence_B), part(samples.effective_B), part(samples.unmet_B)};
}

/// Draws candidates for rows and chooses one for each; moves those on by sweeps.
class Chooser {
 public:
  Chooser(brain::Cortex& cortex, const Schema& schema, const Dials& dials, const Joint& joint)
      : cortex_(cortex), schema_(schema), dials_(dials), joint_(joint) {}

  [[nodiscard]] Samples choose_for(const Request& rows, const Stream& stream) const {
    const int64_t n = dials_.candidates;
    const bool weighs_q = dials_.orders > 1 && n > 1;
    const Request many = repeated(rows, n);
    const Proposal::Candidates candidates =
        Proposal(cortex_, schema_, dials_, weighs_q).draw(many, stream.child("candidates"));
    at::Tensor log_weight_B = candidates.log_mass_B;
    if (weighs_q)
      log_weight_B =
          log_weight_B + joint_.log_prob(candidates.episodes, many.roles) - candidates.log_q_B;
    const Judgement judged = rows.tilt ? rows.tilt(candidates.episodes) : Judgement{};
    const Choice choice = choose(log_weight_B.view({-1, n}), judged, stream.child("choice"));
    return {worlds::pick_rows(candidates.episodes, choice.index_B), rows.roles,
            choice.log_evidence_B, choice.effective_B, choice.unmet_B};
  }

  [[nodiscard]] Moves sweep(const Request& rows, const Stream& stream, Samples& samples) const {
    at::Tensor fixed_BTV = rows.roles.observed_BTV.clone();
    for (const Evidence& evidence : rows.evidence)
      cell_of(fixed_BTV, schema_, evidence).fill_(true);
    Sweeps sweeps(cortex_, joint_, {rows.roles, fixed_BTV, rows.tilt}, dials_.block);
    const Moves moves = sweeps.run(samples.episodes, dials_.sweeps, stream);
    if (rows.tilt) samples.unmet_B = rows.tilt(samples.episodes).log_weight_B.eq(-kInfinity);
    return moves;
  }

 private:
  brain::Cortex& cortex_;
  const Schema& schema_;
  const Dials& dials_;
  const Joint& joint_;
};

Samples concatenate(const std::vector<Samples>& parts, const Roles& roles) {
  if (parts.size() == 1) return parts.front();
  std::vector<Episodes> episodes;
  std::vector<at::Tensor> log_evidence_B, effective_B, unmet_B;
  for (const Samples& part : parts) {
    episodes.push_back(part.episodes);
    log_evidence_B.push_back(part.log_evidence_B);
    effective_B.push_back(part.effective_B);
    unmet_B.push_back(part.unmet_B);
  }
  return {worlds::concatenate(episodes), roles, at::cat(log_evidence_B), at::cat(effective_B),
          at::cat(unmet_B)};
}

}  // namespace

at::Tensor cell_of(const at::Tensor& mask_BTV, const Schema& schema, const Evidence& evidence) {
  return mask_BTV.select(1, evidence.tick)
      .select(1, schema.offset(evidence.variable) + evidence.cell);
}

Samples sample(brain::Cortex& cortex, const Schema& schema, const Request& request,
               const Dials& dials, const Stream& stream) {
  const at::NoGradGuard no_grad;
  const Request whole = checked(schema, request, dials);
  const int64_t num_rows = whole.episodes.num_rows();
  const int64_t at_once = std::max<int64_t>(1, kDrawnAtOnce / dials.candidates);
  const Joint joint(cortex, schema, dials.orders, stream.child("joint"));
  const Chooser chooser(cortex, schema, dials, joint);
  std::vector<Samples> parts;
  for (int64_t begin = 0; begin < num_rows; begin += at_once) {
    const Request rows = rows_of(whole, begin, std::min(begin + at_once, num_rows));
    parts.push_back(chooser.choose_for(rows, begin == 0 ? stream : stream.at(begin)));
  }
  const Samples chosen = concatenate(parts, whole.roles);
  if (dials.sweeps == 0) return chosen;
  parts.clear();
  Moves moves;
  for (int64_t begin = 0; begin < num_rows; begin += kDrawnAtOnce) {
    const int64_t end = std::min(begin + kDrawnAtOnce, num_rows);
    const Stream own = begin == 0 ? stream : stream.at(begin);
    parts.push_back(rows_of(chosen, begin, end));
    moves += chooser.sweep(rows_of(whole, begin, end), own.child("sweeps"), parts.back());
  }
  Samples samples = concatenate(parts, whole.roles);
  if (moves.tried > 0) samples.accepted = moves.share();
  return samples;
}

}  // namespace limbic::inference
