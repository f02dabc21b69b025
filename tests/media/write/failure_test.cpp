// Full disks, missing folders, abandoned runs: one clear error, and no file.
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>

#include "media/media_test.h"

namespace sora {
namespace {

using testing::HasSubstr;

// Noise, which encoders cannot compress.
Picture noise(int width, int height, unsigned seed) {
  Picture picture(width, height);
  for (std::uint8_t& value : picture.rgb) {
    seed = seed * 1664525 + 1013904223;
    value = static_cast<std::uint8_t>(seed >> 24);
  }
  return picture;
}

void write_noise(const std::string& file) {
  const auto writer = open_writer(settings_for(file, 128, 96), {file});
  for (int t = 0; t < 40; ++t) writer->write(noise(128, 96, static_cast<unsigned>(t)).rgb.data(), 384);
  writer->finish();
}

class Failure : public MediaTest, public testing::WithParamInterface<const char*> {};

TEST_P(Failure, AFullDiskIsNamedAndLeavesNothing) {
  if (::mount("none", folder_.path().c_str(), "tmpfs", 0, "size=128k") != 0) {
    GTEST_SKIP() << "needs the right to mount a small tmpfs";
  }
  const auto [code, text] = error_of([&] { write_noise(path(GetParam())); });
  EXPECT_EQ(code, 74) << text;
  EXPECT_THAT(text, HasSubstr("No space left on device"));
  EXPECT_TRUE(names().empty());
  ::umount(folder_.path().c_str());
}

TEST_P(Failure, ALimitOnFileSizesIsNamedAndLeavesNothing) {
  if (std::string(GetParam()).find('%') != std::string::npos) GTEST_SKIP() << "each file is below the limit";
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{20000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto [code, text] = error_of([&] { write_noise(path(GetParam())); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(code, 74) << text;
  EXPECT_THAT(text, HasSubstr("File too large"));
  EXPECT_TRUE(names().empty());
}

TEST_P(Failure, AMissingFolderIsAnErrorBeforeTheFirstFrame) {
  const std::string file = path(std::string("none/") + GetParam());
  const auto [code, text] = error_of([&] { open_writer(settings_for(file, 128, 96), {file}); });
  EXPECT_EQ(code, 73);
  EXPECT_THAT(text, HasSubstr("does not exist"));
}

TEST_P(Failure, AWriterThatIsGivenUpLeavesNothing) {
  {
    const std::string file = path(GetParam());
    const auto writer = open_writer(settings_for(file, 128, 96), {file});
    for (unsigned t = 0; t < 20; ++t) writer->write(noise(128, 96, t).rgb.data(), 384);
  }
  EXPECT_TRUE(names().empty());
}

INSTANTIATE_TEST_SUITE_P(Formats, Failure,
                         testing::Values("a.mp4", "a.mkv", "a.webm", "a.gif", "a.y4m", "%d.png", "a.webp",
                                         "a.avif"));

using FailureTest = MediaTest;

TEST_F(FailureTest, AnExistingFileIsKept) {
  std::ofstream(path("a.mp4")) << "mine";
  const auto [code, text] = error_of([&] { write_noise(path("a.mp4")); });
  EXPECT_EQ(code, 73);
  EXPECT_THAT(text, HasSubstr("--overwrite"));
  EXPECT_EQ(contents(path("a.mp4")), "mine");
  write_pictures(settings_for("a.mp4", 64, 48), {path("a.mp4"), true}, {moving_picture(64, 48, 0)});
  EXPECT_EQ(decode(path("a.mp4")).frames.size(), 1u);
  EXPECT_THAT(names(), testing::ElementsAre("a.mp4"));
}

TEST_F(FailureTest, AfterAnErrorEveryCallReportsIt) {
  const auto writer = open_writer(settings_for("-", 64, 48, 8, "rgb24"), {"/dev/full"});
  const Picture picture = moving_picture(64, 48, 0);
  int first = 0;
  for (int t = 0; t < 1000 && first == 0; ++t) {
    first = error_of([&] { writer->write(picture.rgb.data(), 192); }).first;
  }
  EXPECT_EQ(first, 74);
  EXPECT_EQ(error_of([&] { writer->write(picture.rgb.data(), 192); }).first, 74);
  EXPECT_EQ(error_of([&] { writer->finish(); }).first, 74);
}

}  // namespace
}  // namespace sora
