#include "plan/model/prompt_words.h"

#include <algorithm>
#include <limits>

#include "core/text.h"
#include "plan/model/vocabulary.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kMostHints = 64;    // words of a prompt for which a nearest one is looked for
constexpr std::size_t kLongestWord = 64;  // bytes; no other is looked for in a list
constexpr std::size_t kMostListed = 8;    // in a line for people

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// The byte behind the word number `most`, or the end of the text.
std::size_t end_of_words(std::string_view text, std::size_t most) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool joins = text[i] == '-' && i > 0 && is_letter(text[i - 1]);
    const bool in_word = is_letter(text[i]) || (joins && i + 1 < text.size() && is_letter(text[i + 1]));
    if (in_word) continue;
    words += i > 0 && is_letter(text[i - 1]);
    if (words == most) return i;
  }
  return text.size();
}

// With and without the ending of a plural: "boats" is no other word than "boat".
bool is_other_number(const std::string& a, const std::string& b) { return a == b + "s" || b == a + "s"; }

std::string nearest_spelling(const std::string& word, const std::vector<std::string>& vocabulary) {
  // In short words one letter makes another word: "cat" is no "car".
  const std::size_t most = word.size() >= 8 ? 2 : word.size() >= 5 ? 1 : 0;
  std::string best;
  std::size_t best_distance = most + 1;
  for (const std::string& known : vocabulary) {
    if (is_other_number(word, known)) return known;
    if (known.size() > word.size() + most || word.size() > known.size() + most) continue;
    const std::size_t distance = edit_distance(word, known);
    const bool same_start = !known.empty() && known.front() == word.front();
    if (distance < best_distance ||
        (distance == best_distance && same_start && !best.empty() && best.front() != word.front())) {
      best = known;
      best_distance = distance;
    }
  }
  return best;
}

bool is_beyond(const Plan& plan) {
  return plan.unknown_words.size() > 1 && 2 * plan.unknown_words.size() > plan.prompt_words;
}

}  // namespace

std::string first_words(std::string_view prompt, std::size_t most) {
  return std::string(prompt.substr(0, end_of_words(prompt, most)));
}

std::string nearest_word(const std::string& word, const ModelFacts& model) {
  const auto synonym = model.synonyms.find(word);
  if (synonym != model.synonyms.end()) return synonym->second;
  return word.size() > kLongestWord ? std::string() : nearest_spelling(word, model.vocabulary);
}

std::vector<UnknownWord> with_nearest(const std::vector<std::string>& words, const ModelFacts& model) {
  std::vector<UnknownWord> result;
  result.reserve(words.size());
  for (const std::string& word : words)
    result.push_back({word, result.size() < kMostHints ? nearest_word(word, model) : std::string()});
  return result;
}

std::string listed_words(const std::vector<UnknownWord>& words) {
  const std::size_t shown = words.size() > kMostListed + 1 ? kMostListed : words.size();
  const std::size_t more = words.size() - shown;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == words.size();
    text += (i == 0 ? "\"" : (last ? " and \"" : ", \"")) + excerpt(words[i].word) + "\"";
    if (!words[i].nearest.empty()) text += " (nearest: " + words[i].nearest + ")";
  }
  return more > 0 ? text + " and " + std::to_string(more) + " more" : text;
}

std::string unknown_words_text(const Plan& plan) {
  if (plan.unknown_words.empty()) return {};
  const std::string words = listed_words(plan.unknown_words);
  if (is_beyond(plan)) {
    return "this prompt is beyond the model \"" + plan.model.name + "\", which has never seen " + words +
           "; sora-gen models lists the words that it knows";
  }
  return "the model has never seen " + words + "; what it makes of " +
         (plan.unknown_words.size() == 1 ? "that" : "those") + " is a guess";
}

void cut_prompts(Plan& plan, const ModelFacts& model) {
  if (model.max_words == 0) return;
  const auto most = static_cast<std::size_t>(model.max_words);
  const auto cut = [&](std::string& prompt, const std::string& which) {
    const std::string kept = first_words(prompt, most);
    if (first_words(prompt, std::numeric_limits<std::size_t>::max()).size() == kept.size()) return;
    // What follows the last word that is kept may be its full stop.
    if (std::none_of(prompt.begin() + static_cast<std::ptrdiff_t>(kept.size()), prompt.end(), is_letter))
      return;
    prompt = kept;
    plan.warnings.push_back(which + " is longer than the model was trained for: its first " +
                            std::to_string(most) + " words are read");
  };
  cut(plan.request.prompt, "the prompt");
  for (Shot& shot : plan.inputs.shots) cut(shot.prompt, "the prompt of a shot");
}

void plan_words(Plan& plan, const ModelFacts& model) {
  if (model.vocabulary.empty()) {
    if (plan.request.strict_words) {
      plan.warnings.emplace_back(
          "--strict-words has no effect: this model does not say which words it was trained with");
    }
    return;
  }
  std::string texts = plan.request.prompt;
  for (const Shot& shot : plan.inputs.shots) texts += "\n" + shot.prompt;
  plan.prompt_words = unknown_words(texts, {}).size();
  plan.unknown_words = with_nearest(unknown_words(texts, model.vocabulary), model);
  if (plan.unknown_words.empty()) return;
  if (plan.request.strict_words) {
    throw Error(ErrorKind::usage, "prompt",
                "the model \"" + plan.model.name + "\" has never seen " + listed_words(plan.unknown_words) +
                    ", and --strict-words refuses that; use other words (sora-gen models lists them)");
  }
  plan.warnings.push_back(unknown_words_text(plan));
}

}  // namespace sora
