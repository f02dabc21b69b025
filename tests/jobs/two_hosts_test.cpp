// Runs on two machines that share a folder, as over NFS: neither takes the other's locks, temporary files or
// checkpoints for left-over ones. The machines are processes that have other names for their host.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>

#include "core/host_name.h"
#include "core/output/output_file.h"
#include "core/output/temporary_name.h"
#include "jobs/journal.h"
#include "jobs/locked_file.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class TwoHosts : public testing::Test {
 protected:
  TwoHosts() { set_host_name_for_tests("node1"); }
  ~TwoHosts() override {
    if (other_ > 0) kill_other();
    set_host_name_for_tests("");
  }

  // node2 claims a job and writes a video and a checkpoint, until it is killed. Returns when it does so.
  void start_other() {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    other_ = ::fork();
    if (other_ == 0) {
      set_host_name_for_tests("node2");
      Journal journal(folder_.path());
      journal.open(true);
      const bool claimed = journal.claim(key_);
      journal.started(key_, "a.mp4", true);
      const OutputFile video(folder_ / "a.mp4"), checkpoint(journal.checkpoint_file(key_));
      const char byte = claimed ? 'y' : 'n';
      if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ASSERT_EQ(byte, 'y');
  }
  void kill_other() {
    ::kill(other_, SIGKILL);
    ::waitpid(other_, nullptr, 0);
    other_ = -1;
  }

  void sweep() const {
    for (const fs::path& folder : {folder_.path(), folder_ / ".sora-gen"}) remove_left_over(folder);
  }
  int temporaries() const {
    int count = 0;
    for (const fs::path& folder : {folder_.path(), folder_ / ".sora-gen"}) {
      for (const auto& entry : fs::directory_iterator(folder)) count += entry.path().extension() == ".part";
    }
    return count;
  }

  const TemporaryFolder folder_;
  const std::string key_ = std::string(63, 'a') + "1";
  pid_t other_ = -1;
};

TEST_F(TwoHosts, LeaveEachOtherTheirJobsAndTemporaryFiles) {
  start_other();
  Journal journal(folder_.path());
  journal.open(true);
  journal.refresh();
  EXPECT_FALSE(journal.claim(key_));
  EXPECT_TRUE(journal.is_claimed(key_));
  EXPECT_EQ(journal.find(key_)->state, JobRecord::State::started);
  sweep();
  EXPECT_EQ(temporaries(), 2);
}

TEST_F(TwoHosts, TakeOverTheJobOfAKilledOneAndLeaveItsTemporaryFilesToIt) {
  start_other();
  kill_other();
  Journal journal(folder_.path());
  journal.open(true);
  EXPECT_TRUE(journal.claim(key_)) << "its machine's kernel, or the server when that is gone, drops the lock";
  sweep();
  EXPECT_EQ(temporaries(), 2) << "node1 cannot see whether processes of node2 live";
  set_host_name_for_tests("node2");
  sweep();
  EXPECT_EQ(temporaries(), 0);
}

// Processes of two machines may have the same number.
TEST_F(TwoHosts, AreNotMistakenForEachOtherByTheirNumbers) {
  const std::string number = std::to_string(::getpid());
  const fs::path file = folder_ / (".a.mp4." + number + "-abcdef@node2.part");
  std::ofstream(file) << "x";
  std::ofstream(folder_ / ".a.mp4.999999999-abcdef@node2.part") << "x";  // nobody here has this number
  fs::create_directories(folder_ / ".sora-gen");
  sweep();
  EXPECT_EQ(temporaries(), 2);
  std::ofstream(folder_ / ".sora-gen/lock") << "node2 999999999\n";
  EXPECT_EQ(LockedFile(folder_ / ".sora-gen/lock").holder(), "process 999999999 on node2");
}

}  // namespace
}  // namespace sora
