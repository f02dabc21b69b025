#include "core/option_checks.h"

#include "core/text.h"
#include "sora/error.h"

namespace sora {

[[noreturn]] void bad_option(const std::string& option, const std::string& expected) {
  throw Error(ErrorKind::usage, "options", option + ": expected " + expected);
}

std::string number_for_people(double value) {
  std::string text = fixed_text(value, 6);
  text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

double in_range(const char* option, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    bad_option(std::string(option) + " " + number_for_people(value),
               "a number from " + number_for_people(low) + " to " + number_for_people(high));
  }
  return value;
}

}  // namespace sora
