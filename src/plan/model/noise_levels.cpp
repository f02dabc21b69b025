#include "plan/model/noise_levels.h"

#include <algorithm>

#include "core/option_checks.h"
#include "core/text.h"
#include "sampling/config/scheduler_config.h"

namespace sora {
namespace {

constexpr double kTimesteps = 1000;  // the unit of timesteps
constexpr int kDigits = 15;

// Numbers with commas or spaces between them. Any above 1 shows that all are timesteps.
std::vector<double> parsed(const std::string& text) {
  const std::string option = "--sigmas " + excerpt(text);
  std::string list = text;
  std::replace_if(
      list.begin(), list.end(), [](char c) { return c == ',' || c == '[' || c == ']' || c == '\t'; }, ' ');
  std::vector<double> levels;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t begin = list.find_first_not_of(' ', at);
    if (begin == std::string::npos) break;
    at = std::min(list.find(' ', begin), list.size());
    double value = 0;
    if (!set_from_text(value, list.substr(begin, at - begin)).empty())
      bad_option(option, "numbers, as in 1,0.94,0.83,0.63");
    levels.push_back(value);
  }
  if (std::ranges::any_of(levels, [](double level) { return level > 1; })) {
    for (double& level : levels) level /= kTimesteps;
  }
  if (levels.size() > 1 && levels.back() == 0) levels.pop_back();  // where every run ends
  if (const std::string expected = fault_of_levels(levels); !expected.empty()) bad_option(option, expected);
  return levels;
}

}  // namespace

void plan_noise_levels(Plan& plan, const std::vector<double>& own) {
  const Request& request = plan.request;
  std::vector<double>& levels = plan.sampling.sigmas;
  levels.clear();
  const int own_steps = static_cast<int>(own.size());
  if (request.sigmas) {
    levels = parsed(*request.sigmas);
    if (request.steps && *request.steps != static_cast<int>(levels.size())) {
      bad_option("--steps " + std::to_string(*request.steps) + " with --sigmas of " +
                     std::to_string(levels.size()) + " noise levels",
                 "as many steps as levels, or --sigmas alone");
    }
    if (request.flow_shift)
      plan.warnings.emplace_back("--flow-shift has no effect: --sigmas gives the noise levels themselves");
  } else if (!request.flow_shift && request.steps.value_or(own_steps) == own_steps) {
    levels = own;
  }
  if (!levels.empty()) plan.sampling.steps = static_cast<int>(levels.size());
}

std::vector<double> noise_levels_of(const std::vector<double>& timesteps) {
  std::vector<double> levels;
  for (const double timestep : timesteps) levels.push_back(timestep / kTimesteps);
  return levels;
}

std::string levels_text(const std::vector<double>& levels) {
  std::string text;
  for (const double level : levels) text += (text.empty() ? "" : ",") + number_text(level, kDigits);
  return text;
}

}  // namespace sora
