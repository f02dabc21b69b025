#include "models/clip/tokenizer/normalize.h"

#include <algorithm>
#include <iterator>

#include "models/t5/text/unicode.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

struct Range {
  char32_t first, last;
};

// Combining marks that came with Unicode 10 and later. The reference (`tokenizers` 0.23) composes by an older
// Unicode, for which they are ordinary characters: marks are not moved over them.
constexpr Range kLaterMarks[] = {
    {0x7FD, 0x7FD},     {0x897, 0x89F},     {0x8CA, 0x8D3},     {0x9FE, 0x9FE},     {0xC3C, 0xC3C},
    {0xD3B, 0xD3C},     {0xEBA, 0xEBA},     {0x1715, 0x1715},   {0x1ABF, 0x1AEB},   {0x1DF6, 0x1DFA},
    {0xA82C, 0xA82C},   {0x10D24, 0x10D27}, {0x10D69, 0x10D6D}, {0x10EAB, 0x10EAC}, {0x10EFA, 0x10EFF},
    {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x113CE, 0x113D0},
    {0x1145E, 0x1145E}, {0x11839, 0x1183A}, {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0},
    {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D45}, {0x11D97, 0x11D97},
    {0x11F41, 0x11F42}, {0x1612F, 0x1612F}, {0x16FF0, 0x16FF1}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE},
    {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF}, {0x1E5EE, 0x1E5EF}};

bool is_later_mark(char32_t c) {
  if (c < kLaterMarks[0].first) return false;
  const auto* found = std::lower_bound(std::begin(kLaterMarks), std::end(kLaterMarks), c,
                                       [](const Range& range, char32_t value) { return range.last < value; });
  return found != std::end(kLaterMarks) && c >= found->first;
}

// Nothing is composed or moved across an ordinary character, so the parts between them are composed alone.
std::u32string composed(std::u32string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const auto end =
        static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_later_mark) - text.begin());
    out += nfc(text.substr(0, end));
    if (end == text.size()) break;
    out += text[end];
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

std::u32string normalized(std::string_view bytes) {
  const auto points = from_utf8(bytes);
  if (!points) throw Error(ErrorKind::data, "tokenizer", "the prompt is not valid UTF-8");
  std::u32string out;
  bool in_space = false;
  for (const char32_t c : composed(*points)) {
    const bool space = is_white_space(c);
    if (!space) append_lower_case(out, c);
    if (space && !in_space) out += U' ';
    in_space = space;
  }
  return out;
}

}  // namespace sora::clip
