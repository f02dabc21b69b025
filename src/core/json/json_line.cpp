#include "core/json/json_line.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace sora {
namespace {

// Most texts need no escapes, and checking that is faster than the JSON library: a list may have 100,000 of
// them.
bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
}

std::string quoted(const std::string& text) {
  if (is_plain(text)) return '"' + text + '"';
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

JsonLine& JsonLine::add_raw(const std::string& key, const std::string& value) {
  text_ += text_.size() > 1 ? "," : "";
  text_ += quoted(key);
  text_ += ':';
  text_ += value;
  return *this;
}

JsonLine& JsonLine::add(const std::string& key, const std::string& value) {
  return add_raw(key, quoted(value));
}

JsonLine& JsonLine::add(const std::string& key, bool value) { return add_raw(key, value ? "true" : "false"); }

JsonLine& JsonLine::add(const std::string& key, std::int64_t value) {
  return add_raw(key, std::to_string(value));
}

JsonLine& JsonLine::add(const std::string& key, std::uint64_t value) {
  return add_raw(key, std::to_string(value));
}

JsonLine& JsonLine::add(const std::string& key, const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& value : values) list += (list.empty() ? "" : ",") + quoted(value);
  return add_raw(key, "[" + list + "]");
}

JsonLine& JsonLine::add(const std::string& key, const std::map<std::string, std::string>& values) {
  std::string object;
  for (const auto& [name, value] : values)
    object += (object.empty() ? "" : ",") + quoted(name) + ":" + quoted(value);
  return add_raw(key, "{" + object + "}");
}

JsonLine& JsonLine::add(const std::string& key, double value) {
  return add_raw(key, nlohmann::json(std::round(value * 1000) / 1000).dump());  // null when it is not finite
}

}  // namespace sora
