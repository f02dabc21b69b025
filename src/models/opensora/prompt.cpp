#include "models/opensora/prompt.h"

#include <string_view>

#include "models/t5/text/unicode.h"

namespace sora::opensora {
namespace {

constexpr const char* kMotion = " 4 motion score.";

std::string stripped(const std::string& prompt) {
  const auto points = from_utf8(prompt);
  if (!points) return prompt;  // whoever encodes it reports it
  std::u32string_view text = *points;
  const auto is_space = [](char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return to_utf8(text);
}

/// Whether the text ends with a digit and `words`.
bool ends_with_number(const std::string& text, std::string_view words) {
  if (!text.ends_with(words) || text.size() == words.size()) return false;
  const char before = text[text.size() - words.size() - 1];
  return before >= '0' && before <= '9';
}

}  // namespace

std::string with_motion(const std::string& prompt) {
  std::string text = stripped(prompt);
  if (text.empty()) return text;
  if (!text.ends_with('.')) text += '.';
  if (ends_with_number(text, " motion score.")) return text;
  if (!ends_with_number(text, " FPS.")) text += " " + std::to_string(kFps) + " FPS.";
  return text + kMotion;
}

}  // namespace sora::opensora
