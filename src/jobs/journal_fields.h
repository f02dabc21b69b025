// The fields of a line of a journal, with checks of their types. Of the JSON library, this header includes
// only the forward declarations.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace sora {

/// The JSON object in a line. A line that is none, such as an incomplete one after a crash, is no error;
/// other faults throw Error (data) with a message that begins with `where`.
class JournalFields {
 public:
  JournalFields(std::string_view line, std::string where);
  ~JournalFields();

  bool is_object() const;
  bool has(const char* key) const;
  /// The value of a key; an empty text, 0 or false if there is none. Throws Error (data) for a value of
  /// another type.
  std::string text(const char* key) const;
  double number(const char* key) const;  ///< at most 10^15, enough for times and lengths
  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most) const;
  bool boolean(const char* key) const;

 private:
  const nlohmann::json* find(const char* key) const;
  [[noreturn]] void fail(const char* key, const std::string& expected) const;

  std::unique_ptr<nlohmann::json> json_;
  std::string where_;
};

}  // namespace sora
