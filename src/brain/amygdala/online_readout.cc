#include "limbic/brain/amygdala/online_readout.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::brain {
namespace {

at::Tensor as_double(const at::Tensor& x) {
  return x.detach().to(at::kCPU, at::kDouble).contiguous();
}

// What has learned from an infinite error predicts nothing any more.
void require_finite(double error, const std::string& assessor, int64_t tick) {
  if (std::isfinite(error)) return;
  throw failed("assessor ", quoted(assessor), " can't learn: its error of tick ", tick, " is ",
               error, "; either its truth is not finite, or its rate is too high");
}

}  // namespace

OnlineReadout::OnlineReadout(const Setting& setting)
    : variables_(setting.program.variables()),
      thought_size_(setting.thought.size()),
      num_cells_(setting.num_cells) {
  if (setting.code) code_.emplace(*setting.code, setting.thought, setting.program.num_ticks());
  if (code_ && code_->orients())
    familiar_SC_ = register_buffer("familiar", at::zeros({1, code_->num_cues()}, at::kDouble));
}

double* OnlineReadout::familiar_of(int64_t subject) const {
  if (!familiar_SC_.defined()) return nullptr;
  return familiar_SC_.mutable_data_ptr<double>() + subject * familiar_SC_.size(1);
}

int64_t OnlineReadout::num_features() const { return code_ ? code_->size() : thought_size_ + 1; }

int64_t OnlineReadout::num_cue_features() const {
  return code_ ? code_->num_cue_features() : num_features() - 1;
}

std::vector<Moment> OnlineReadout::moments(const at::Tensor& thought_TD, int64_t subject) const {
  const auto* values = thought_TD.const_data_ptr<double>();
  const int64_t num_ticks = thought_TD.size(0), width = thought_TD.size(1);
  if (code_) return code_->encode(values, num_ticks, familiar_of(subject));
  std::vector<Moment> moments(num_ticks);
  for (int64_t tick = 0; tick < num_ticks; ++tick) {
    Sparse& seen = moments[tick].seen;
    seen.reserve(width + 1);
    for (int64_t i = 0; i < width; ++i) {
      const double value = values[tick * width + i];
      if (value != 0) seen.emplace_back(i, value);
    }
    seen.emplace_back(width, 1.0);
    moments[tick].read = seen;
  }
  return moments;
}

Scorecard OnlineReadout::predict(const at::Tensor& thought_BTD) {
  const auto thought = as_double(thought_BTD);
  const int64_t rows = thought.size(0), ticks = thought.size(1);
  const auto raw = at::zeros({rows, ticks, num_assessors()}, at::kDouble);
  const auto variance = at::zeros_like(raw);
  auto* raw_out = raw.mutable_data_ptr<double>();
  auto* variance_out = variance.mutable_data_ptr<double>();
  for (int64_t row = 0; row < rows; ++row) {
    const auto moments = this->moments(thought[row], row % num_subjects_);
    for (int64_t n = 0; n < num_assessors(); ++n) {
      for (int64_t cell = 0; cell < num_cells_; ++cell) {
        const auto reader = learner(row % num_subjects_, n, cell);
        for (int64_t tick = 0; tick < ticks; ++tick) {
          const int64_t at = (row * ticks + tick) * num_assessors() + n;
          const double value = reader->read(moments[tick]);
          raw_out[at] += value / static_cast<double>(num_cells_);
          variance_out[at] += num_cells_ > 1 ? value * value / static_cast<double>(num_cells_)
                                             : reader->variance(moments[tick]);
        }
      }
    }
  }
  const auto spread = (num_cells_ > 1 ? variance - raw.square() : variance).clamp_min(0);
  auto mean = raw.clone();
  for (int64_t n = 0; n < num_assessors(); ++n) {
    if (variables_[n].binary) mean.select(2, n).clamp_(0, 1);
  }
  const auto like = [&](const at::Tensor& x) { return x.to(thought_BTD.device(), at::kFloat); };
  return {like(raw), like(mean), like(spread)};
}

OwnRule::Statistics OnlineReadout::observe(const worlds::Episodes& /*episodes*/,
                                           const Signals& signals) const {
  return {as_double(signals.thought_BTD), as_double(signals.steer.truth_BTN),
          as_double(signals.steer.override_BTN), as_double(signals.steer.gate_BTN)};
}

void OnlineReadout::learn(const std::vector<Statistics>& chunks) {
  std::vector<at::Tensor> taught;
  for (const Statistics& chunk : chunks) taught.push_back(meet(chunk, /*learns=*/true).taught_SN);
  end_step(at::stack(taught).amax(0));
}

OnlineReadout::Record OnlineReadout::live(const Statistics& lesson) {
  Record record = meet(lesson, /*learns=*/true);
  end_step(record.taught_SN);
  return record;
}

void OnlineReadout::end_step(const at::Tensor& taught_SN) {
  if (chain_) chain_->relax(taught_SN.to(at::kCPU, at::kDouble));
}

void OnlineReadout::link(const std::optional<ChainConfig>& config, const at::Tensor& weight_SN) {
  if (config) chain_.emplace(*config, *this, "weight", weight_SN);
}

at::Tensor OnlineReadout::Record::uncertainty_BTN() const {
  const bool one_cell = prediction_BTNC.size(3) == 1;
  const auto variance =
      one_cell ? variance_BTNC.squeeze(3) : prediction_BTNC.var(3, /*unbiased=*/false);
  return variance.clamp_min(0).sqrt();
}

OnlineReadout::Record OnlineReadout::recall(const Statistics& lesson) const {
  return meet(lesson, /*learns=*/false);
}

OnlineReadout::Record OnlineReadout::meet(const Statistics& lesson, bool learns) const {
  const int64_t rows = lesson[0].size(0), ticks = lesson[0].size(1);
  const auto none = at::zeros({rows, ticks, num_assessors(), num_cells_}, at::kDouble);
  Record record{none, none.clone(), none.clone(), at::zeros({num_subjects_, num_assessors()})};
  const auto truth = lesson[1].accessor<double, 3>(), override = lesson[2].accessor<double, 3>(),
             gate = lesson[3].accessor<double, 3>();
  auto prediction = record.prediction_BTNC.accessor<double, 4>(),
       variance = record.variance_BTNC.accessor<double, 4>(),
       error = record.error_BTNC.accessor<double, 4>();
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t subject = row % num_subjects_;
    const auto moments = this->moments(lesson[0][row], subject);
    bool has_any_learned = false;
    for (int64_t n = 0; n < num_assessors(); ++n) {
      std::vector<Statement> statements;
      for (int64_t t = 0; t < ticks; ++t)
        statements.push_back({truth[row][t][n], override[row][t][n] > 0, gate[row][t][n]});
      for (int64_t cell = 0; cell < num_cells_; ++cell) {
        const auto own = learner(subject, n, cell);
        const auto [notes, has_learned] =
            live_through(moments, statements, variables_[n], *own, learns ? own.get() : nullptr);
        if (has_learned) record.taught_SN[subject][n] = 1;
        has_any_learned = has_any_learned || has_learned;
        for (int64_t t = 0; t < ticks; ++t) {
          prediction[row][t][n][cell] = notes[t].prediction;
          variance[row][t][n][cell] = notes[t].variance;
          error[row][t][n][cell] = notes[t].error;
          if (learns) require_finite(notes[t].error, name_of(n), t);
        }
      }
    }
    if (learns && has_any_learned && familiar_SC_.defined()) {
      code_->habituate(lesson[0][row].const_data_ptr<double>(), ticks, familiar_of(subject));
    }
  }
  return record;
}

void OnlineReadout::divide(const std::vector<Stream>& subjects) {
  num_subjects_ = static_cast<int64_t>(subjects.size());
  if (familiar_SC_.defined())
    familiar_SC_.set_data(at::zeros({num_subjects_, code_->num_cues()}, at::kDouble));
  start(subjects);
  if (chain_) chain_->start();
}

void OnlineReadout::rest(double num_trials) {
  if (familiar_SC_.defined()) familiar_SC_.mul_(code_->familiarity_left(num_trials));
  for (int64_t subject = 0; subject < num_subjects_; ++subject) {
    for (int64_t n = 0; n < num_assessors(); ++n) {
      for (int64_t cell = 0; cell < num_cells_; ++cell) learner(subject, n, cell)->rest(num_trials);
    }
  }
}

}  // namespace limbic::brain
