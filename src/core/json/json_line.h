// One JSON object on one line, built key by key. This header does not include the JSON library.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sora {

class JsonLine {
 public:
  JsonLine& add(const std::string& key, const std::string& value);
  JsonLine& add(const std::string& key, const char* value) { return add(key, std::string(value)); }
  JsonLine& add(const std::string& key, bool value);
  JsonLine& add(const std::string& key, int value) { return add(key, static_cast<std::int64_t>(value)); }
  JsonLine& add(const std::string& key, std::int64_t value);
  JsonLine& add(const std::string& key, std::uint64_t value);
  JsonLine& add(const std::string& key, double value);  ///< rounded to 3 decimals
  JsonLine& add(const std::string& key, const std::vector<std::string>& values);
  JsonLine& add(const std::string& key, const std::map<std::string, std::string>& values);  ///< an object
  template <class T>
  JsonLine& add(const std::string& key, const std::optional<T>& value) {
    return value ? add(key, *value) : add_raw(key, "null");
  }

  /// The object without a line break; bytes that are not UTF-8 become U+FFFD.
  std::string text() const { return text_ + "}"; }

 private:
  JsonLine& add_raw(const std::string& key, const std::string& value);

  std::string text_ = "{";
};

}  // namespace sora
