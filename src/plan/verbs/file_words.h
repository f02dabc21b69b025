// The words that a file was made from, from its beginning to its end: a file of several clips has those of
// each. They are recorded in its parameters, so that what is added to it goes on with the words of that end.
#pragma once

#include <string>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// The prompts of a file's first and last frames; empty: the file does not say.
struct FileWords {
  std::string first;
  std::string last;
};

/// As the file's parameters say. `path` is for messages.
FileWords words_of_file(const InputFacts& facts, const std::string& path);

/// The words of the file that `plan` makes from clips, at the times where their frames begin. In a transition
/// they change evenly from the end of the first clip to the begin of the second. Empty where the plan's
/// prompt says it all.
std::vector<Shot> words_by_time(const Plan& plan);

}  // namespace sora
