#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/named_enum.h"
#include "limbic/core/suggest.h"

namespace limbic {

/// Reads one JSON object whose every key is known; `place` begins its messages.
template <class Json>
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) refuse("is not a JSON object");
  }

  const Json& at(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) refuse(concat("lacks '", key, "'"));
    ++num_read_;
    return *found;
  }
  int64_t count(const char* key) { return count_of(at(key), key); }
  std::optional<int64_t> count_or_null(const char* key) {
    const Json& value = at(key);
    return value.is_null() ? std::nullopt : std::optional(count_of(value, key));
  }
  std::vector<int64_t> counts(const char* key) {
    std::vector<int64_t> result;
    for (const Json& item : list(key)) result.push_back(count_of(item, key));
    return result;
  }
  bool truth(const char* key) {
    const Json& value = at(key);
    if (!value.is_boolean()) refuse_value(key);
    return value.template get<bool>();
  }
  std::string text(const char* key) {
    const Json& value = at(key);
    if (!value.is_string()) refuse_value(key);
    return value.template get<std::string>();
  }
  std::optional<double> number(const char* key) {
    const Json& value = at(key);
    if (value.is_null()) return std::nullopt;
    const std::optional<double> number = number_from_json(value);
    if (!number) refuse_value(key);
    return number;
  }
  const Json& list(const char* key) {
    const Json& value = at(key);
    if (!value.is_array()) refuse_value(key);
    return value;
  }
  template <NamedEnum Enum>
  Enum choice(const char* key) {
    const std::optional<Enum> value = value_named<Enum>(text(key));
    if (!value) refuse_value(key);
    return *value;
  }
  /// Call last.
  void refuse_unread_keys() const {
    if (object_.size() != num_read_) refuse("has keys that are not known");
  }

 private:
  int64_t count_of(const Json& value, const char* key) const {
    const bool is_whole = value.is_number_integer();
    const bool fits = is_whole && (!value.is_number_unsigned() ||
                                   value.template get<uint64_t>() <= uint64_t{INT64_MAX});
    if (!fits || value.template get<int64_t>() < 0) refuse_value(key);
    return value.template get<int64_t>();
  }
  [[noreturn]] void refuse(const std::string& what) const { throw damaged(place_, " ", what); }
  [[noreturn]] void refuse_value(const char* key) const {
    refuse(concat("has a '", key, "' that makes no sense: ", quoted(object_[key].dump())));
  }

  const Json& object_;
  std::string place_;
  size_t num_read_ = 0;
};

}  // namespace limbic
