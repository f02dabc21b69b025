#include "plan/model/vocabulary.h"

#include <algorithm>
#include <set>

namespace sora {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_in(std::string_view word, const std::vector<std::string>& vocabulary) {
  return std::binary_search(vocabulary.begin(), vocabulary.end(), word);
}

bool is_known(std::string_view word, const std::vector<std::string>& vocabulary) {
  if (is_in(word, vocabulary)) return true;
  if (word.find('-') == std::string_view::npos) return false;
  while (true) {
    const std::size_t hyphen = word.find('-');
    if (!is_in(word.substr(0, hyphen), vocabulary)) return false;
    if (hyphen == std::string_view::npos) return true;
    word.remove_prefix(hyphen + 1);
  }
}

}  // namespace

std::vector<std::string> unknown_words(std::string_view prompt, const std::vector<std::string>& vocabulary) {
  std::vector<std::string> unknown;
  std::set<std::string> seen;
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
    if (seen.insert(word).second) unknown.push_back(word);
  }
  return unknown;
}

}  // namespace sora
