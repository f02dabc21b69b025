#include "core/json/scalar.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json/json_text.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

Scalar scalar_of(const Json& value) {
  using Kind = Scalar::Kind;
  if (value.is_null()) return {Kind::null, "", {}};
  if (value.is_string()) return {Kind::text, value.get<std::string>(), {}};
  if (value.is_boolean()) return {Kind::boolean, value.get<bool>() ? "true" : "false", {}};
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (value.is_number()) return {Kind::number, text, {}};
  const bool texts = value.is_array() && std::all_of(value.begin(), value.end(),
                                                     [](const Json& item) { return item.is_string(); });
  if (texts) return {Kind::list, text, value.get<std::vector<std::string>>()};
  return {Kind::other, text, {}};
}

}  // namespace

ScalarObject parse_scalars(std::string_view json, const std::string& example) {
  ScalarObject object;
  Json parsed;
  if (const JsonFault fault = parse_json(json, parsed)) {
    object.fault = fault.message;
    return object;
  }
  if (!parsed.is_object()) {
    object.fault = "is no JSON object, expected " + example;
    return object;
  }
  for (const auto& item : parsed.items()) object.items.emplace_back(item.key(), scalar_of(item.value()));
  return object;
}

}  // namespace sora
