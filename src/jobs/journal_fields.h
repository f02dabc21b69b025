// The fields of one line of a journal, by their types. This header pulls in no more of the JSON library than
// its names.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace sora {

/// The object in a line; nothing where the line is no JSON object, as half a line that a crash left. `where`
/// begins the message of what is wrong with it otherwise. Throws Error (data).
class JournalFields {
 public:
  JournalFields(std::string_view line, std::string where);
  ~JournalFields();

  bool is_object() const;
  /// The value of a key, or what stands for none. Throws Error (data) for a value of another type.
  std::string text(const char* key) const;
  double number(const char* key) const;  ///< within 10^15, as times and lengths are
  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most) const;
  bool boolean(const char* key) const;

 private:
  const nlohmann::json* find(const char* key) const;
  [[noreturn]] void fail(const char* key, const char* expected) const;

  std::unique_ptr<nlohmann::json> json_;
  std::string where_;
};

}  // namespace sora
