// The fields of a Request by name: how a line of a prompts file, a request on stdin and the metadata of a
// finished file change one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json/scalar.h"
#include "sora/request.h"

namespace sora {

/// Options that something sets, small: a list of a hundred thousand jobs keeps one of these a line.
class Overrides {
 public:
  /// `name` as in JSON or on the command line (dashes or underscores). Returns an empty string, or what is
  /// wrong with it: an unknown name, with the nearest one, or a value of the wrong kind.
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

/// What the option at a position of request_field() decides.
OptionKind option_kind(int field);

}  // namespace sora
