// What a model's own word list says of a prompt: words that it was not trained with, what comes nearest to
// them, and how long a prompt may be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// The first words of `prompt`, up to `most` of them, as unknown_words() counts words. All of it when it has
/// no more.
std::string first_words(std::string_view prompt, std::size_t most);

/// A word of the model for one that it does not know: by its table of synonyms, else by spelling, where only
/// a letter or two differ. Empty: nothing is near.
std::string nearest_word(const std::string& word, const ModelFacts& model);

/// `words` with the nearest known one of each; of a long list the first sixty-four have one.
std::vector<UnknownWord> with_nearest(const std::vector<std::string>& words, const ModelFacts& model);

/// "storm" (nearest: rain), "elephant" and 3 more
std::string listed_words(const std::vector<UnknownWord>& words);

/// One line for the user, about the plan's unknown words; empty when there are none.
std::string unknown_words_text(const Plan& plan);

/// Cuts the plan's prompts to what the model was trained with, and warns of that.
void cut_prompts(Plan& plan, const ModelFacts& model);

/// Fills plan.unknown_words and warns of them. Throws Error (usage) for them with request.strict_words.
void plan_words(Plan& plan, const ModelFacts& model);

}  // namespace sora
