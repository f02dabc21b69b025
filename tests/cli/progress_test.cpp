// Progress in its four forms, and what Ctrl-C does.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> make(const std::string& prompt, std::vector<std::string> more = {}) {
  more.insert(more.begin(),
              {"--prompt", prompt, "--model", "wan21", "--seed", "7", "-o", "a.mp4", "--steps", "3"});
  return more;
}

std::vector<json> objects(const std::string& text) {
  std::vector<json> result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result.push_back(json::parse(line));
  return result;
}

TEST(Progress, AsJsonIsOneObjectALineAndEndsWithTheResult) {
  Program program;
  const Finished finished = program.run(make("it says much", {"--progress", "json"}));
  ASSERT_EQ(finished.code, 0) << finished.err;
  const auto events = objects(finished.err);  // log lines are objects too
  ASSERT_GE(events.size(), 6U);
  EXPECT_EQ(events.front()["event"], "progress");
  EXPECT_EQ(events.front()["phase"], "load");
  EXPECT_EQ(events.front()["eta"], nullptr);
  EXPECT_EQ(events[1]["event"], "log");
  EXPECT_EQ(events[1]["message"], "a warning message");
  int step = 0;
  for (const json& event : events) {
    if (event["event"] != "progress" || event["phase"] != "denoise") continue;
    EXPECT_EQ(event["step"], ++step);
    EXPECT_EQ(event["steps"], 3);
    EXPECT_EQ(event["frames"], 81);
    EXPECT_TRUE(event["elapsed"].is_number());
    EXPECT_TRUE(event["eta"].is_number());
  }
  EXPECT_EQ(step, 3);
  EXPECT_EQ(events.back()["event"], "done");
  EXPECT_EQ(events.back()["output"], "a.mp4");
  EXPECT_EQ(events.back()["bytes"], 13);
  EXPECT_EQ(events.back()["frames"], 81);
  EXPECT_EQ(events.back()["sha256"].get<std::string>().size(), 64U);
}

TEST(Progress, AsJsonEndsWithTheError) {
  Program program;
  const Finished finished = program.run(make("it fails 65", {"--progress", "json"}));
  EXPECT_EQ(finished.code, 65);
  const auto events = objects(finished.err);
  EXPECT_EQ(events.back()["event"], "error");
  EXPECT_EQ(events.back()["exit_code"], 65);
  EXPECT_EQ(events.back()["message"], "[fake] it failed as asked");
}

TEST(Progress, GoesToItsOwnDescriptor) {
  Program program;
  // stdout is the one descriptor besides stderr that the test can read.
  const Finished finished = program.run(make("a", {"--progress-fd", "1"}));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(objects(finished.out).back()["event"], "done");
  EXPECT_EQ(finished.err, "a.mp4: 13 B, 81 frames, seed 7, made in 1.5 s\n");
}

TEST(Progress, InALogIsPlainLines) {
  Program program;
  std::string said = program.run(make("a")).err;
  // Between the first and the last step, one is reported every two seconds: on a busy machine.
  if (const std::size_t at = said.find("denoising 2/3"); at != std::string::npos)
    said.erase(at, said.find('\n', at) + 1 - at);
  EXPECT_EQ(said,
            "loading the model, 0.0 s\n"
            "denoising 1/3, 0.1 s, 0.1 s left\n"
            "denoising 3/3, 0.2 s, 0.0 s left\n"
            "decoding, frame 81/81, 0.2 s, 0.0 s left\n"
            "a.mp4: 13 B, 81 frames, seed 7, made in 1.5 s\n");
}

TEST(Progress, CanBeLeftOut) {
  Program program;
  EXPECT_EQ(lines(program.run(make("a", {"--progress", "none"})).err), 1);
  EXPECT_THAT(program.run(make("a", {"-q", "--overwrite"})).err, IsEmpty());
}

TEST(Progress, OnATerminalIsOneLineThatGoesAway) {
  Program program;
  program.on_terminal = true;
  const Finished finished = program.run(make("it says much"));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("denoising"));
  EXPECT_THAT(finished.err, HasSubstr("\x1b[?25l"));
  // A message stands on a line of its own, above the bar.
  EXPECT_THAT(finished.err, HasSubstr("\r\x1b[Ksora-gen: warning: a warning message\r\n"));
  // At the end the bar is gone, the cursor is back, and the summary stands alone.
  const std::string end = "\r\x1b[K\x1b[?25ha.mp4: 13 B, 81 frames, seed 7, made in 1.5 s\r\n";
  ASSERT_GE(finished.err.size(), end.size());
  EXPECT_EQ(finished.err.substr(finished.err.size() - end.size()), end);
}

TEST(Progress, OnATerminalIsNotRedrawnAtEveryStep) {
  Program program;
  program.on_terminal = true;
  const Finished finished = program.run(make("a", {"--steps", "1000"}));  // all done at once
  ASSERT_EQ(finished.code, 0) << finished.err;
  std::size_t redraws = 0;
  for (std::size_t at = 0; (at = finished.err.find("denoising", at)) != std::string::npos; ++at) ++redraws;
  EXPECT_GE(redraws, 1U);
  EXPECT_LE(redraws, 500U);  // at most ten a second, and no machine is so slow
}

TEST(Interrupt, StopsAtTheNextStepAndLeavesNoFile) {
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    Program program;
    program.start(make("slow", {"--progress", "json"}));
    ASSERT_TRUE(program.wait_for_stderr("\"denoise\""));
    program.signal(signal);
    const Finished finished = program.wait();
    EXPECT_EQ(finished.code, code);
    EXPECT_THAT(finished.err, HasSubstr("stopped at step"));
    EXPECT_THAT(program.files(), IsEmpty());
  }
}

TEST(Interrupt, TheSecondTimeEndsAtOnceAndRemovesTheTemporaryFile) {
  Program program;
  program.start(make("stuck", {"--progress", "plain"}));
  ASSERT_TRUE(program.wait_for_stderr("denois"));
  ASSERT_EQ(program.files().size(), 1U);  // the temporary
  program.signal(SIGINT);
  ASSERT_TRUE(program.wait_for_stderr("asked to stop"));
  EXPECT_EQ(program.files().size(), 1U);  // the first signal only asks the run to stop
  program.signal(SIGINT);
  const Finished finished = program.wait();
  EXPECT_EQ(finished.code, 130);
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST(Interrupt, BeforeTheWorkEndsAtOnce) {
  Program program;
  // A named pipe that nobody writes keeps the program waiting for its prompt.
  const std::string pipe = (program.folder() / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int holder = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  program.input_path = pipe;
  program.start({"--prompt", "-", "--model", "wan21"});
  ASSERT_EQ(::write(holder, "a ", 2), 2);
  for (int unread = 2; unread > 0; ::ioctl(holder, FIONREAD, &unread))  // until the program waits for more
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait().code, 130);
  ::close(holder);
  EXPECT_THAT(program.files(), ElementsAre("pipe"));
}

}  // namespace
}  // namespace sora::test
