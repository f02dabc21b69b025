#include "cli/json_line.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace sora {

using Json = nlohmann::ordered_json;

struct JsonLine::Object {
  Json json = Json::object();
};

JsonLine::JsonLine() : object_(std::make_unique<Object>()) {}
JsonLine::~JsonLine() = default;

JsonLine& JsonLine::add(const std::string& key, const std::string& value) {
  object_->json[key] = value;
  return *this;
}

JsonLine& JsonLine::add(const std::string& key, bool value) {
  object_->json[key] = value;
  return *this;
}

JsonLine& JsonLine::add(const std::string& key, std::int64_t value) {
  object_->json[key] = value;
  return *this;
}

JsonLine& JsonLine::add(const std::string& key, std::uint64_t value) {
  object_->json[key] = value;
  return *this;
}

JsonLine& JsonLine::add(const std::string& key, double value) {
  object_->json[key] = std::round(value * 1000) / 1000;
  return *this;
}

JsonLine& JsonLine::add_null(const std::string& key) {
  object_->json[key] = nullptr;
  return *this;
}

std::string JsonLine::text() const {
  return object_->json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sora
