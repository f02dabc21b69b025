// Printing texts that others wrote, and hints for misspelt names.
#include "core/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sora {
namespace {

using testing::HasSubstr;

std::string utf8(std::uint32_t code) {
  std::string text;
  if (code < 0x80) return {static_cast<char>(code)};
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  text += static_cast<char>((0xff00U >> (more + 1) & 0xffU) | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80U | (code >> (6 * i) & 0x3fU));
  return text;
}

bool has_control(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (!c.valid || (is_deceptive(c.code) && c.code != '\n')) return true;
    at += c.bytes;
  }
  return false;
}

TEST(OneLine, LeavesPlainTextsAlone) {
  for (const std::string text :
       {"a lighthouse", "ein Fluß", "灯台", "שלום", "👩‍👩‍👧 at sea", "می‌خواهم", ""})
    EXPECT_EQ(one_line(text), text);
}

TEST(OneLine, LeavesNoCharacterThatCommandsATerminalOrHidesText) {
  EXPECT_EQ(one_line("a\nb\tc\r\nd"), "a b c  d");
  EXPECT_EQ(one_line("\x1b[31mred"), "\\u001b[31mred");
  EXPECT_EQ(one_line("\xc2\x9b"
                     "2J"),
            "\\u009b2J")
      << "C1 as UTF-8";
  EXPECT_EQ(one_line("\x9b"
                     "2J"),
            "\xef\xbf\xbd"
            "2J")
      << "C1 as a byte";
  EXPECT_EQ(one_line("gpj\u202e.exe"), "gpj\\u202e.exe");
  EXPECT_EQ(one_line("a\u2028b\u2029c\u0085"
                     "d"),
            "a b c d");
  EXPECT_EQ(one_line("a\u200b\u200db"), "a\\u200b\\u200db");
  EXPECT_EQ(one_line("\xff\xc0\x80\xed\xa0\x80 caf\xe9"),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd caf\xef\xbf\xbd");
  EXPECT_EQ(one_line(utf8(0xe0041)), "\\udb40\\udc41") << "a tag, which shows nothing";
  for (std::uint32_t code :
       {0x61c, 0x200e, 0x200f, 0x202a, 0x202d, 0x202e, 0x2066, 0x2069, 0xfeff, 0x80, 0x9f, 0x7f})
    EXPECT_FALSE(has_control(one_line("a" + utf8(code) + "b"))) << std::hex << code;
}

TEST(OneLine, IsCutAtACharacterWithAnEllipsis) {
  EXPECT_EQ(one_line("äöü", 2), "äö…");
  EXPECT_EQ(one_line("äö", 2), "äö");
  EXPECT_EQ(excerpt(std::string(4'000'000, 'x')), std::string(80, 'x') + "…");
  EXPECT_EQ(one_line(std::string(5000, 'x')).size(), 2000 + std::string("…").size());
}

TEST(TerminalSafe, KeepsLinesAndWhatJsonSays) {
  EXPECT_EQ(terminal_safe("a\nb\n"), "a\nb\n");
  std::string all;
  for (std::uint32_t code = 0; code <= 0x10ffff; ++code)
    if (code < 0xd800 || code >= 0xe000) all += utf8(code);
  const nlohmann::json json{{"text", all}, {"key\u202e", {1, "\x1b"}}};
  const std::string safe = terminal_safe(json.dump(2));
  EXPECT_FALSE(has_control(safe));
  EXPECT_TRUE(nlohmann::json::parse(safe) == json);
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> names{"seconds", "steps", "seed"};
  EXPECT_EQ(nearest("stepz", names), "steps");
  EXPECT_EQ(nearest("setps", names), "steps");
  EXPECT_EQ(nearest("secs", names), "seconds");
  EXPECT_EQ(nearest("lighthouse", names), "");
  const std::vector<std::string> flags{"--seconds", "--scheduler", "--seed", "--need"};
  EXPECT_EQ(nearest("--sede", flags), "--seed") << "swapped letters, not a short --scheduler";
  EXPECT_EQ(nearest("--sed", flags), "--seed") << "a letter less, not a short --seconds";
  EXPECT_EQ(nearest("--secs", flags), "--seconds");
  EXPECT_EQ(nearest("seep", {"deep", "seed", "keep"}), "seed") << "among equals the same first letter";
}

// The table of distances alone would have 10^7 x 10^7 cells here.
TEST(Nearest, LooksAtNoWordThatIsLongerThanAnyName) {
  const std::string endless(10'000'000, 'a');
  EXPECT_EQ(nearest(endless, {"steps", endless}), "");
  EXPECT_EQ(nearest("steps", {endless}), "");
}

}  // namespace
}  // namespace sora
