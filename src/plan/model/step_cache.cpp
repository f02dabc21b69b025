#include "plan/model/step_cache.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/option_checks.h"
#include "core/text.h"
#include "sampling/config/mag_decisions.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kFewestSteps = 10;  // with fewer, each differs too much from the one before
constexpr double kEasy = 0.05;    // the thresholds of the methods' authors
constexpr double kFirstBlock = 0.05;
constexpr double kEasyFirstShare = 0.2;  // the authors compute the first 10 of 50 steps
// Of the steps that may be skipped, the share that is expected to be computed. EasyCache's authors
// measured 2.5 times for 50 steps of Wan 2.1 1.3B, so some 20 steps, of which 11 are always computed; of
// first-block caches for Wan 2.1 14B 1.1 times was measured at a threshold of 0.04 and 1.85 at 0.06.
constexpr double kEasyComputed = 0.25, kFirstBlockComputed = 0.7;

struct Asked {
  std::string method;
  std::optional<double> threshold;
};

Asked parsed(const std::string& text) {
  const std::size_t colon = text.find(':');
  Asked asked{text.substr(0, colon), {}};
  if (asked.method == "block") asked.method = "first-block";
  const bool known = asked.method == "off" || asked.method == "easy" || asked.method == "mag" ||
                     asked.method == "first-block";
  bool understood = known && !(asked.method == "off" && colon != std::string::npos);
  if (understood && colon != std::string::npos)
    understood = set_from_text(asked.threshold, text.substr(colon + 1)).empty() && *asked.threshold > 0 &&
                 *asked.threshold <= 10;
  if (!understood) {
    bad_option("--cache " + excerpt(text),
               "off, easy, mag or first-block, also with a threshold above 0, as in easy:0.08");
  }
  return asked;
}

// Why a cache is of no use to the plan; empty: it is.
std::string why_not(const Plan& plan, const std::string& method, int made) {
  if (plan.upscale.active) return "upscale stages make few steps, in tiles";
  if (plan.sampling.causal.block > 0) return "causal models need each of their steps in full";
  if (plan.sampling.preset == "fast")
    return "few-step models need each of their steps in full, and the preset is fast";
  if (made < kFewestSteps)
    return "each of " + std::to_string(made) + " steps differs too much from the one before; from " +
           std::to_string(kFewestSteps) + " steps on it pays";
  if (plan.picture.tiling && method != "easy")
    return "the picture is denoised in tiles, which only --cache easy can be used with";
  return {};
}

MagCacheSettings mag_settings(const StepCache& cache, int steps, int made) {
  auto ratios = nearest_ratios(cache.ratios, steps);
  ratios.erase(ratios.begin(), ratios.begin() + std::min<std::ptrdiff_t>(steps - made, std::ssize(ratios)));
  return {cache.threshold, steps_of_share(cache.first_share, made), cache.most_skipped, std::move(ratios)};
}

void add_ratios(const Plan& plan, const ModelFacts& model, StepCache& cache,
                const std::optional<double>& threshold) {
  if (!model.mag || plan.sampling.boundary_ratio) {
    throw Error(ErrorKind::usage, "options",
                "--cache mag needs ratios that were measured for the model, and there are none for " +
                    model.title + "; use --cache easy or first-block, which need none");
  }
  cache.threshold = threshold.value_or(model.mag->threshold);
  cache.most_skipped = model.mag->most_skipped;
  cache.first_share = model.mag->first_share;
  cache.ratios = model.mag->with_prompt;
  cache.ratios_2 = model.mag->without_prompt.empty() ? cache.ratios : model.mag->without_prompt;
}

// The first steps and the last are computed in full.
int expected_of_easy(int made, double first_share) {
  const int first = steps_of_share(first_share, made);
  return std::min(made, first + 1 + static_cast<int>(std::lround(kEasyComputed * (made - first - 1))));
}

}  // namespace

void plan_step_cache(Plan& plan, const ModelFacts& model) {
  StepCache& cache = plan.sampling.cache;
  cache = {};
  if (!plan.request.cache) return;
  const Asked asked = parsed(*plan.request.cache);
  if (asked.method == "off") return;
  const int made = plan.sampling.steps - plan.sampling.first_step;
  if (asked.method == "mag") add_ratios(plan, model, cache, asked.threshold);
  if (const std::string why = why_not(plan, asked.method, made); !why.empty()) {
    cache = {};
    // Of a video that is refined it is for the small one.
    if (!plan.upscale.active || plan.request.verb == "finish")
      plan.warnings.push_back("--cache " + asked.method + " has no effect: " + why);
    return;
  }
  cache.method = asked.method;
  if (asked.method == "easy") {
    cache.threshold = asked.threshold.value_or(model.easy_threshold.value_or(kEasy));
    cache.first_share = kEasyFirstShare;
    cache.computed = expected_of_easy(made, cache.first_share);
  } else if (asked.method == "first-block") {
    cache.threshold = asked.threshold.value_or(kFirstBlock);
    cache.computed = static_cast<int>(std::lround(kFirstBlockComputed * made));
  } else {
    cache.computed = steps_computed(mag_settings(cache, plan.sampling.steps, made));
  }
}

std::string cache_text(const Sampling& sampling) {
  const StepCache& cache = sampling.cache;
  const int made = sampling.steps - sampling.first_step;
  const std::string steps = " of " + std::to_string(made) + " steps computed";
  const std::string count = std::to_string(cache.computed);
  std::string text = cache.method + ", threshold " + number_text(cache.threshold) + ": ";
  if (cache.method == "mag") {
    text += count + steps;
  } else {
    text += "about " + count + steps + " with the usual threshold, more where much changes";
    if (cache.first_share > 0)
      text +=
          "; the first " + std::to_string(steps_of_share(cache.first_share, made)) + " and the last always";
  }
  return text + "; the picture differs a little from the full run's";
}

}  // namespace sora
