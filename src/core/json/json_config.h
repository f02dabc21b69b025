// Reads values of known types from config.json files. Errors name the file, the key, the value and what was
// expected. A key that is absent or null has the default.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sora {

class JsonConfig {
 public:
  /// Reads a JSON object. Throws Error: no_input, data.
  JsonConfig(const std::filesystem::path& path, std::string component);
  JsonConfig(JsonConfig&&) noexcept;
  ~JsonConfig();

  bool has(const std::string& key) const;  ///< present and not null
  std::vector<std::string> keys() const;

  std::int64_t integer(const std::string& key, std::optional<std::int64_t> fallback = {}) const;
  /// An integer within [low, high]; any other is an error that names the range.
  std::int64_t integer_in(const std::string& key, std::int64_t low, std::int64_t high,
                          std::optional<std::int64_t> fallback = {}) const;
  double number(const std::string& key, std::optional<double> fallback = {}) const;
  bool boolean(const std::string& key, std::optional<bool> fallback = {}) const;
  std::string string(const std::string& key, std::optional<std::string> fallback = {}) const;
  std::vector<std::int64_t> integers(const std::string& key,
                                     std::optional<std::vector<std::int64_t>> fallback = {}) const;
  std::vector<double> numbers(const std::string& key, std::optional<std::vector<double>> fallback = {}) const;
  std::vector<bool> booleans(const std::string& key, std::optional<std::vector<bool>> fallback = {}) const;
  std::vector<std::string> strings(const std::string& key,
                                   std::optional<std::vector<std::string>> fallback = {}) const;
  /// The object under `key`; its errors name both keys. {} where there is none.
  std::optional<JsonConfig> object(const std::string& key) const;
  /// model_index.json's ["library", "Class"] pairs; {} when null or [null, null].
  std::optional<std::string> component_class(const std::string& key) const;

  /// Throws Error (data): "<path>: <key> is <found>, expected <expected>".
  [[noreturn]] void fail(const std::string& key, const std::string& expected) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Json;
  JsonConfig();
  std::filesystem::path path_;
  std::string outer_;  ///< prefix of the keys of a nested object in messages: "size."
  std::string component_;
  std::unique_ptr<Json> json_;
};

}  // namespace sora
