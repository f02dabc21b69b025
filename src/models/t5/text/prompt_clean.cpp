#include "models/t5/text/prompt_clean.h"

#include <cstdio>

#include "models/t5/text/fix_text.h"
#include "models/t5/text/html_unescape.h"
#include "models/t5/text/unicode.h"
#include "sora/error.h"

namespace sora {
namespace {

std::u32string decoded(std::string_view prompt) {
  std::size_t bad = 0;
  const auto text = from_utf8(prompt, &bad);
  if (text) return *text;
  char byte[8];
  std::snprintf(byte, sizeof byte, "0x%02X", static_cast<unsigned char>(prompt[bad]));
  throw Error(ErrorKind::data, "prompt",
              std::string("byte ") + byte + " at offset " + std::to_string(bad) +
                  " is not valid UTF-8, expected UTF-8 text; save or pass the prompt as UTF-8");
}

}  // namespace

std::string checked_prompt(std::string_view prompt) {
  (void)decoded(prompt);
  return std::string(prompt);
}

std::string prompt_clean(std::string_view prompt) {
  const std::u32string text = html_unescape(html_unescape(fix_text(decoded(prompt))));

  std::string out;
  bool space = false;
  for (const char32_t c : text) {
    // Python's str.strip() also removes U+001C to U+001F; fix_text() has removed them already.
    if (is_white_space(c)) {
      space = true;
      continue;
    }
    if (space && !out.empty()) out.push_back(' ');
    space = false;
    append_utf8(out, c);
  }
  return out;
}

}  // namespace sora
