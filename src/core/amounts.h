// Amounts as text for people, rounded to their precision; core/text.h has bytes_text(), seconds_text() and
// clock_text().
#pragma once

#include <string>

namespace sora {

/// An estimated size, given in GB (10^9 bytes), with two digits below 10 GB: "52 MB", "300 MB", "4.2 GB",
/// "123 GB".
std::string gigabytes_text(double gb);

/// An estimated time, rounded: "4.2 s", "35 s", "12 min", "3 h 05 min".
std::string estimate_text(double seconds);

/// The shortest text that reads back as the same number: "16", "29.97", "0.0001".
std::string shortest_text(double value);

}  // namespace sora
