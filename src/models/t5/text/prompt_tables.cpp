#include "models/t5/text/prompt_tables.h"

#include <charconv>

#include "models/t5/text/table_texts.h"
#include "sora/error.h"

namespace sora::prompt_tables {
namespace {

using Words = std::vector<std::string_view>;

[[noreturn]] void fail(std::string_view word) {
  throw Error(ErrorKind::internal, "prompt",
              "a table for prompt cleaning cannot be parsed at \"" + std::string(word) + "\"");
}

/// Removes the first line of `text` and its continuation lines, and returns their words. False at the end.
bool next_record(std::string_view& text, Words& words) {
  words.clear();
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with('#')) {
      for (std::size_t begin = 0; begin < line.size();) {
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        if (end > begin) words.push_back(line.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    if (!words.empty() && !text.starts_with(' ')) return true;
  }
  return false;
}

std::uint32_t number(std::string_view word, int base) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) fail(word);
  return value;
}

char32_t code_point(std::string_view word) { return number(word, 16); }

/// "46+6A"
std::u32string code_points(std::string_view word) {
  std::u32string text;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t end = std::min(word.find('+', begin), word.size());
    text.push_back(code_point(word.substr(begin, end - begin)));
    begin = end + 1;
  }
  return text;
}

CharSet char_set(const Words& words) {
  CharSet set;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t dash = std::min(words[i].find('-'), words[i].size());
    const char32_t first = code_point(words[i].substr(0, dash));
    set.ranges.push_back({first, dash < words[i].size() ? code_point(words[i].substr(dash + 1)) : first});
  }
  return set;
}

Alternative alternative(const std::deque<CharSet>& sets, Words words) {
  Alternative result{words.at(1) == "^", {}};
  for (std::size_t i = result.at_start ? 2 : 1; i < words.size(); ++i) {
    const bool optional = words[i].ends_with('?');
    if (optional) words[i].remove_suffix(1);
    result.steps.push_back({&sets.at(number(words[i], 10)), optional});
  }
  return result;
}

Charmap charmap(const Words& words) {
  Charmap result{words.at(1), words[1].starts_with("sloppy"), {}};
  for (std::size_t i = 0; i < result.upper.size(); ++i) result.upper[i] = code_point(words.at(2 + i));
  return result;
}

void add_record(const Words& words, Ftfy& tables) {
  const std::string_view kind = words[0];
  if (kind == "set") {
    tables.sets.push_back(char_set(words));
  } else if (kind == "charmap") {
    tables.charmaps.push_back(charmap(words));
  } else if (kind == "ligature") {
    tables.ligatures.push_back({code_point(words.at(1)), code_points(words.at(2))});
  } else if (kind == "badness") {
    tables.badness.push_back(alternative(tables.sets, words));
  } else if (kind == "altered_utf8") {
    tables.altered_utf8.push_back(alternative(tables.sets, words));
  } else if (kind == "lossy_utf8") {
    tables.lossy_utf8.push_back(alternative(tables.sets, words));
  } else {
    const CharSet*& set = kind == "first_of_2"     ? tables.first_of_2
                          : kind == "first_of_3"   ? tables.first_of_3
                          : kind == "first_of_4"   ? tables.first_of_4
                          : kind == "continuation" ? tables.continuation
                                                   : tables.continuation_strict;
    set = &tables.sets.at(number(words.at(1), 10));
  }
}

}  // namespace

const Ftfy& ftfy() {
  static const Ftfy* const tables = [] {
    auto* parsed = new Ftfy{};  // never moved, since patterns point to its sets
    std::string_view text = kFtfyText;
    for (Words words; next_record(text, words);) add_record(words, *parsed);
    return parsed;
  }();
  return *tables;
}

const std::array<char32_t, 128>& windows_1252() { return ftfy().charmaps.at(1).upper; }

const std::vector<Entity>& entities() {
  static const std::vector<Entity> list = [] {
    std::vector<Entity> parsed;
    std::string_view text = kHtmlEntitiesText;
    for (Words words; next_record(text, words);) {
      for (std::size_t i = 1; i < words.size(); ++i) {
        Entity entity{words[i], words[i].ends_with('*'), words[i].ends_with('^'), code_points(words[0])};
        if (entity.bare || entity.addition) entity.name.remove_suffix(1);
        parsed.push_back(std::move(entity));
      }
    }
    std::sort(parsed.begin(), parsed.end(), [](const Entity& a, const Entity& b) { return a.name < b.name; });
    return parsed;
  }();
  return list;
}

}  // namespace sora::prompt_tables
