#include "core/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace sora {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }
int opened() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(UniqueFd, ClosesWhatItHoldsOnce) {
  const int first = opened(), second = opened();
  {
    UniqueFd fd(first);
    fd.reset(second);
    EXPECT_FALSE(is_open(first));
    UniqueFd moved(std::move(fd));
    EXPECT_FALSE(fd);  // NOLINT(bugprone-use-after-move): what is left is empty
    EXPECT_EQ(moved.get(), second);
    EXPECT_TRUE(is_open(second));
  }
  EXPECT_FALSE(is_open(second));
}

TEST(UniqueFd, AReleasedOneStaysOpenAndErrnoIsKept) {
  UniqueFd fd(opened());
  const int released = fd.release();
  EXPECT_TRUE(is_open(released));
  fd.reset(released);
  errno = ENOSPC;
  fd.reset();
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_FALSE(is_open(released));
}

}  // namespace
}  // namespace sora
