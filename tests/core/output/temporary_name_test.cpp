// Temporary files on disks that several machines write to.
#include "core/output/temporary_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/host_name.h"
#include "core/output/output_file.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Temporaries : public testing::Test {
 protected:
  ~Temporaries() override { set_host_name_for_tests(""); }

  void put(const std::string& name) const { std::ofstream(folder_ / name) << "x"; }
  bool stands(const std::string& name) const { return fs::exists(folder_ / name); }
  // A process of a machine is killed while it writes.
  void kill_writer(const std::string& host) const {
    const pid_t child = ::fork();
    if (child == 0) {
      set_host_name_for_tests(host);
      const OutputFile file(folder_ / "clip.mp4");
      ::raise(SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
  }
  std::ptrdiff_t count() const {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
  }

  const TemporaryFolder folder_;
};

TEST_F(Temporaries, AreSweptByTheirOwnMachineAlone) {
  kill_writer("node1");
  kill_writer("node2");
  ASSERT_EQ(count(), 2);
  set_host_name_for_tests("node3");
  remove_left_over(folder_.path());
  EXPECT_EQ(count(), 2);
  set_host_name_for_tests("node1");
  remove_left_over(folder_.path());
  EXPECT_EQ(count(), 1);
  set_host_name_for_tests("node2");
  remove_left_over(folder_.path());
  EXPECT_EQ(count(), 0);
}

TEST_F(Temporaries, ThatAreBeingWrittenStay) {
  set_host_name_for_tests("node1");
  const OutputFile file(folder_ / "clip.mp4");
  EXPECT_THAT(file.temporary_path().string(), HasSubstr("@node1.part"));
  remove_left_over(folder_.path());
  EXPECT_TRUE(fs::exists(file.temporary_path()));
}

TEST_F(Temporaries, AreNotMistakenForOtherFiles) {
  set_host_name_for_tests("node1");
  const std::vector<std::string> others{".notes.part",
                                        "clip.mp4.12-abcdef@node1.part",    // not hidden
                                        ".clip.mp4.12-abcdef@node11.part",  // of node11
                                        ".clip.mp4.12-abcdef@xnode1.part",  // of xnode1
                                        ".clip.mp4.12-abcdef.part",         // names no machine
                                        ".clip.mp4.12-abcde@node1.part",    // a letter is missing
                                        ".clip.mp4.12-abcde1@node1.part",   // 1 is never drawn
                                        ".clip.mp4.-12-abcdef@node1.part",
                                        ".clip.mp4.x-abcdef@node1.part",
                                        ".12-abcdef@node1.part",
                                        ".12-abcdef@node1.part.bak"};
  for (const std::string& name : others) put(name);
  put(".clip.mp4.12-abcdef@node1.part");
  remove_left_over(folder_.path());
  for (const std::string& name : others) EXPECT_TRUE(stands(name)) << name;
  EXPECT_FALSE(stands(".clip.mp4.12-abcdef@node1.part"));
}

TEST_F(Temporaries, HaveNamesThatFileSystemsTake) {
  set_host_name_for_tests("node \n/" + std::string(100, 'h'));
  const std::string host = host_name();
  EXPECT_EQ(host.substr(0, 8), "node___h");
  EXPECT_EQ(host.size(), 64U);
  // The cut falls between two characters of two bytes each.
  for (const std::size_t shift : {0, 1}) {
    std::string name(shift, 'x');
    while (name.size() < 240) name += "\xc3\xa9";
    const std::string temporary = temporary_name(folder_.path(), name);
    EXPECT_LE(temporary.size(), 255U);
    EXPECT_GT(temporary.size(), 250U);
    const std::size_t cut = temporary.find('.', 1);
    EXPECT_EQ((cut - 1 - shift) % 2, 0U);
    OutputFile file(folder_ / name);
    file.commit();
    EXPECT_TRUE(stands(name));
  }
}

TEST_F(Temporaries, AreNotMadeForNamesThatCannotBe) {
  const auto code = [](const fs::path& path, bool overwrite) {
    try {
      OutputFile file(path, overwrite);
      file.commit();
      return 0;
    } catch (const Error& error) {
      return error.exit_code();
    }
  };
  EXPECT_EQ(code(folder_ / std::string(255, 'x'), false), 0);
  EXPECT_EQ(code(folder_ / std::string(256, 'x'), false), 73);
  fs::create_symlink("gone", folder_ / "link");
  fs::create_symlink("circle", folder_ / "circle");
  for (const bool overwrite : {false, true}) {
    EXPECT_EQ(code(folder_ / "link", overwrite), 73);
    EXPECT_EQ(code(folder_ / "circle", overwrite), 73);
  }
  EXPECT_EQ(count(), 3);
}

}  // namespace
}  // namespace sora
