// --preview: the picture so far, in the ways that terminals can show one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <png.h>

#include "cli/program.h"
#include "core/base64.h"

namespace sora::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// The picture of the fake library, 4 x 2 pixels, red over blue, in base 64.
constexpr const char* kRgb = "/wAA/wAA/wAA/wAAAAD/AAD/AAD/AAD/";

// The pixels of the first PNG that iTerm2's sequence brings, in base 64.
std::string pixels_for_iterm(const std::string& shown) {
  const std::string head = "doNotMoveCursor=1:";
  const std::size_t at = shown.find(head), end = shown.find('\a', at);
  if (at == std::string::npos || end == std::string::npos) return "";
  const std::string text = shown.substr(at + head.size(), end - at - head.size());
  std::vector<unsigned char> file(text.size());
  EVP_DecodeBlock(file.data(), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) return image.message;
  EXPECT_EQ(image.width, 4U);
  image.format = PNG_FORMAT_RGB;
  std::string rgb(PNG_IMAGE_SIZE(image), '\0');
  if (png_image_finish_read(&image, nullptr, rgb.data(), 0, nullptr) == 0) return image.message;
  return base64(rgb);
}

class PreviewOnTerminal : public testing::Test {
 protected:
  PreviewOnTerminal() { program_.on_terminal = true; }

  std::string run(std::vector<std::string> more = {"--preview"}) {
    more.insert(more.begin(), {"--prompt", "it previews", "--model", "wan21", "--seed", "7", "-o", "a.mp4",
                               "--steps", "3", "--overwrite"});
    const Finished finished = program_.run(more);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.err;
  }

  Program program_;
};

TEST_F(PreviewOnTerminal, IsHalfBlocksIn24BitColourWhereTheTerminalHasIt) {
  program_.environment["COLORTERM"] = "truecolor";
  const std::string shown = run();
  // 24 columns of 4 x 2 pixels are 12 lines and so 24 half lines, of which half are red.
  EXPECT_THAT(shown, HasSubstr("\x1b[38;2;255;0;0m\x1b[48;2;255;0;0m▀▀▀▀"));
  EXPECT_THAT(shown, HasSubstr("\x1b[38;2;0;0;255m\x1b[48;2;0;0;255m▀▀▀▀"));
}

TEST_F(PreviewOnTerminal, Is256ColoursElsewhere) {
  EXPECT_THAT(run(), HasSubstr("\x1b[38;5;196m\x1b[48;5;196m▀▀▀▀"));
}

TEST_F(PreviewOnTerminal, IsColouredSpacesWithoutUtf8) {
  program_.environment["LANG"] = "C";
  const std::string shown = run();
  EXPECT_THAT(shown, HasSubstr("\x1b[48;5;196m    "));
  EXPECT_THAT(shown, HasSubstr("\x1b[48;5;21m    "));
  EXPECT_THAT(shown, Not(HasSubstr("▀")));
}

TEST_F(PreviewOnTerminal, IsAnImageInKitty) {
  program_.environment["TERM"] = "xterm-kitty";
  const std::string shown = run();
  EXPECT_THAT(shown, HasSubstr("\x1b_Ga=T,f=24,s=4,v=2,i="));
  EXPECT_THAT(shown, HasSubstr(std::string(",C=1,q=2,m=0;") + kRgb + "\x1b\\"));
}

TEST_F(PreviewOnTerminal, IsAnImageInITerm2AndWezTerm) {
  for (const auto& [name, value] : {std::pair{"TERM_PROGRAM", "iTerm.app"},
                                    std::pair{"LC_TERMINAL", "iTerm2"}, std::pair{"WEZTERM_PANE", "0"}}) {
    program_.environment[name] = value;
    EXPECT_EQ(pixels_for_iterm(run()), kRgb) << name;
    program_.environment.erase(name);
  }
}

TEST_F(PreviewOnTerminal, IsTextInsideAMultiplexerWhateverIsAroundIt) {
  program_.environment["KITTY_WINDOW_ID"] = "1";
  program_.environment["TERM"] = "tmux-256color";
  const std::string shown = run();
  EXPECT_THAT(shown, Not(HasSubstr("\x1b_G")));
  EXPECT_THAT(shown, HasSubstr("▀"));
}

TEST_F(PreviewOnTerminal, IsRedrawnInPlaceBelowMessagesAndStaysAtTheEnd) {
  const std::string shown = run();
  // Room for 12 lines, back up, the picture between saving and restoring the cursor, and down to the bar.
  std::string room;
  for (int i = 0; i < 12; ++i) room += "\r\n";
  const std::size_t first = shown.find(room + "\x1b[12A\x1b" + "7");
  ASSERT_NE(first, std::string::npos);
  // The message takes the place of the picture's first line, and the picture follows.
  const std::size_t message = shown.find("\x1b[12A\x1b[Jsora-gen: warning: a message\r\n" + room, first);
  ASSERT_NE(message, std::string::npos);
  EXPECT_NE(shown.find("\r\x1b[K\x1b[12A" + room, message), std::string::npos) << "the second picture";
  // The end is that of a run without pictures.
  const std::string end = "\r\x1b[K\x1b[?25ha.mp4: 13 B, 81 frames, seed 7, made in 1.5 s\r\n";
  ASSERT_GE(shown.size(), end.size());
  EXPECT_EQ(shown.substr(shown.size() - end.size()), end);
}

TEST_F(PreviewOnTerminal, IsNotMadeUnlessAskedFor) { EXPECT_THAT(run({}), Not(HasSubstr("▀"))); }

TEST(PreviewElsewhere, SaysInOneLineThatItShowsNothing) {
  Program program;
  const std::vector<std::string> line{"--prompt", "it previews", "--model", "wan21",       "--seed",
                                      "7",        "-o",          "a.mp4",   "--overwrite", "--preview"};
  Finished finished = program.run(line);
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("warning: --preview shows nothing here: stderr is not a terminal\n"));
  EXPECT_THAT(finished.err, Not(HasSubstr("\x1b")));
  std::vector<std::string> json = line;
  json.insert(json.end(), {"--progress", "json"});
  finished = program.run(json);
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("--preview shows nothing here: stderr carries JSON"));
}

}  // namespace
}  // namespace sora::test
