// Tables for prompt cleaning: ftfy.txt and html_entities.txt, written by scripts/tables/prompt_tables.py. The
// text of both files is part of the library and is parsed on first use.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sora::prompt_tables {

struct Range {
  char32_t first, last;  // inclusive
};

/// A set of characters (or bytes) as sorted ranges. In the file: "set RANGES"; other lines refer to its
/// number.
struct CharSet {
  std::vector<Range> ranges;

  bool contains(char32_t c) const {
    const auto after =
        std::upper_bound(ranges.begin(), ranges.end(), c,
                         [](char32_t value, const Range& range) { return value < range.first; });
    return after != ranges.begin() && c <= std::prev(after)->last;
  }
};

/// One character of a pattern.
struct Step {
  const CharSet* set;
  bool optional;
};

struct Alternative {
  bool at_start;  ///< matches at the start of the text only
  std::vector<Step> steps;
};

/// A regular expression of alternatives, each a short sequence of sets. In the file: "NAME [^] SETS" for each
/// alternative, with ? after an optional set.
using Pattern = std::vector<Alternative>;

/// A single-byte encoding. Bytes below 0x80 are ASCII, except that byte 0x1A of a sloppy one is U+FFFD.
struct Charmap {
  std::string_view name;
  bool sloppy;
  std::array<char32_t, 128> upper;  ///< the characters of bytes 0x80 to 0xFF
};

struct Ligature {
  char32_t from;
  std::u32string to;
};

struct Ftfy {
  std::deque<CharSet> sets;
  Pattern badness;       ///< sequences of characters that indicate mojibake
  Pattern altered_utf8;  ///< bytes: UTF-8 with a space instead of 0xA0
  Pattern lossy_utf8;    ///< bytes: UTF-8 with lost continuation bytes (0x1A or '?')

  /// The lead and continuation bytes of UTF-8, as characters of the single-byte encodings below.
  const CharSet *first_of_2, *first_of_3, *first_of_4;
  const CharSet *continuation, *continuation_strict;

  std::vector<Charmap> charmaps;    ///< in the order in which they are tried; Latin-1 first
  std::vector<Ligature> ligatures;  ///< sorted
};
const Ftfy& ftfy();

/// The characters of bytes 0x80 to 0xFF in Windows-1252.
const std::array<char32_t, 128>& windows_1252();

struct Entity {
  std::string_view name;  ///< without '&' and ';'
  bool bare;              ///< valid without its semicolon
  bool addition;          ///< added by ftfy, not in HTML, such as "EACUTE"
  std::u32string text;
};

/// Sorted by name.
const std::vector<Entity>& entities();

}  // namespace sora::prompt_tables
