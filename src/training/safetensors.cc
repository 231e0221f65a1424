#include "limbic/training/safetensors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "limbic/core/error.h"

namespace limbic::training {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie");

constexpr size_t kLengthSize = 8;
constexpr size_t kAlignment = 64;
constexpr size_t kMaxHeader = 100'000'000;
constexpr size_t kMaxRank = 64;
constexpr const char* kMetadata = "__metadata__";

struct Type {
  const char* name;
  at::ScalarType type;
};
constexpr std::array kTypes = {
    Type{"F64", at::kDouble}, Type{"I64", at::kLong},      Type{"F32", at::kFloat},
    Type{"I32", at::kInt},    Type{"BF16", at::kBFloat16}, Type{"F16", at::kHalf},
    Type{"U8", at::kByte},    Type{"BOOL", at::kBool},
};

const char* name_of(at::ScalarType type) {
  const auto found = std::ranges::find(kTypes, type, &Type::type);
  TORCH_CHECK(found != kTypes.end(), "safetensors here hold no ", type);
  return found->name;
}

std::optional<at::ScalarType> type_of(const std::string& name) {
  const auto found = std::ranges::find_if(kTypes, [&](const Type& t) { return t.name == name; });
  if (found == kTypes.end()) return std::nullopt;
  return found->type;
}

/// What the header says of one tensor.
struct Entry {
  std::string name;
  std::optional<at::ScalarType> type = {};
  std::optional<std::vector<int64_t>> shape = {};
  std::optional<std::vector<int64_t>> offsets = {};
};

/// Reads a header event by event, so that memory stays bounded and repeated keys are seen.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}
  std::vector<Entry> take() { return std::move(entries_); }

  bool key(std::string& text) override {
    if (depth_ == 1) return begin_entry(text);
    if (in_metadata_) return true;
    const bool known = text == "dtype" || text == "shape" || text == "data_offsets";
    if (!known) refuse(concat("unknown key '", text, "'"));
    const auto& entry = entries_.back();
    const bool repeated = (text == "dtype" && entry.type) || (text == "shape" && entry.shape) ||
                          (text == "data_offsets" && entry.offsets);
    if (repeated) refuse(concat("'", text, "' is given twice"));
    key_ = text;
    return true;
  }
  bool start_object(size_t /*size*/) override {
    if (depth_ == 2 || list_ != nullptr) return unexpected();
    ++depth_;
    return true;
  }
  bool end_object() override {
    if (depth_ == 2 && !in_metadata_) check_complete();
    --depth_;
    return true;
  }
  bool start_array(size_t /*size*/) override {
    if (depth_ != 2 || in_metadata_ || list_ != nullptr || key_ == "dtype") return unexpected();
    list_ = &(key_ == "shape" ? entries_.back().shape : entries_.back().offsets).emplace();
    return true;
  }
  bool end_array() override {
    list_ = nullptr;
    return true;
  }
  bool string(std::string& text) override {
    if (depth_ == 2 && in_metadata_) return true;
    if (depth_ != 2 || key_ != "dtype") return unexpected();
    entries_.back().type = type_of(text);
    if (!entries_.back().type) refuse(concat("unknown dtype '", text, "'"));
    return true;
  }
  bool number_unsigned(uint64_t value) override {
    if (list_ == nullptr || !std::in_range<int64_t>(value)) return unexpected();
    if (list_->size() == kMaxRank) refuse(concat("'", key_, "' is longer than ", kMaxRank));
    list_->push_back(static_cast<int64_t>(value));
    return true;
  }
  bool null() override { return unexpected(); }
  bool boolean(bool /*value*/) override { return unexpected(); }
  bool number_integer(int64_t /*value*/) override { return unexpected(); }
  bool number_float(double /*value*/, const std::string& /*text*/) override { return unexpected(); }
  bool binary(nlohmann::json::binary_t& /*value*/) override { return unexpected(); }
  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    throw damaged(file_, ": its header is not JSON (byte ", position, ")");
  }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    if (in_metadata_) throw damaged(file_, ": __metadata__: ", problem);
    if (entries_.empty()) throw damaged(file_, ": header: ", problem);
    throw damaged(file_, ": tensor '", entries_.back().name, "': ", problem);
  }
  [[noreturn]] bool unexpected() const { refuse("a value out of place"); }

  bool begin_entry(const std::string& name) {
    in_metadata_ = name == kMetadata;
    if (in_metadata_ && std::exchange(saw_metadata_, true)) refuse("is given twice");
    if (!in_metadata_) entries_.push_back({.name = name});
    key_.clear();
    return true;
  }
  void check_complete() const {
    const Entry& entry = entries_.back();
    if (!entry.type || !entry.shape || !entry.offsets) refuse("wants dtype, shape, data_offsets");
    if (entry.offsets->size() != 2) refuse("data_offsets wants two numbers");
  }

  const std::string& file_;
  std::vector<Entry> entries_;
  std::string key_;
  std::vector<int64_t>* list_ = nullptr;
  int depth_ = 0;
  bool in_metadata_ = false;
  bool saw_metadata_ = false;
};

/// Bytes of a shape, or nothing where the count or the strides of it overflow.
std::optional<int64_t> size_in_bytes(const Entry& entry) {
  int64_t extent = static_cast<int64_t>(c10::elementSize(*entry.type));
  for (const int64_t size : *entry.shape) {
    if (__builtin_mul_overflow(extent, std::max<int64_t>(size, 1), &extent)) return std::nullopt;
  }
  return std::ranges::count(*entry.shape, 0) > 0 ? 0 : extent;
}

void check_length(const Entry& entry, const std::string& file) {
  const int64_t begin = entry.offsets->front();
  const int64_t end = entry.offsets->back();
  const auto size = size_in_bytes(entry);
  if (!size) throw damaged(file, ": tensor '", entry.name, "': its shape overflows");
  if (end < begin || end - begin != *size) {
    throw damaged(file, ": tensor '", entry.name, "': offsets [", begin, ", ", end,
                  "), but its shape takes ", *size, " bytes");
  }
}

/// Entries cover [0, size) in some order, each byte once.
void check_cover(const std::vector<Entry>& entries, int64_t size, const std::string& file) {
  std::vector<const Entry*> ordered;
  for (const Entry& entry : entries) ordered.push_back(&entry);
  std::ranges::sort(ordered, {}, [](const Entry* entry) { return *entry->offsets; });
  int64_t position = 0;
  for (const Entry* entry : ordered) {
    check_length(*entry, file);
    if (entry->offsets->front() != position) {
      throw damaged(file, ": tensor '", entry->name, "': starts at byte ", entry->offsets->front(),
                    " of the data where ", position, " was expected");
    }
    position = entry->offsets->back();
    if (position > size) {
      throw damaged(file, ": tensor '", entry->name, "': ends at byte ", position,
                    " of the data, which has ", size);
    }
  }
  if (position != size) {
    throw damaged(file, ": ", size - position, " bytes of data belong to no tensor");
  }
}

std::string_view header_of(std::string_view bytes, const std::string& file) {
  if (bytes.size() < kLengthSize) throw damaged(file, ": too short to be a safetensors file");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthSize);
  if (length > kMaxHeader) throw damaged(file, ": header of ", length, " bytes, over 100 MB");
  if (length > bytes.size() - kLengthSize) {
    throw damaged(file, ": header of ", length, " bytes in a file of ", bytes.size());
  }
  const auto header = bytes.substr(kLengthSize, length);
  if (!header.starts_with('{') || header.find('\0') != std::string_view::npos) {
    throw damaged(file, ": its header is not JSON");
  }
  return header;
}

std::vector<Entry> read_header(std::string_view header, const std::string& file) {
  HeaderReader reader(file);
  nlohmann::json::sax_parse(header, &reader);
  auto entries = reader.take();
  std::ranges::sort(entries, {}, &Entry::name);
  const auto twice = std::ranges::adjacent_find(entries, {}, &Entry::name);
  if (twice != entries.end()) throw damaged(file, ": tensor '", twice->name, "' is given twice");
  return entries;
}

at::Tensor read_tensor(const Entry& entry, std::string_view bytes, const std::string& file) {
  const bool truths = *entry.type == at::kBool;
  if (truths && std::ranges::any_of(bytes, [](char byte) { return byte != 0 && byte != 1; })) {
    throw damaged(file, ": tensor '", entry.name, "': a truth value other than 0 and 1");
  }
  auto tensor = at::empty(*entry.shape, at::TensorOptions().dtype(*entry.type));
  if (!bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

std::vector<NamedTensor> in_layout_order(const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> ordered;
  for (const auto& [name, value] : tensors) {
    TORCH_CHECK(value.is_cpu(), "tensor '", name, "' is on ", value.device(), ", not on the CPU");
    TORCH_CHECK(name != kMetadata, "no tensor can be called ", kMetadata);
    ordered.push_back({name, value.contiguous()});
  }
  std::ranges::sort(ordered, {}, [](const NamedTensor& tensor) {
    return std::tuple(-tensor.value.element_size(), std::string_view(tensor.name));
  });
  return ordered;
}

std::string header_text(const std::vector<NamedTensor>& ordered,
                        const std::map<std::string, std::string>& metadata) {
  nlohmann::json header{{kMetadata, metadata}};
  header[kMetadata]["format"] = "pt";
  size_t position = 0;
  for (const auto& [name, value] : ordered) {
    TORCH_CHECK(!header.contains(name), "two tensors are called '", name, "'");
    const size_t end = position + value.nbytes();
    header[name] = {{"dtype", name_of(value.scalar_type())},
                    {"shape", value.sizes().vec()},
                    {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = header.dump();
  const size_t unpadded = kLengthSize + text.size();
  text.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  return text;
}

}  // namespace

std::string_view bytes_of(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.is_cpu() && tensor.is_contiguous(), "wants a contiguous tensor on the CPU");
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::string encode(const std::vector<NamedTensor>& tensors,
                   const std::map<std::string, std::string>& metadata) {
  const auto ordered = in_layout_order(tensors);
  const std::string header = header_text(ordered, metadata);
  size_t size = kLengthSize + header.size();
  for (const auto& tensor : ordered) size += tensor.value.nbytes();
  std::string bytes;
  bytes.reserve(size);
  const uint64_t length = header.size();
  bytes.append(reinterpret_cast<const char*>(&length), kLengthSize).append(header);
  for (const auto& tensor : ordered) bytes.append(bytes_of(tensor.value));
  return bytes;
}

std::vector<NamedTensor> decode(std::string_view bytes, const std::string& file) {
  const auto header = header_of(bytes, file);
  const auto data = bytes.substr(kLengthSize + header.size());
  const auto entries = read_header(header, file);
  check_cover(entries, static_cast<int64_t>(data.size()), file);
  std::vector<NamedTensor> tensors;
  for (const Entry& entry : entries) {
    const auto begin = static_cast<size_t>(entry.offsets->front());
    const auto size = static_cast<size_t>(entry.offsets->back()) - begin;
    tensors.push_back({entry.name, read_tensor(entry, data.substr(begin, size), file)});
  }
  return tensors;
}

}  // namespace limbic::training
