// Checks of options that several parts of a plan share. All throw Error (usage).
#pragma once

#include <string>

namespace sora {

/// "options: OPTION: expected EXPECTED".
[[noreturn]] void bad_option(const std::string& option, const std::string& expected);

/// `value`, which is from `low` to `high`.
double in_range(const char* option, double value, double low, double high);

/// As people write it: no trailing zeros, six digits after the point at most.
std::string number_for_people(double value);

}  // namespace sora
