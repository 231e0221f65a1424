#include "limbic/training/circuit.h"

#include <ATen/ATen.h>
#include <ATen/ops/_fused_adamw.h>

#include <algorithm>
#include <tuple>

#include "limbic/core/error.h"
#include "limbic/core/hash.h"

namespace limbic::training {
namespace {

constexpr int64_t kAlignment = 64 / sizeof(float);
constexpr int64_t kPiece = 32768;  // so that what a step reads and writes of it stays in a cache

// What the names of saved tensors begin with; values have nothing before theirs.
constexpr const char* kMoment1 = "moment1/";
constexpr const char* kMoment2 = "moment2/";
constexpr const char* kAverage = "average/";
constexpr const char* kSteps = "steps/";
constexpr const char* kRule = "rule/";

int64_t round_up(int64_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; }

// Index of the assessor whose parameters start with "amygdala.<name>.", or -1.
int64_t assessor_of(const std::string& parameter, const std::vector<std::string>& assessors) {
  for (size_t i = 0; i < assessors.size(); ++i) {
    if (parameter.starts_with("amygdala." + assessors[i] + ".")) return static_cast<int64_t>(i);
  }
  return -1;
}

}  // namespace

Circuit::Circuit(std::string name, const torch::nn::Module& module,
                 const std::vector<std::string>& parameters,
                 const std::vector<std::string>& buffers, const std::vector<std::string>& assessors)
    : name_(std::move(name)) {
  const auto all = module.named_parameters();
  using Key = std::tuple<int64_t, bool, std::string>;  // assessor, decays, name
  std::vector<Key> order;
  for (const std::string& parameter : parameters) {
    order.emplace_back(assessor_of(parameter, assessors), all[parameter].dim() >= 2, parameter);
  }
  std::ranges::sort(order);
  int64_t end = 0;
  for (const auto& [assessor, decays, parameter] : order) {
    const auto& value = all[parameter];
    if (segments_.empty() || segments_.back().assessor != assessor ||
        segments_.back().decays != decays) {
      segments_.push_back({end, end, assessor, decays});
    }
    slots_.push_back({parameter, value.sizes().vec(), end, value.numel()});
    num_parameters_ += value.numel();
    end += round_up(value.numel());
    segments_.back().end = end;
  }
  value_ = at::zeros({end});
  for (const Slot& slot : slots_)
    value_.narrow(0, slot.offset, slot.size).copy_(all[slot.name].detach().flatten());
  const auto held = module.named_buffers();
  for (const std::string& buffer : buffers) rule_state_[buffer] = held[buffer];
  moment1_ = at::zeros_like(value_);
  moment2_ = at::zeros_like(value_);
  steps_S_ = at::zeros({std::ssize(segments_)});
  cut_pieces(kPiece);
}

at::Tensor Circuit::Piece::of(const at::Tensor& flat) const { return flat.narrow(0, begin, size); }

// Ends are multiples of a vector register, so that no number depends on where a piece begins.
void Circuit::cut_pieces(int64_t most) {
  pieces_.clear();
  for (int64_t s = 0; s < std::ssize(segments_); ++s) {
    const auto& [begin, end, assessor, decays] = segments_[s];
    for (int64_t at = begin; at < end; at += most)
      pieces_.push_back({s, at, std::min(most, end - at)});
  }
}

std::vector<at::Tensor> Circuit::adopt(torch::nn::Module& module) const {
  return adopt_as(module, value_);
}

void Circuit::adopt_average(torch::nn::Module& module) const { adopt_as(module, average_); }

std::vector<at::Tensor> Circuit::adopt_as(torch::nn::Module& module, const at::Tensor& flat) const {
  const at::NoGradGuard no_grad;
  auto all = module.named_parameters();
  auto held = module.named_buffers();
  std::vector<at::Tensor> leaves;
  for (const Slot& slot : slots_) {
    all[slot.name].set_data(flat.narrow(0, slot.offset, slot.size).view(slot.shape));
    leaves.push_back(all[slot.name]);
  }
  for (const auto& [name, buffer] : rule_state_) held[name].set_data(buffer);
  return leaves;
}

void Circuit::to(at::Device device) {
  for (at::Tensor* tensor : {&value_, &moment1_, &moment2_, &steps_S_})
    *tensor = tensor->to(device);
  if (!device.is_cpu()) cut_pieces(value_.size(0));  // the fewer operations the better
}

void Circuit::prepare(int64_t num_buffers, const OptimizerConfig& config) {
  optimizer_ = config;
  gradients_ = at::zeros({num_buffers, value_.size(0)}, value_.options());
  if (config.ema_decay == 0) return;
  average_ = value_.clone();
  average_steps_ = at::zeros({}, value_.options());
}

void Circuit::add_gradient(int64_t buffer, const std::vector<at::Tensor>& gradients,
                           double factor) {
  TORCH_CHECK(gradients.size() == slots_.size(), name_, " has ", slots_.size(), " parameters, got ",
              gradients.size(), " gradients");
  auto sum = gradients_[buffer];
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!gradients[i].defined()) continue;
    sum.narrow(0, slots_[i].offset, slots_[i].size)
        .view(slots_[i].shape)
        .add_(gradients[i], factor);
  }
}

void Circuit::offer_gradients(int64_t buffer, double factor, brain::GradientSink& sink) const {
  if (value_.is_cpu()) sink.add(value_, gradients_[buffer], factor);
}

at::Tensor Circuit::reduce(WorkerPool& pool) {
  const at::Tensor gradient = gradients_[0];
  pool.run(std::ssize(pieces_), [&](int64_t, int64_t number) {
    const Piece& piece = pieces_[number];
    auto sum = piece.of(gradient);
    for (int64_t buffer = 1; buffer < gradients_.size(0); ++buffer)
      sum.add_(piece.of(gradients_[buffer]));
  });
  return at::linalg_vector_norm(gradient);
}

/// What a step tells each segment.
struct Circuit::SegmentRates {
  std::vector<at::Tensor> rate, skip, steps;
  at::Tensor scale;    // of the gradient; undefined: 1
  at::Tensor average;  // how far the moving average goes; undefined: there is none
};

void Circuit::step(const Update& update, WorkerPool& pool) {
  const at::NoGradGuard no_grad;
  if (segments_.empty()) return;
  const SegmentRates rates = count_steps(update);
  pool.run(std::ssize(pieces_),
           [&](int64_t, int64_t number) { step_piece(pieces_[number], rates); });
}

void Circuit::rest(const at::Tensor& skip, WorkerPool& pool) {
  const at::NoGradGuard no_grad;
  if (segments_.empty() || !average_.defined()) return;
  const auto share = count_average(skip, at::ones_like(skip));
  pool.run(std::ssize(pieces_), [&](int64_t, int64_t number) {
    const Piece& piece = pieces_[number];
    piece.of(average_).lerp_(piece.of(value_), share);
  });
}

Circuit::SegmentRates Circuit::count_steps(const Update& update) {
  const auto rests = update.rests.defined() ? at::maximum(update.skip, update.rests) : update.skip;
  std::vector<at::Tensor> rates, skips;  // by assessor
  if (update.gate_N.defined()) {
    rates = (update.rate * update.gate_N / update.count_N.clamp_min(1)).unbind();
    skips = at::maximum(rests, update.count_N.eq(0).to(at::kFloat)).unbind();
  }
  const auto own = [&](const std::vector<at::Tensor>& by_assessor, const at::Tensor& shared,
                       const Segment& segment) {
    return segment.assessor < 0 || by_assessor.empty() ? shared : by_assessor[segment.assessor];
  };
  SegmentRates all;
  for (const Segment& segment : segments_) {
    all.rate.push_back(own(rates, update.rate, segment));
    all.skip.push_back(own(skips, rests, segment));
  }
  steps_S_.add_(1 - at::stack(all.skip));
  all.steps = steps_S_.unbind();
  all.scale = update.scale;
  if (average_.defined()) all.average = count_average(update.skip, rests);
  return all;
}

// How far the moving average goes. Its decay grows with the number of steps, so that early averages
// forget the initial weights; steps count from the first in which the values moved.
at::Tensor Circuit::count_average(const at::Tensor& skip, const at::Tensor& rests) {
  const auto counts = at::maximum(1 - rests, average_steps_.gt(0).to(at::kFloat));
  average_steps_.add_(counts * (1 - skip));
  const auto decay = ((1 + average_steps_) / (10 + average_steps_)).clamp_max(optimizer_.ema_decay);
  return (1 - decay) * (1 - skip);
}

void Circuit::step_piece(const Piece& piece, const SegmentRates& rates) {
  const int64_t s = piece.segment;
  auto value = piece.of(value_), gradient = piece.of(gradients_[0]);
  if (rates.scale.defined()) gradient.mul_(rates.scale);
  at::_fused_adamw_({value}, {gradient}, {piece.of(moment1_)}, {piece.of(moment2_)}, {},
                    {rates.steps[s]}, rates.rate[s], optimizer_.beta1, optimizer_.beta2,
                    segments_[s].decays ? optimizer_.weight_decay : 0.0, optimizer_.eps,
                    /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/std::nullopt,
                    rates.skip[s]);
  if (rates.average.defined()) piece.of(average_).lerp_(value, rates.average);
  gradients_.narrow(1, piece.begin, piece.size).zero_();
}

bool Circuit::has_cortex() const {
  return std::ranges::any_of(slots_,
                             [](const Slot& slot) { return slot.name.starts_with("cortex."); });
}

std::set<int64_t> Circuit::assessors() const {
  std::set<int64_t> all;
  for (const Segment& segment : segments_) {
    if (segment.assessor >= 0) all.insert(segment.assessor);
  }
  return all;
}

void Circuit::reset_moments() {
  moment1_.zero_();
  moment2_.zero_();
  steps_S_.zero_();
}

// Every tensor that is saved, by name; views of what the circuit holds.
std::map<std::string, at::Tensor> Circuit::state() const {
  std::map<std::string, at::Tensor> all;
  const auto add = [&](const std::string& kind, const at::Tensor& flat) {
    for (const Slot& slot : slots_)
      all[kind + slot.name] = flat.narrow(0, slot.offset, slot.size).view(slot.shape);
  };
  add("", value_);
  add(kMoment1, moment1_);
  add(kMoment2, moment2_);
  if (average_.defined()) {
    add(kAverage, average_);
    all[std::string(kSteps) + "average"] = average_steps_;
  }
  for (size_t i = 0; i < segments_.size(); ++i)
    all[kSteps + std::to_string(i)] = steps_S_[static_cast<int64_t>(i)];
  for (const auto& [name, buffer] : rule_state_) all[kRule + name] = buffer;
  return all;
}

uint64_t Circuit::hash() const {
  uint64_t combined = 0;
  for (const auto& [name, tensor] : state()) {
    const auto bytes = tensor.cpu().contiguous();
    const std::string_view view(static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes());
    combined = combined * 0x9E3779B97F4A7C15ULL + xxh3_64(view) + xxh3_64(name);
  }
  return combined;
}

std::vector<NamedTensor> Circuit::save() const {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : state())
    tensors.push_back(
        {name, tensor.detach().to(at::kCPU, tensor.scalar_type(), false, true).contiguous()});
  return tensors;
}

void Circuit::load(const std::vector<NamedTensor>& tensors, const std::string& file) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> given;
  for (const NamedTensor& tensor : tensors) given[tensor.name] = tensor.value;
  for (auto& [name, own] : state()) {
    const auto found = given.find(name);
    if (found == given.end())
      throw input_error(file, ": tensor '", name, "' of circuit '", name_,
                        "' is missing: the checkpoint is of another brain");
    if (found->second.sizes() != own.sizes()) {
      throw input_error(file, ": tensor '", name, "' of circuit '", name_, "' has shape ",
                        found->second.sizes(), ", this brain's has ", own.sizes());
    }
    own.copy_(found->second);
    given.erase(found);
  }
  if (!given.empty())
    throw input_error(file, ": tensor '", given.begin()->first, "' is none of circuit '", name_,
                      "': the checkpoint is of another brain");
}

bool is_optimizer_state(std::string_view name) {
  return name.starts_with(kMoment1) || name.starts_with(kMoment2) || name.starts_with(kSteps);
}

std::vector<NamedTensor> weights_of(const std::vector<NamedTensor>& saved) {
  std::map<std::string, at::Tensor> used, averages;
  for (const NamedTensor& tensor : saved) {
    const std::string_view name = tensor.name;
    const auto below = [&](std::string_view kind) { return std::string(name.substr(kind.size())); };
    if (is_optimizer_state(name)) continue;
    if (name.starts_with(kAverage)) {
      averages[below(kAverage)] = tensor.value;
    } else {
      used[name.starts_with(kRule) ? below(kRule) : tensor.name] = tensor.value;
    }
  }
  for (const auto& [name, value] : averages) used[name] = value;
  std::vector<NamedTensor> weights;
  for (const auto& [name, value] : used) weights.push_back({name, value});
  return weights;
}

}  // namespace limbic::training
