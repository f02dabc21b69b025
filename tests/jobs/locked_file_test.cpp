// The file of a lock says who holds it.
#include "jobs/locked_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/host_name.h"
#include "jobs/journal.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

class Holder : public testing::Test {
 protected:
  ~Holder() override { set_host_name_for_tests(""); }

  std::string says(const std::string& text) {
    std::ofstream(folder_ / "lock", std::ios::binary) << text;
    return LockedFile(folder_ / "lock").holder();
  }

  const TemporaryFolder folder_;
};

TEST_F(Holder, IsAProcessOfAMachine) {
  set_host_name_for_tests("node1");
  const LockedFile lock(folder_ / "lock");
  EXPECT_EQ(lock.holder(), "");
  lock.write_holder();
  EXPECT_EQ(lock.holder(), "process " + std::to_string(::getpid()) + " on node1");
  set_host_name_for_tests("node2");
  EXPECT_EQ(lock.holder(), "process " + std::to_string(::getpid()) + " on node1");
}

TEST_F(Holder, IsNotSomeoneWhoseEndIsSeen) {
  set_host_name_for_tests("node1");
  EXPECT_EQ(says("node1 999999999\n"), "");
  EXPECT_EQ(says("node2 999999999\n"), "process 999999999 on node2");
}

TEST_F(Holder, IsNothingElseThatStandsInTheFile) {
  for (const std::string text : {"", "\n", "x", "x y\n", "x -1\n", " 1\n", "x 1", "\x1b[31m 1\n", "x 1 2\n"})
    EXPECT_EQ(says(text), "") << text;
  EXPECT_EQ(says(std::string(1000, 'x') + " 1\n"), "");
}

TEST_F(Holder, OfAFolderIsNamedToWhoComesSecond) {
  set_host_name_for_tests("node1");
  Journal first(folder_.path());
  first.open(false);
  set_host_name_for_tests("node2");
  Journal second(folder_.path());
  try {
    second.open(false);
    FAIL() << "two runs in one folder";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 75);
    EXPECT_THAT(error.what(),
                testing::HasSubstr("(process " + std::to_string(::getpid()) + " on node1); wait for it"));
  }
}

}  // namespace
}  // namespace sora
