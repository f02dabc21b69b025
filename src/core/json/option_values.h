// Spellings of values that people use and a field does not: "1m30s" for 90 seconds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json/scalar.h"

namespace sora {

/// "5s", "500ms", "1m30s", "2h", "1:30" or "1:02:03.5" in seconds; empty for anything else, plain numbers
/// included.
std::optional<double> parse_duration(std::string_view text);

/// The value of the option `name` (with underscores), as its field takes it. What needs no change comes back
/// as it is.
std::string plain_value(std::string_view name, const std::string& text);
Scalar plain_value(std::string_view name, const Scalar& value);

/// What a wrong value should have been; `expected` of set_from_text(), unless the option takes more than
/// that.
std::string expected_value(std::string_view name, const std::string& expected);

}  // namespace sora
