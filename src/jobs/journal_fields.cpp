#include "jobs/journal_fields.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json/json_text.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr double kLargest = 1e15;

}  // namespace

JournalFields::JournalFields(std::string_view line, std::string where)
    : json_(std::make_unique<nlohmann::json>()), where_(std::move(where)) {
  const JsonFault fault = parse_json(line, *json_);
  if (fault.over_limit) throw Error(ErrorKind::data, "journal", where_ + ": " + fault.message);
}

JournalFields::~JournalFields() = default;

bool JournalFields::is_object() const { return json_->is_object(); }

bool JournalFields::has(const char* key) const { return find(key) != nullptr; }

const nlohmann::json* JournalFields::find(const char* key) const {
  const auto found = json_->find(key);
  return found == json_->end() ? nullptr : &*found;
}

void JournalFields::fail(const char* key, const std::string& expected) const {
  throw Error(ErrorKind::data, "journal",
              where_ + ": " + key + " is " + excerpt(find(key)->dump()) + ", expected " + expected +
                  "; the file is damaged");
}

std::string JournalFields::text(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_string()) fail(key, "a text");
  return value->get<std::string>();
}

double JournalFields::number(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr || value->is_null()) return 0;  // a number that is not finite is written as null
  if (!value->is_number()) fail(key, "a number");
  const auto number = value->get<double>();
  if (!(std::abs(number) <= kLargest)) fail(key, "a number up to 10^15");
  return number;
}

std::int64_t JournalFields::integer(const char* key, std::int64_t least, std::int64_t most) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return 0;
  std::int64_t number = 0;
  const bool fits = value->is_number_integer() &&
                    set_from_text(number, value->dump()).empty();  // an unsigned integer may be too large
  if (!fits || number < least || number > most)
    fail(key, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

bool JournalFields::boolean(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) fail(key, "true or false");
  return value->get<bool>();
}

}  // namespace sora
