// One JSON object on one line, built key by key. This header does not pull in the JSON library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sora {

class JsonLine {
 public:
  JsonLine();
  ~JsonLine();

  JsonLine& add(const std::string& key, const std::string& value);
  JsonLine& add(const std::string& key, const char* value) { return add(key, std::string(value)); }
  JsonLine& add(const std::string& key, bool value);
  JsonLine& add(const std::string& key, int value) { return add(key, static_cast<std::int64_t>(value)); }
  JsonLine& add(const std::string& key, std::int64_t value);
  JsonLine& add(const std::string& key, std::uint64_t value);
  JsonLine& add(const std::string& key, double value);  ///< rounded to milliseconds and the like: 3 decimals
  template <class T>
  JsonLine& add(const std::string& key, const std::optional<T>& value) {
    return value ? add(key, *value) : add_null(key);
  }

  /// Without the line break; bytes that are not UTF-8 become U+FFFD.
  std::string text() const;

 private:
  JsonLine& add_null(const std::string& key);

  struct Object;
  std::unique_ptr<Object> object_;
};

}  // namespace sora
