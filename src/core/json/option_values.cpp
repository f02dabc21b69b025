#include "core/json/option_values.h"

#include <array>
#include <utility>

#include "core/amounts.h"

namespace sora {
namespace {

bool is_duration(std::string_view name) { return name == "seconds" || name == "fade"; }

bool is_plain_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "1:30" and "1:02:03.5".
std::optional<double> parse_clock(std::string_view text) {
  double time = 0;
  for (int parts = 1; parts <= 3; ++parts) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    const bool whole = part.find('.') == std::string_view::npos;
    double value = 0;
    if (!is_plain_number(part) || (!last && !whole) || !set_from_text(value, part).empty()) return {};
    if (parts > 1 && value >= 60) return {};
    time = time * 60 + value;
    if (last) return parts > 1 ? std::optional(time) : std::nullopt;
    text.remove_prefix(colon + 1);
  }
  return {};
}

// "1m30s", each unit once, the larger ones first.
std::optional<double> parse_units(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> units{
      {{"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 0.001}}};
  double time = 0;
  std::size_t next = 0;
  if (text.empty()) return {};
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789.");
    if (digits == 0 || digits == std::string_view::npos) return {};
    double value = 0;
    if (!set_from_text(value, text.substr(0, digits)).empty()) return {};
    text.remove_prefix(digits);
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    while (next < units.size() && units[next].first != unit) ++next;
    if (next == units.size()) return {};
    time += value * units[next++].second;
    text.remove_prefix(unit.size());
  }
  return time;
}

}  // namespace

std::optional<double> parse_duration(std::string_view text) {
  return text.find(':') != std::string_view::npos ? parse_clock(text) : parse_units(text);
}

std::string plain_value(std::string_view name, const std::string& text) {
  if (!is_duration(name)) return text;
  const auto seconds = parse_duration(text);
  return seconds ? shortest_text(*seconds) : text;
}

Scalar plain_value(std::string_view name, const Scalar& value) {
  if (!is_duration(name) || (value.kind != Scalar::Kind::text && value.kind != Scalar::Kind::untyped))
    return value;
  const auto seconds = parse_duration(value.text);
  return seconds ? Scalar{Scalar::Kind::number, shortest_text(*seconds), {}} : value;
}

std::string expected_value(std::string_view name, const std::string& expected) {
  if (expected.empty() || !is_duration(name)) return expected;
  return "a finite number of seconds, or a time such as 500ms, 1m30s or 1:30";
}

}  // namespace sora
