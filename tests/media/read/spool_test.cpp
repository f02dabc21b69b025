#include "media/read/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "media/reader_test.h"

namespace sora {
namespace {

using SpoolTest = MediaTest;

TEST_F(SpoolTest, AVideoComesThroughAPipe) {
  // Larger than a pipe holds.
  std::vector<Picture> pictures;
  for (int t = 0; t < 12; ++t) pictures.push_back(moving_picture(160, 120, t));
  write_pictures(settings_for("a.mkv", 160, 120, 8, {}, "ffv1"), {path("a.mkv")}, pictures);
  const std::string bytes = contents(path("a.mkv"));
  ASSERT_GT(bytes.size(), 100'000u);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::thread writer([&] {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = ::write(ends[1], bytes.data() + done, bytes.size() - done);
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    ::close(ends[1]);
  });
  const Spool spool(ends[0], "standard input");
  writer.join();
  ::close(ends[0]);
  const std::vector<VideoFrame> frames = read_all(spool.path());
  ASSERT_EQ(frames.size(), 12u);
  EXPECT_EQ(read_last(spool.path(), {}, 1).at(0).rgb, frames.back().rgb);
  EXPECT_EQ(contents(spool.path()), bytes);
}

TEST_F(SpoolTest, AFileIsReadInPlaceFromItsBeginning) {
  write_pictures(settings_for("a.png", 32, 32), {path("a.png")}, {moving_picture(32, 32, 0)});
  const int fd = ::open(path("a.png").c_str(), O_RDONLY);
  ASSERT_GE(fd, 0);
  char byte;
  ASSERT_EQ(::read(fd, &byte, 1), 1);  // read from already
  const Spool spool(fd, "standard input");
  ::close(fd);
  EXPECT_EQ(read_image(spool.path()).rgb, moving_picture(32, 32, 0).rgb);
}

TEST_F(SpoolTest, WhatCannotBeReadOrHeldIsAnError) {
  const int folder = ::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(error_of([&] { Spool(folder, "standard input"); }).first, 74);
  ::close(folder);
  EXPECT_EQ(error_of([&] { Spool(-1, "standard input"); }).first, 74);
}

}  // namespace
}  // namespace sora
