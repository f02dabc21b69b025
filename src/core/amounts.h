// Amounts in lines for people, beside those of core/text.h (bytes_text, seconds_text, clock_text): one way
// each, rounded to what they are worth.
#pragma once

#include <string>

namespace sora {

/// A size that is estimated, of GB (10^9 bytes), as exact as it is: "52 MB", "300 MB", "4.2 GB", "123 GB".
std::string gigabytes_text(double gb);

/// A time that is estimated, as exact as it is: "4.2 s", "35 s", "12 min", "3 h 05 min".
std::string estimate_text(double seconds);

/// A number as people type it, the shortest that reads back the same: "16", "29.97", "0.0001".
std::string shortest_text(double value);

}  // namespace sora
