#include "limbic/training/replayer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "limbic/core/log.h"

namespace limbic::training {
namespace {

constexpr int64_t kAlignment = 64;

int64_t round_up(int64_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Replayer::Parcel::Parcel(const brain::Upload& upload, at::Device device) {
  int64_t end = 0;
  for (const at::Tensor* const tensor : upload.tensors()) {
    offset_.push_back(end);
    end += round_up(static_cast<int64_t>(tensor->nbytes()));
  }
  buffer_ = at::empty({end}, at::TensorOptions(at::kByte).device(device));
}

void Replayer::Parcel::send(const brain::Upload& upload) {
  TORCH_CHECK(upload.tensors().size() == offset_.size(), "a parcel for ", offset_.size(),
              " tensors got ", upload.tensors().size());
  const bool pins = buffer_.is_cuda();
  const auto packed = at::empty(buffer_.sizes(), at::TensorOptions(at::kByte).pinned_memory(pins));
  auto* const to = packed.mutable_data_ptr<uint8_t>();
  for (size_t i = 0; i < offset_.size(); ++i) {
    const auto tensor = upload.tensors()[i]->contiguous();
    std::memcpy(to + offset_[i], tensor.const_data_ptr(), tensor.nbytes());
  }
  buffer_.copy_(packed, /*non_blocking=*/true);
}

void Replayer::Parcel::replace(const brain::Upload& upload) const {
  for (size_t i = 0; i < offset_.size(); ++i) {
    at::Tensor& tensor = *upload.tensors()[i];
    tensor = buffer_.narrow(0, offset_[i], static_cast<int64_t>(tensor.nbytes()))
                 .view(tensor.scalar_type())
                 .view(tensor.sizes());
  }
}

Replayer::Replayer(std::shared_ptr<Recorder> recorder, at::Device device, int64_t most_graphs)
    : recorder_(std::move(recorder)), device_(device), most_graphs_(most_graphs) {}

void Replayer::run(const brain::Upload& upload, const Recorder::Work& compute) {
  if (!upload.is_repeatable() || most_graphs_ == 0) {
    Parcel parcel(upload, device_);
    parcel.send(upload);
    parcel.replace(upload);
    recorder_->warm_up(compute);  // on the stream of recordings, so that all work is in one order
    ++counts_.eager;
    return;
  }
  const auto known = std::ranges::find(kept_, upload.key(), &Kept::key);
  if (known == kept_.end()) return start(upload, compute);
  kept_.splice(kept_.begin(), kept_, known);
  repeat(*known, upload);
}

void Replayer::start(const brain::Upload& upload, const Recorder::Work& compute) {
  kept_.push_front({upload.key(), Parcel(upload, device_), compute, nullptr});
  kept_.front().parcel.send(upload);
  kept_.front().parcel.replace(upload);
  recorder_->warm_up(compute);
  ++counts_.first;
  if (std::ssize(kept_) <= most_graphs_) return;
  kept_.pop_back();
  ++counts_.forgotten;
}

void Replayer::repeat(Kept& kept, const brain::Upload& upload) {
  kept.parcel.send(upload);
  if (!kept.graph) {
    const Recorder::Work compute = kept.compute;
    try {
      kept.graph = recorder_->record(compute);
    } catch (const std::exception& error) {
      return give_up(compute, error.what());
    }
    ++counts_.recorded;
  }
  kept.graph->replay();
  ++counts_.replayed;
}

// Of what was to be recorded nothing has run yet.
void Replayer::give_up(const Recorder::Work& compute, std::string_view why) {
  log::warn("a step can't be recorded (",
            why.substr(0, why.find('\n')),  // without LibTorch's trace
            "), so all are computed anew from here on, as with training.graphs: 0");
  most_graphs_ = 0;
  forget();
  recorder_->warm_up(compute);
  ++counts_.failed;
  ++counts_.eager;
}

}  // namespace limbic::training
