#include "cli/batch/batch_warnings.h"

#include <algorithm>

#include "plan/model/prompt_words.h"

namespace sora {
namespace {

constexpr std::size_t kMostWords = 1000;
constexpr std::size_t kMostOthers = 20;

}  // namespace

void BatchWarnings::add(const Plan& plan) {
  ++jobs_;
  jobs_with_words_ += !plan.unknown_words.empty();
  for (const UnknownWord& unknown : plan.unknown_words) {
    if (words_.size() < kMostWords && known_words_.insert(unknown.word).second) words_.push_back(unknown);
  }
  const std::string of_words = unknown_words_text(plan);
  for (const std::string& warning : plan.warnings) {
    if (warning == of_words) continue;
    const auto known = std::find_if(others_.begin(), others_.end(),
                                    [&](const auto& other) { return other.first == warning; });
    if (known != others_.end()) {
      ++known->second;
    } else if (others_.size() < kMostOthers) {
      others_.emplace_back(warning, 1);
    } else {
      ++more_;
    }
  }
}

std::vector<std::string> BatchWarnings::lines() const {
  std::vector<std::string> lines;
  const auto of_jobs = [&](std::uint64_t jobs) {
    return jobs == jobs_ ? std::string() : std::to_string(jobs) + " of " + std::to_string(jobs_) + " jobs: ";
  };
  if (!words_.empty()) {
    lines.push_back(of_jobs(jobs_with_words_) + "the model has never seen " + listed_words(words_) +
                    "; what it makes of " + (words_.size() == 1 ? "that" : "those") + " is a guess");
  }
  for (const auto& [warning, jobs] : others_) lines.push_back(of_jobs(jobs) + warning);
  if (more_ > 0) lines.push_back(std::to_string(more_) + " warnings more; --dry-run --json has them all");
  return lines;
}

}  // namespace sora
