// Inputs through pipes, with the program as a user runs it in a shell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "media/write/video_writer.h"
#include "places.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::HasSubstr;

class PipedInput : public testing::Test {
 protected:
  // clip.mp4 has its index at the end, where a reader has to jump to; noise makes it larger than a pipe.
  void SetUp() override {
    VideoSettings settings;
    settings.source_width = settings.width = 64;
    settings.source_height = settings.height = 48;
    settings.fps = 8;
    settings.container = "mp4";
    settings.codec = "h264";
    settings.pix_fmt = "yuv420p";
    settings.crf = 1;
    const auto writer = open_writer(settings, {(folder_ / "clip.mp4").string(), false, 1});
    std::vector<std::uint8_t> noise(64 * 48 * 3);
    std::uint32_t state = 1;
    for (int frame = 0; frame < 48; ++frame) {
      for (std::uint8_t& value : noise)
        value = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
      writer->write(noise.data(), 64 * 3);
    }
    writer->finish();
    ASSERT_GT(fs::file_size(folder_ / "clip.mp4"), 65536u);
  }

  // Runs a line of a shell in the folder; "sora-gen" in it is the program.
  int run(const std::string& line) const {
    const std::string script =
        "cd '" + folder_.path().string() + "' || exit 99; export HOME='" + home_.path().string() +
        "' TMPDIR='" + home_.path().string() + "' SORA_GEN_MODELS='" + (test_data() / "pipeline").string() +
        "'; exec 2> stderr.txt; sora-gen() { '" + built_program().string() + "' \"$@\"; }; " + line;
    std::ofstream(folder_ / "script.sh") << script;
    return std::system(("bash '" + (folder_ / "script.sh").string() + "'").c_str()) / 256;
  }
  std::string text_of(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    return text.str();
  }

  const TemporaryFolder folder_, home_;
  const std::string rest_ =
      " --model wan21 --frames 4 --steps 1 --guidance 1 --seed 7 --prompt 'a fox' --text-cache off";
};

TEST_F(PipedInput, GivesTheVideoOfTheFile) {
  const std::string line = "sora-gen extend ", options = rest_ + " --only-new --format y4m -o - ";
  ASSERT_EQ(run(line + "clip.mp4" + options + "> file.y4m"), 0) << text_of("stderr.txt");
  ASSERT_EQ(run("cat clip.mp4 | " + line + "-" + options + "> dash.y4m"), 0) << text_of("stderr.txt");
  ASSERT_EQ(run("cat clip.mp4 | " + line + "/dev/stdin" + options + "> stdin.y4m"), 0)
      << text_of("stderr.txt");
  ASSERT_EQ(run(line + "-" + options + "< clip.mp4 > redirected.y4m"), 0) << text_of("stderr.txt");
  ASSERT_EQ(run(line + "<(cat clip.mp4)" + options + "> process.y4m"), 0) << text_of("stderr.txt");
  ASSERT_EQ(run("mkfifo p; cat clip.mp4 > p & " + line + "p" + options + "> fifo.y4m"), 0)
      << text_of("stderr.txt");
  const std::string expected = text_of("file.y4m");
  ASSERT_FALSE(expected.empty());
  for (const char* name : {"dash.y4m", "stdin.y4m", "redirected.y4m", "process.y4m", "fifo.y4m"})
    EXPECT_TRUE(text_of(name) == expected) << name;
  for (const auto& entry : fs::directory_iterator(home_.path()))
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("sora-gen-"))) << "a copy is left";
}

TEST_F(PipedInput, CanBeOneOfTwoInputs) {
  EXPECT_EQ(run("cat clip.mp4 | sora-gen connect clip.mp4 -" + rest_ + " -o out.mp4"), 0)
      << text_of("stderr.txt");
  EXPECT_EQ(run("cat clip.mp4 | sora-gen connect - -" + rest_ + " -o two.mp4"), 64);
  EXPECT_THAT(text_of("stderr.txt"), HasSubstr("standard input: is given for two inputs"));
}

TEST_F(PipedInput, ThatCannotBeReadIsAnErrorBeforeAnyWork) {
  EXPECT_EQ(run(": | sora-gen extend -" + rest_ + " -o out.mp4"), 65);
  EXPECT_THAT(text_of("stderr.txt"), HasSubstr("standard input: is empty, expected a video"));
  EXPECT_EQ(run("echo no video | sora-gen extend -" + rest_ + " -o out.mp4"), 65);
  EXPECT_THAT(text_of("stderr.txt"), HasSubstr("/dev/stdin: is not a known kind of video or image"));
  EXPECT_EQ(run("head -c 70000 clip.mp4 | sora-gen extend -" + rest_ + " -o out.mp4"), 65);
  EXPECT_EQ(run("sora-gen extend - <&-" + rest_ + " -o out.mp4"), 66);
  EXPECT_THAT(text_of("stderr.txt"), HasSubstr("standard input: is closed"));
  EXPECT_EQ(run("cat clip.mp4 | TMPDIR=/proc sora-gen extend -" + rest_ + " -o out.mp4"), 74);
  EXPECT_THAT(text_of("stderr.txt"), HasSubstr("set TMPDIR to another folder"));
  EXPECT_FALSE(fs::exists(folder_ / "out.mp4"));
}

}  // namespace
}  // namespace sora
