#include "checkpoint/name_rules.h"

#include <algorithm>
#include <vector>

namespace sora {
namespace {

// Removes the first part of a name and the dot after it, and returns the part.
std::string_view next_part(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  return part;
}

bool is_number(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}

struct Match {
  std::vector<std::string_view> numbers;
  std::string_view rest;
};

std::optional<Match> match(std::string_view pattern, std::string_view name) {
  Match found;
  while (!pattern.empty()) {
    if (pattern == "*") {
      found.rest = name;
      return name.empty() ? std::nullopt : std::optional(found);
    }
    if (name.empty()) return {};
    const std::string_view wanted = next_part(pattern), part = next_part(name);
    if (wanted == "#" ? !is_number(part) : wanted != part) return {};
    if (wanted == "#") found.numbers.push_back(part);
  }
  return name.empty() ? std::optional(found) : std::nullopt;
}

std::string fill(std::string_view pattern, const Match& match) {
  std::string name;
  std::size_t number = 0;
  while (!pattern.empty()) {
    const std::string_view part = next_part(pattern);
    if (!name.empty()) name += '.';
    name += part == "#" ? match.numbers.at(number++) : part == "*" ? match.rest : part;
  }
  return name;
}

}  // namespace

std::optional<std::string> renamed(std::span<const NameRule> rules, std::string_view name) {
  for (const NameRule& rule : rules) {
    if (const auto found = match(rule.from, name)) return fill(rule.to, *found);
  }
  return {};
}

std::optional<std::string> renamed_back(std::span<const NameRule> rules, std::string_view name) {
  for (const NameRule& rule : rules) {
    if (const auto found = match(rule.to, name)) return fill(rule.from, *found);
  }
  return {};
}

}  // namespace sora
