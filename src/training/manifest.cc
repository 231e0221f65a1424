#include "limbic/training/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "limbic/core/error.h"
#include "limbic/core/hash.h"

namespace limbic::training {
namespace {

using nlohmann::json;

constexpr std::string_view kSealOpens = ",\n \"sha256\": \"";
constexpr std::string_view kSealCloses = "\"\n}\n";
constexpr size_t kDigits = 64;
constexpr size_t kSealSize = kSealOpens.size() + kDigits + kSealCloses.size();

std::string seal(std::string_view body) { return concat(kSealOpens, sha256(body), kSealCloses); }

bool is_intact(std::string_view text) {
  if (text.size() < kSealSize) return false;
  const auto body = text.substr(0, text.size() - kSealSize);
  return text.substr(body.size()) == seal(body);
}

json to_json(const FileRecord& record) {
  json object{{"bytes", record.bytes}, {"xxh3_128", record.hash}};
  if (!record.tensors.empty()) object["tensors"] = record.tensors;
  return object;
}

FileRecord record_of(const json& object) {
  FileRecord record{.bytes = object.at("bytes").get<uint64_t>(),
                    .hash = object.at("xxh3_128").get<std::string>()};
  if (object.contains("tensors")) object.at("tensors").get_to(record.tensors);
  return record;
}

Manifest manifest_of(const json& object, const std::string& file) {
  Manifest manifest{.step = object.at("step").get<int64_t>()};
  for (const auto& [name, record] : object.at("files").items()) {
    if (!is_plain_name(name)) throw damaged(file, ": '", name, "' is not the name of a file");
    manifest.files.emplace(name, record_of(record));
  }
  return manifest;
}

/// Throws for the first tensor that is not as recorded, so that damage has a name.
void check_tensors(const FileRecord& record, const std::vector<NamedTensor>& tensors,
                   const std::string& file) {
  for (const auto& [name, value] : tensors) {
    const auto found = record.tensors.find(name);
    if (found == record.tensors.end()) {
      throw damaged(file, ": tensor '", name, "' is not in the manifest");
    }
    if (xxh3_128(bytes_of(value)) != found->second) {
      throw damaged(file, ": tensor '", name, "': its values are not those that were saved");
    }
  }
  if (tensors.size() < record.tensors.size()) {
    const auto gone = std::ranges::find_if(record.tensors, [&](const auto& item) {
      return std::ranges::find(tensors, item.first, &NamedTensor::name) == tensors.end();
    });
    throw damaged(file, ": tensor '", gone->first, "' is missing");
  }
}

}  // namespace

void Manifest::add(const std::string& name, std::string_view bytes) {
  files[name] = {.bytes = bytes.size(), .hash = xxh3_128(bytes)};
}

void Manifest::add(const std::string& name, std::string_view bytes,
                   const std::vector<NamedTensor>& tensors) {
  add(name, bytes);
  for (const auto& [tensor_name, value] : tensors) {
    files[name].tensors[tensor_name] = xxh3_128(bytes_of(value.contiguous()));
  }
}

std::string Manifest::text() const {
  json object{{"format", kCheckpointFormat}, {"step", step}, {"files", json::object()}};
  for (const auto& [name, record] : files) object["files"][name] = to_json(record);
  std::string text = object.dump(1);
  text.resize(text.size() - std::string_view("\n}").size());
  return text + seal(text);
}

Manifest Manifest::parse(std::string_view text, const std::string& file) {
  if (!is_intact(text)) throw damaged(file, ": its SHA-256 does not match");
  try {
    const json object = json::parse(text);
    const auto format = object.at("format").get<int64_t>();
    if (format != kCheckpointFormat) {
      throw input_error(file, ": checkpoint format ", format, "; this limbic reads format ",
                        kCheckpointFormat);
    }
    return manifest_of(object, file);
  } catch (const json::exception& error) {
    throw damaged(file, ": ", error.what());
  }
}

bool is_plain_name(std::string_view name) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && !name.starts_with('.') &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

void check_file(const FileRecord& record, std::string_view bytes, const std::string& file) {
  if (bytes.size() == record.bytes && xxh3_128(bytes) == record.hash) return;
  if (!record.tensors.empty()) check_tensors(record, decode(bytes, file), file);
  if (bytes.size() != record.bytes) {
    throw damaged(file, ": ", bytes.size(), " bytes, saved as ", record.bytes);
  }
  throw damaged(file, ": its bytes are not those that were saved");
}

std::vector<NamedTensor> read_tensors(const FileRecord& record, std::string_view bytes,
                                      const std::string& file) {
  check_file(record, bytes, file);
  return decode(bytes, file);
}

}  // namespace limbic::training
