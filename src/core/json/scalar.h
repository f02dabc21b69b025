// A value from JSON or from a table, to be assigned to a field of a known type. It lets headers do without
// the JSON library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/text.h"

namespace sora {

struct Scalar {
  enum class Kind {
    text,     ///< a JSON string
    number,   ///< a JSON number, as it is written
    boolean,  ///< "true" or "false"
    null,     ///< nothing is set
    untyped,  ///< a cell of a table, of whatever type the field has
    list,     ///< an array of strings: `items`
    other,    ///< another array or an object, which fits no field
  };
  Kind kind = Kind::untyped;
  std::string text;
  std::vector<std::string> items;
};

/// Sets `field` from `value`. Returns an empty string, or what was expected instead.
template <class T>
std::string set_from_scalar(T& field, const Scalar& value) {
  using Kind = Scalar::Kind;
  const bool untyped = value.kind == Kind::untyped;
  if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    if (value.kind == Kind::list) return field = value.items, std::string();
    if (!untyped && value.kind != Kind::text) return "a list of texts in quotes";
    field.clear();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!untyped && value.kind != Kind::text) return "a text in quotes";
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!untyped && value.kind != Kind::boolean) return "true or false";
  } else if constexpr (std::is_same_v<T, double>) {
    if (!untyped && value.kind != Kind::number) return "a number";
  } else {  // integers
    return set_from_text(field, untyped || value.kind == Kind::number ? std::string_view(value.text) : "");
  }
  return set_from_text(field, value.text);
}

template <class T>
std::string set_from_scalar(std::optional<T>& field, const Scalar& value) {
  return set_from_scalar(field.emplace(), value);
}

/// A JSON object whose values are Scalars.
struct ScalarObject {
  std::string fault;  ///< why the text is no such object; empty: it is one
  std::vector<std::pair<std::string, Scalar>> items;
};

/// `example` is quoted in the message when the text is JSON, but no object.
ScalarObject parse_scalars(std::string_view json, const std::string& example);

}  // namespace sora
