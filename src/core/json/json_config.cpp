#include "core/json/json_config.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>

#include "core/file.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {

struct JsonConfig::Json {  // NOLINT(bugprone-exception-escape): nlohmann's destructor
  nlohmann::json value;
};

namespace {

using nlohmann::json;

bool is_integer(const json& v) {
  return v.is_number_integer() && !(v.is_number_unsigned() && v.get<std::uint64_t>() > INT64_MAX);
}

constexpr std::uint64_t kLargest = 1 << 20;  // bytes; real configs have a few thousand

bool is_number(const json& v) { return v.is_number() && std::isfinite(v.get<double>()); }

template <class T, class Test>
std::optional<std::vector<T>> array_of(const json& v, Test test) {
  if (!v.is_array()) return {};
  std::vector<T> result;
  for (const auto& item : v) {
    if (!test(item)) return {};
    result.push_back(item.get<T>());
  }
  return result;
}

// Python writes infinities and NaN as bare words, which are not JSON; they become strings.
std::string with_quoted_infinities(std::string text) {
  if (text.find("Infinity") == std::string::npos && text.find("NaN") == std::string::npos) return text;
  std::string_view rest = text;
  std::string result;
  bool in_string = false;
  while (!rest.empty()) {
    std::size_t taken = in_string && rest.front() == '\\' ? 2 : 1;  // an escaped quote ends nothing
    bool quoted = false;
    if (rest.front() == '"') in_string = !in_string;
    for (const std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
      if (in_string || quoted || !rest.starts_with(word)) continue;
      quoted = true;
      taken = word.size();
    }
    if (quoted) result += '"';
    result += rest.substr(0, taken);
    if (quoted) result += '"';
    rest.remove_prefix(std::min(taken, rest.size()));
  }
  return result;
}

}  // namespace

JsonConfig::JsonConfig(const std::filesystem::path& path, std::string component)
    : path_(path), component_(std::move(component)), json_(std::make_unique<Json>()) {
  const std::string text = with_quoted_infinities(read_text(path_, component_, kLargest));
  JsonLimits limits;
  limits.long_integers = true;
  if (const JsonFault fault = parse_json(text, json_->value, limits)) {
    throw Error(ErrorKind::data, component_, path_.string() + ": " + fault.message);
  }
  if (!json_->value.is_object()) {
    throw Error(ErrorKind::data, component_, path_.string() + ": is not a JSON object");
  }
}

JsonConfig::JsonConfig() : json_(std::make_unique<Json>()) {}
JsonConfig::JsonConfig(JsonConfig&&) noexcept = default;
JsonConfig::~JsonConfig() = default;

bool JsonConfig::has(const std::string& key) const {
  const auto it = json_->value.find(key);
  return it != json_->value.end() && !it->is_null();
}

std::vector<std::string> JsonConfig::keys() const {
  std::vector<std::string> result;
  for (const auto& item : json_->value.items()) result.push_back(item.key());
  return result;
}

void JsonConfig::fail(const std::string& key, const std::string& expected) const {
  const std::string found = has(key) ? excerpt(json_->value[key].dump()) : "missing";
  throw Error(ErrorKind::data, component_,
              path_.string() + ": " + outer_ + key + " is " + found + ", expected " + expected +
                  "; is this the right model folder?");
}

std::int64_t JsonConfig::integer(const std::string& key, std::optional<std::int64_t> fallback) const {
  if (!has(key)) {
    if (fallback) return *fallback;
    fail(key, "an integer");
  }
  if (!is_integer(json_->value[key])) fail(key, "an integer");
  return json_->value[key].get<std::int64_t>();
}

std::int64_t JsonConfig::integer_in(const std::string& key, std::int64_t low, std::int64_t high,
                                    std::optional<std::int64_t> fallback) const {
  const std::int64_t value = integer(key, fallback);
  if (value < low || value > high) {
    fail(key, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

double JsonConfig::number(const std::string& key, std::optional<double> fallback) const {
  if (!has(key)) {
    if (fallback) return *fallback;
    fail(key, "a number");
  }
  if (!is_number(json_->value[key])) fail(key, "a number");
  return json_->value[key].get<double>();
}

bool JsonConfig::boolean(const std::string& key, std::optional<bool> fallback) const {
  if (!has(key)) {
    if (fallback) return *fallback;
    fail(key, "true or false");
  }
  if (!json_->value[key].is_boolean()) fail(key, "true or false");
  return json_->value[key].get<bool>();
}

std::string JsonConfig::string(const std::string& key, std::optional<std::string> fallback) const {
  if (!has(key)) {
    if (fallback) return *fallback;
    fail(key, "a string");
  }
  if (!json_->value[key].is_string()) fail(key, "a string");
  return json_->value[key].get<std::string>();
}

std::vector<std::int64_t> JsonConfig::integers(const std::string& key,
                                               std::optional<std::vector<std::int64_t>> fallback) const {
  if (!has(key) && fallback) return *fallback;
  const auto result = has(key) ? array_of<std::int64_t>(json_->value[key], is_integer) : std::nullopt;
  if (!result) fail(key, "a list of integers");
  return *result;
}

std::vector<double> JsonConfig::numbers(const std::string& key,
                                        std::optional<std::vector<double>> fallback) const {
  if (!has(key) && fallback) return *fallback;
  const auto result = has(key) ? array_of<double>(json_->value[key], is_number) : std::nullopt;
  if (!result) fail(key, "a list of numbers");
  return *result;
}

std::vector<bool> JsonConfig::booleans(const std::string& key,
                                       std::optional<std::vector<bool>> fallback) const {
  if (!has(key) && fallback) return *fallback;
  const auto result = has(key)
                          ? array_of<bool>(json_->value[key], [](const json& v) { return v.is_boolean(); })
                          : std::nullopt;
  if (!result) fail(key, "a list of true and false");
  return *result;
}

std::vector<std::string> JsonConfig::strings(const std::string& key,
                                             std::optional<std::vector<std::string>> fallback) const {
  if (!has(key) && fallback) return *fallback;
  const auto result =
      has(key) ? array_of<std::string>(json_->value[key], [](const json& v) { return v.is_string(); })
               : std::nullopt;
  if (!result) fail(key, "a list of strings");
  return *result;
}

std::optional<JsonConfig> JsonConfig::object(const std::string& key) const {
  if (!has(key) || !json_->value[key].is_object()) return {};
  JsonConfig inner;
  inner.path_ = path_;
  inner.component_ = component_;
  inner.outer_ = outer_ + key + ".";
  inner.json_->value = json_->value[key];
  return inner;
}

std::optional<std::string> JsonConfig::component_class(const std::string& key) const {
  if (!has(key)) return {};
  const json& pair = json_->value[key];
  if (!pair.is_array() || pair.size() != 2) fail(key, "[\"library\", \"Class\"]");
  if (pair[0].is_null() && pair[1].is_null()) return {};
  if (!pair[1].is_string()) fail(key, "[\"library\", \"Class\"]");
  return pair[1].get<std::string>();
}

}  // namespace sora
