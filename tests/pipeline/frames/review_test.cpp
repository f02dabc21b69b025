// A video is shown before it gets its name; a refusal leaves it without one.
#include "pipeline/frames/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "error_of.h"
#include "file_contents.h"

namespace sora::test {
namespace {

namespace fs = std::filesystem;
using testing::StartsWith;

struct Seen {
  int frames = 0;
  bool finished = false;
};

class Counter final : public FrameWriter {
 public:
  explicit Counter(Seen& seen) : seen_(seen) {}
  void write(const std::uint8_t*, std::ptrdiff_t) override { ++seen_.frames; }
  Written finish() override {
    seen_.finished = true;
    return {};
  }

 private:
  Seen& seen_;
};

constexpr int kWidth = 64, kHeight = 48;

// Writes this many frames; the video is shown to `approve`.
Seen write_frames(int count, const Approval& approve) {
  Seen seen;
  const auto writer = with_review(std::make_unique<Counter>(seen), kWidth, kHeight, approve);
  const std::vector<std::uint8_t> rgb(std::size_t{kWidth} * kHeight * 3, 90);
  for (int i = 0; i < count; ++i) writer->write(rgb.data(), std::ptrdiff_t{kWidth} * 3);
  try {
    writer->finish();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
  }
  return seen;
}

TEST(Review, ShowsAPictureBeforeTheVideoIsFinished) {
  for (const int count : {1, 2, 35, 36, 37, 500}) {
    fs::path shown;
    const Seen seen = write_frames(count, [&](const fs::path& path) {
      shown = path;
      EXPECT_THAT(contents(path), StartsWith("\x89PNG"));
      // Only this user can look at it.
      EXPECT_EQ(fs::status(path.parent_path()).permissions(), fs::perms::owner_all);
    });
    EXPECT_FALSE(shown.empty()) << count;
    EXPECT_FALSE(fs::exists(shown.parent_path())) << count;
    EXPECT_TRUE(seen.finished) << count;
    EXPECT_EQ(seen.frames, count);
  }
}

TEST(Review, ThatRefusesLeavesTheVideoUnfinished) {
  fs::path shown;
  const Seen seen = write_frames(5, [&](const fs::path& path) {
    shown = path;
    throw Error(ErrorKind::refused, "policy", "no");
  });
  EXPECT_FALSE(seen.finished);
  EXPECT_FALSE(fs::exists(shown.parent_path()));
}

}  // namespace
}  // namespace sora::test
