// What is to be said of the jobs of a batch, once for all of them.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sora/plan.h"

namespace sora {

class BatchWarnings {
 public:
  void add(const Plan& plan);

  /// One line for all words that models have never seen, and one for each other warning.
  std::vector<std::string> lines() const;

 private:
  std::uint64_t jobs_ = 0, jobs_with_words_ = 0, more_ = 0;
  std::set<std::string> known_words_;
  std::vector<UnknownWord> words_;
  std::vector<std::pair<std::string, std::uint64_t>> others_;  // and of how many jobs
};

}  // namespace sora
