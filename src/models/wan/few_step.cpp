#include "models/wan/few_step.h"

#include <array>

#include "core/text.h"

namespace sora::wan {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The number in "4steps", "8-step" or "_4_steps", but none in "epoch4-step400".
std::optional<int> steps_in(const std::string& name) {
  for (std::size_t at = name.find("step"); at != std::string::npos; at = name.find("step", at + 1)) {
    std::size_t end = at + 4;
    if (end < name.size() && name[end] == 's') ++end;
    if (end < name.size() && (is_letter(name[end]) || is_digit(name[end]))) continue;
    std::size_t digit = at;
    if (digit > 0 && (name[digit - 1] == '-' || name[digit - 1] == '_')) --digit;
    if (digit == 0 || !is_digit(name[--digit])) continue;
    if (digit > 0 && (is_letter(name[digit - 1]) || is_digit(name[digit - 1]))) continue;
    const int steps = name[digit] - '0';
    if (steps >= 1 && steps <= 8) return steps;
  }
  return {};
}

// Compared without signs, since publishers write "step-distill", "step_distill" and "StepDistill".
constexpr std::array kMethods{"stepdistill",    "cfgdistill",  "lightx2v",   "wan21lightning",
                              "wan22lightning", "selfforcing", "ti2v5bturbo"};

}  // namespace

FewStep fast_wan(const std::string& name) {
  const std::string lower = ascii_lower(name);
  const bool is_5b = lower.find("5b") != std::string::npos;
  return {3, 1, is_5b ? 5.0 : 8.0, "lcm", {1000, 757, 522}};
}

std::optional<FewStep> few_step_by_name(const std::string& name) {
  const std::string lower = ascii_lower(name);
  std::string plain;
  for (const char c : lower) {
    if (is_letter(c) || is_digit(c)) plain += c;
  }
  if (plain.find("fastwan") != std::string::npos) return fast_wan(name);
  FewStep settings;
  const auto steps = steps_in(lower);
  if (steps) settings.steps = *steps;
  bool known = steps.has_value();
  for (const char* method : kMethods) known = known || plain.find(method) != std::string::npos;
  return known ? std::optional(settings) : std::nullopt;
}

std::optional<NamedFewStep> find_few_step(const std::vector<std::filesystem::path>& paths) {
  for (const std::filesystem::path& path : paths) {
    const auto whole = path.has_filename() ? path : path.parent_path();  // "folder/"
    for (const std::string& name : {whole.filename().string(), whole.parent_path().filename().string()}) {
      if (const auto settings = few_step_by_name(name)) return NamedFewStep{*settings, name};
    }
  }
  return {};
}

}  // namespace sora::wan
