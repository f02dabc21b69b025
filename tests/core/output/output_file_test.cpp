#include "core/output/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "core/sha256.h"
#include "error_of.h"
#include "file_contents.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OutputFileTest : public testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_.path())) found.push_back(entry.path().filename());
    return found;
  }

  const TemporaryFolder folder_;
};

void put(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

TEST_F(OutputFileTest, NothingIsSeenUnderTheFinalNameUntilCommit) {
  OutputFile file(folder_ / "a.mp4");
  file.write("hello", 5);
  EXPECT_FALSE(fs::exists(folder_ / "a.mp4"));
  EXPECT_EQ(file.temporary_path().parent_path(), folder_.path());
  EXPECT_EQ(file.temporary_path().filename().string()[0], '.');
  file.write_at("J", 1, 0);
  EXPECT_EQ(file.size(), 5u);
  const std::string digest = file.sha256();
  file.commit();
  EXPECT_EQ(contents(folder_ / "a.mp4"), "Jello");
  EXPECT_EQ(digest, sha256_hex("Jello"));
  EXPECT_EQ(names(), std::vector<std::string>{"a.mp4"});
}

TEST_F(OutputFileTest, AFileThatIsNotCommittedIsRemoved) {
  {
    OutputFile file(folder_ / "a.mp4");
    file.write("hello", 5);
    EXPECT_EQ(names().size(), 1u);
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(OutputFileTest, AnExistingFileIsKeptUnlessOverwriteIsAsked) {
  put(folder_ / "a.mp4", "old");
  const Error e = test::thrown_by([&] { OutputFile file(folder_ / "a.mp4"); });
  EXPECT_EQ(e.exit_code(), 73);
  EXPECT_THAT(e.what(), HasSubstr("--overwrite"));
  {
    OutputFile failed(folder_ / "a.mp4", true);
    failed.write("new", 3);
  }
  EXPECT_EQ(contents(folder_ / "a.mp4"), "old");
  OutputFile file(folder_ / "a.mp4", true);
  file.write("new", 3);
  file.commit();
  EXPECT_EQ(contents(folder_ / "a.mp4"), "new");
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(OutputFileTest, AFileThatAppearsMeanwhileIsNotReplaced) {
  {
    OutputFile file(folder_ / "a.mp4");
    file.write("mine", 4);
    put(folder_ / "a.mp4", "theirs");
    EXPECT_EQ(test::thrown_by([&] { file.commit(); }).exit_code(), 73);
  }
  EXPECT_EQ(contents(folder_ / "a.mp4"), "theirs");
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(OutputFileTest, OverwritingALinkReplacesTheFileThatItPointsTo) {
  fs::create_directory(folder_ / "disk");
  put(folder_ / "disk/real.mp4", "old");
  fs::create_symlink("disk/real.mp4", folder_ / "link.mp4");
  OutputFile file(folder_ / "link.mp4", true);
  file.write("new", 3);
  file.commit();
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.mp4"));
  EXPECT_EQ(contents(folder_ / "disk/real.mp4"), "new");
}

TEST_F(OutputFileTest, AMissingFolderIsNamed) {
  const Error e = test::thrown_by([&] { OutputFile file(folder_ / "none/a.mp4"); });
  EXPECT_EQ(e.exit_code(), 73);
  EXPECT_THAT(e.what(), HasSubstr((folder_ / "none").string() + " does not exist"));
  put(folder_ / "plain", "");
  EXPECT_EQ(test::thrown_by([&] { OutputFile file(folder_ / "plain/a.mp4"); }).exit_code(), 73);
  EXPECT_EQ(test::thrown_by([&] { OutputFile file(folder_.path(), true); }).exit_code(), 73);
}

TEST_F(OutputFileTest, AFolderThatIsRemovedMeanwhileIsAnError) {
  fs::create_directory(folder_ / "sub");
  OutputFile file(folder_ / "sub/a.mp4");
  file.write("x", 1);
  fs::remove_all(folder_ / "sub");
  EXPECT_EQ(test::thrown_by([&] { file.commit(); }).exit_code(), 73);
  EXPECT_FALSE(fs::exists(folder_ / "sub"));
}

TEST_F(OutputFileTest, AFolderWithoutWritePermissionIsAnError) {
  if (::geteuid() == 0) {
    // Root may write anywhere: the check runs as another user, in a child.
    const pid_t child = ::fork();
    if (child == 0) {
      ::chmod(folder_.path().c_str(), 0555);
      if (::setuid(65534) != 0) ::_exit(1);
      try {
        OutputFile file(folder_ / "a.mp4");
      } catch (const Error& e) {
        ::_exit(e.exit_code());
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 73);
    return;
  }
  ::chmod(folder_.path().c_str(), 0555);
  EXPECT_EQ(test::thrown_by([&] { OutputFile file(folder_ / "a.mp4"); }).exit_code(), 73);
  ::chmod(folder_.path().c_str(), 0755);
}

TEST_F(OutputFileTest, AFullDiskIsNamedAndLeavesNothing) {
  if (::mount("none", folder_.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "needs the right to mount a small tmpfs";
  }
  const std::string block(10000, 'x');
  {
    OutputFile file(folder_ / "a.mp4");
    const Error e = test::thrown_by([&] {
      for (int i = 0; i < 20; ++i) file.write(block.data(), block.size());
    });
    EXPECT_EQ(e.exit_code(), 74);
    EXPECT_THAT(e.what(), HasSubstr("No space left on device"));
  }
  EXPECT_TRUE(names().empty());
  ::umount(folder_.path().c_str());
}

TEST_F(OutputFileTest, TheLimitOnFileSizesIsNamedAndLeavesNothing) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    OutputFile file(folder_ / "a.mp4");
    const std::string block(5000, 'x');
    const Error e = test::thrown_by([&] { file.write(block.data(), block.size()); });
    EXPECT_EQ(e.exit_code(), 74);
    EXPECT_THAT(e.what(), HasSubstr("ulimit -f"));
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(names().empty());
}

TEST_F(OutputFileTest, ASignalHandlerRemovesTheTemporariesOfAProcessThatEndsAtOnce) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGTERM, [](int) {
      remove_temporaries();
      ::_exit(143);
    });
    OutputFile a(folder_ / "a.mp4"), b(folder_ / "b.mp4"), done(folder_ / "done.mp4");
    done.commit();
    ::raise(SIGTERM);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 143);
  EXPECT_EQ(names(), std::vector<std::string>{"done.mp4"});
}

TEST_F(OutputFileTest, TheNextFileInTheFolderRemovesWhatAKilledProcessLeftAndNothingElse) {
  OutputFile alive(folder_ / "alive.mp4");  // of a process that still runs
  const auto in_child = [&](const fs::path& folder, bool killed) {
    const pid_t child = ::fork();
    if (child == 0) {
      OutputFile file(folder / "a.mp4");
      if (killed) ::raise(SIGKILL);
      file.commit();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  };
  const fs::path folder = folder_ / "videos";
  fs::create_directory(folder);
  EXPECT_EQ(in_child(folder, true), SIGKILL);
  const auto count = [&] { return std::distance(fs::directory_iterator(folder), fs::directory_iterator()); };
  EXPECT_EQ(count(), 1);
  put(folder / ".notes.part", "someone's");
  fs::create_hard_link(alive.temporary_path(), folder / alive.temporary_path().filename());
  EXPECT_EQ(in_child(folder, false), 0);
  EXPECT_EQ(count(), 3);
  EXPECT_TRUE(fs::exists(folder / "a.mp4"));
  EXPECT_TRUE(fs::exists(folder / ".notes.part"));
  EXPECT_TRUE(fs::exists(folder / alive.temporary_path().filename()));
}

TEST_F(OutputFileTest, LongNamesAndManyFilesAtOnceWork) {
  std::vector<OutputFile> files;
  for (int i = 0; i < 100; ++i) files.emplace_back(folder_ / (std::to_string(i) + std::string(240, 'n')));
  for (OutputFile& file : files) file.commit();
  EXPECT_EQ(names().size(), 100u);
}

TEST(WriteStream, AClosedReaderIsReaderGoneAndNoSignalArrives) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const auto handler = std::signal(SIGPIPE, SIG_DFL);  // would end the test
  const Error e = test::thrown_by([&] { write_stream(ends[1], "standard output", "x", 1); });
  std::signal(SIGPIPE, handler);
  EXPECT_EQ(e.exit_code(), 141);
  ::close(ends[1]);
}

TEST(WriteStream, AFullDeviceIsAnIoError) {
  const int fd = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(fd, 0);
  const Error e = test::thrown_by([&] { write_stream(fd, "standard output", "x", 1); });
  EXPECT_EQ(e.exit_code(), 74);
  EXPECT_THAT(e.what(), HasSubstr("No space left on device"));
  ::close(fd);
}

TEST(WriteStream, ANonBlockingPipeIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  const std::string sent(1 << 20, 'x');  // more than a pipe holds
  std::size_t received = 0;
  std::thread reader([&] {
    std::string buffer(1 << 16, ' ');
    while (received < sent.size()) {
      const ssize_t n = ::read(ends[0], buffer.data(), buffer.size());
      if (n > 0) received += static_cast<std::size_t>(n);
    }
  });
  write_stream(ends[1], "standard output", sent.data(), sent.size());
  reader.join();
  EXPECT_EQ(received, sent.size());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace sora
