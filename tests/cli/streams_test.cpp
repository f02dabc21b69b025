// Standard streams that are closed, full, or whose reader is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "cli/program.h"

namespace sora::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> make(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--prompt", "a", "--model", "wan21", "--seed", "7"});
  return more;
}

TEST(Streams, ThatAreClosedLeaveTheVideoAlone) {
  for (int mask = 1; mask < 8; ++mask) {
    Program program;
    for (int fd = 0; fd < 3; ++fd) {
      if ((mask >> fd & 1) != 0) program.closed.push_back(fd);
    }
    EXPECT_EQ(program.run(make({"-o", "a.mp4", "--log-file", "log.txt", "-v"})).code, 0) << mask;
    EXPECT_EQ(program.read("a.mp4"), "a fake video\n") << mask;
    EXPECT_THAT(program.read("log.txt"), testing::Not(HasSubstr("a.mp4: 13 B"))) << mask;
  }
}

TEST(Streams, OnAClosedStdoutNoVideoIsMade) {
  for (const std::vector<int>& closed : {std::vector<int>{1}, {0, 1}, {0, 1, 2}}) {
    Program program;
    program.closed = closed;
    program.move_out(false);  // the error comes before the library is opened
    const Finished finished = program.run(make({"-o", "-"}));
    EXPECT_EQ(finished.code, 73);
    if (closed.back() != 2) {
      EXPECT_THAT(finished.err, HasSubstr("writes to standard output, which is closed"));
    }
  }
}

TEST(Streams, AClosedStdinIsNotAnEmptyPrompt) {
  Program program;
  program.closed = {0};
  for (const char* option : {"--prompt", "--prompts"}) {
    const Finished finished = program.run({option, "-", "--model", "wan21", "--out-dir", "out"});
    EXPECT_EQ(finished.code, 66) << option;
    EXPECT_THAT(finished.err, HasSubstr("standard input is closed"));
  }
}

TEST(Streams, AClosedDescriptorIsNoPlaceForProgress) {
  for (const int fd : {1, 2}) {
    Program program;
    program.closed = {fd};
    EXPECT_EQ(program.run(make({"-o", "a.mp4", "--progress-fd", std::to_string(fd)})).code, 64);
    EXPECT_THAT(program.files(), IsEmpty());
  }
}

class Printing : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(Printing, SaysWhenItCannotBePrinted) {
  Program program;
  program.write("p.txt", "one\n");
  ASSERT_EQ(program
                .run({"--prompts", "p.txt", "--model", "wan21", "--out-dir", "out", "--sidecar", "--name",
                      "{index}.{ext}"})
                .code,
            0);
  ASSERT_EQ(program.run(GetParam()).code, 0);
  program.output_path = "/dev/full";
  Finished finished = program.run(GetParam());
  EXPECT_EQ(finished.code, 74);
  EXPECT_THAT(finished.err, HasSubstr("No space left on device"));
  EXPECT_EQ(lines(finished.err), 1) << finished.err;
  program.output_path.clear();
  program.closed = {1};
  finished = program.run(GetParam());
  EXPECT_EQ(finished.code, 74);
  EXPECT_THAT(finished.err, HasSubstr("standard output is closed"));
  program.closed.clear();
  program.close_stdout = true;
  finished = program.run(GetParam());
  EXPECT_EQ(finished.code, 141);
  EXPECT_THAT(finished.err, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Streams, Printing,
    testing::Values(std::vector<std::string>{"--help"}, std::vector<std::string>{"--help-all"},
                    std::vector<std::string>{"--version"}, make({"--print-config"}), make({"--dry-run"}),
                    make({"--dry-run", "--json"}), std::vector<std::string>{"models"},
                    std::vector<std::string>{"models", "--json"}, std::vector<std::string>{"doctor"},
                    std::vector<std::string>{"doctor", "--json"}, std::vector<std::string>{"status", "out"},
                    std::vector<std::string>{"status", "out", "--json"},
                    std::vector<std::string>{"inspect", "out/1.mp4.json"},
                    std::vector<std::string>{"inspect", "out/1.mp4.json", "--json"},
                    std::vector<std::string>{"--prompts", "p.txt", "--model", "wan21", "--dry-run"}));

TEST(Streams, AResultThatCannotBePrintedIsAFailureWithTheVideoInPlace) {
  Program program;
  program.output_path = "/dev/full";
  const Finished finished = program.run(make({"-o", "a.mp4", "--json", "--progress", "none"}));
  EXPECT_EQ(finished.code, 74);
  EXPECT_EQ(program.read("a.mp4"), "a fake video\n");
}

TEST(Streams, ThatNobodyReadsDoNotHoldUpTheFirstSignal) {
  Program program;
  program.pipe_stdout = true;
  std::string prompts;
  for (int i = 0; i < 100; ++i) prompts += "one\n";  // with a result of some 150 bytes each
  program.write("p.txt", prompts);
  program.start(
      {"--prompts", "p.txt", "--model", "wan21", "--out-dir", "out", "--json", "--progress", "none"});
  ASSERT_TRUE(program.wait_for_full_stdout());
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().code, 143);
}

TEST(Streams, ANamedPipeThatNobodyWritesDoesNotHoldUpTheFirstSignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Program program;
    ASSERT_EQ(::mkfifo((program.folder() / "pipe").c_str(), 0600), 0);
    program.start({"extend", "pipe", "--model", "wan21", "--seed", "7", "-o", "a.mp4", "-v"});
    ASSERT_TRUE(program.wait_for_stderr("waiting for pipe"));
    program.signal(signal);
    EXPECT_EQ(program.wait().code, 128 + signal);
    EXPECT_THAT(program.files(), ElementsAre("pipe"));
  }
}

TEST(Streams, ALogThatCannotBeWrittenIsSaidOnce) {
  Program program;
  const Finished noisy = program.run({"--prompt", "it says much", "--model", "wan21", "-o", "a.mp4",
                                      "--log-file", "/dev/full", "--progress", "none"});
  EXPECT_EQ(noisy.code, 0);
  EXPECT_THAT(noisy.err, HasSubstr("sora-gen: warning: the log cannot be written: "));
  EXPECT_EQ(noisy.err.find("cannot be written"), noisy.err.rfind("cannot be written"));
  EXPECT_THAT(program.files(), ElementsAre("a.mp4"));
}

TEST(Streams, AFolderThatIsGoneIsNoBug) {
  Program program;
  program.environment["TMPDIR"] = "/nowhere";
  EXPECT_EQ(program.run({"doctor"}).code, 0);
}

}  // namespace
}  // namespace sora::test
