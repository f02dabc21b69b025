// Sets fields of a Request by name, from a line of a prompts file, a request on stdin or the metadata of a
// file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json/scalar.h"
#include "sora/request.h"

namespace sora {

/// Options by name with their values. Small in memory, since a list of a hundred thousand jobs has one for
/// each line.
class Overrides {
 public:
  /// Adds an option; `name` has dashes or underscores. Returns an empty string, or what is wrong: the name is
  /// unknown (with the nearest known one) or the value has the wrong type.
  std::string add(const std::string& name, const Scalar& value);

  bool has(const char* name) const;
  /// The value of an option as text, of a list the last one; empty when it is not set.
  std::optional<std::string> text(const char* name) const;
  std::vector<std::string> names() const;  ///< each once, in the order in which they were added
  /// Takes from `others` what is not set here; one length stands for the other.
  void add_missing(const Overrides& others);
  bool empty() const { return values_.empty(); }
  void apply(Request& request) const;

 private:
  struct Value {
    std::uint8_t field;  // position in visit_request()
    std::string text;
  };
  std::vector<Value> values_;
};

/// Position of a field in visit_request(); -1 when there is none.
int request_field(const std::string& name);

/// The kind of the option at a position of request_field().
OptionKind option_kind(int field);

}  // namespace sora
