#include "pipeline/vocabulary.h"

#include <algorithm>

namespace sora {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_known(std::string_view word, const std::vector<std::string>& vocabulary) {
  if (std::binary_search(vocabulary.begin(), vocabulary.end(), word)) return true;
  const std::size_t hyphen = word.find('-');
  return hyphen != std::string_view::npos && is_known(word.substr(0, hyphen), vocabulary) &&
         is_known(word.substr(hyphen + 1), vocabulary);
}

}  // namespace

std::vector<std::string> unknown_words(std::string_view prompt, const std::vector<std::string>& vocabulary) {
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < prompt.size();) {
    std::string word;
    while (i < prompt.size() && is_letter(prompt[i])) {
      word += lower(prompt[i++]);
      if (i + 1 < prompt.size() && prompt[i] == '-' && is_letter(prompt[i + 1])) word += prompt[i++];
    }
    if (word.empty()) {
      ++i;
      continue;
    }
    if (is_known(word, vocabulary)) continue;
    if (std::find(unknown.begin(), unknown.end(), word) == unknown.end()) unknown.push_back(word);
  }
  return unknown;
}

std::string unknown_words_text(const std::vector<std::string>& words) {
  std::string text = "the model has never seen ";
  for (const std::string& word : words) {
    text += (&word == &words.front() ? "\"" : (&word == &words.back() ? " and \"" : ", \"")) + word + "\"";
  }
  return text + "; what it makes of " + (words.size() == 1 ? "that" : "those") + " is a guess";
}

}  // namespace sora
