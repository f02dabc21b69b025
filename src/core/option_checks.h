// Checks of options that several parts of a plan share. All throw Error (usage).
#pragma once

#include <string>

namespace sora {

/// Throws "[options] OPTION: expected EXPECTED".
[[noreturn]] void bad_option(const std::string& option, const std::string& expected);

/// Returns `value`, and throws unless it is from `low` to `high`.
double in_range(const char* option, double value, double low, double high);

/// Without trailing zeros, and with at most six digits after the point.
std::string number_for_people(double value);

}  // namespace sora
