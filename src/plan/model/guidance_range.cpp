#include "plan/model/guidance_range.h"

#include <algorithm>
#include <string>

#include "core/option_checks.h"
#include "core/text.h"

namespace sora {

void plan_guidance_range(Plan& plan) {
  Sampling& sampling = plan.sampling;
  sampling.guidance_begin = 0;
  sampling.guidance_end = Sampling().guidance_end;  // all steps, also of a verb that changes their number
  if (!plan.request.guidance_range) return;
  const std::string& text = *plan.request.guidance_range;
  const std::size_t colon = text.find(':');
  double begin = 0, end = 1;
  const auto read = [&](double& value, const std::string& part) {
    return part.empty() || set_from_text(value, part).empty();
  };
  const bool understood = colon != std::string::npos && read(begin, text.substr(0, colon)) &&
                          read(end, text.substr(colon + 1)) && begin >= 0 && end <= 1 && begin < end;
  if (!understood) {
    bad_option("--guidance-range " + excerpt(text),
               "two shares of the steps from 0 to 1, the smaller one first, as in 0:0.6");
  }
  sampling.guidance_begin = static_cast<int>(begin * sampling.steps);
  sampling.guidance_end = static_cast<int>(end * sampling.steps);
  const bool guided = sampling.guidance > 1;
  if (!guided) {
    plan.warnings.push_back("--guidance-range " + excerpt(text) + " has no effect: guidance is off");
  } else if (guided_steps(sampling) == 0) {
    plan.warnings.push_back("--guidance-range " + excerpt(text) + " leaves none of the " +
                            std::to_string(sampling.steps) + " steps with guidance");
  }
}

int guided_steps(const Sampling& sampling) {
  if (sampling.guidance <= 1) return 0;
  const int begin = std::max(sampling.guidance_begin, sampling.first_step);
  return std::max(0, std::min(sampling.guidance_end, sampling.steps) - begin);
}

}  // namespace sora
