// The server loop: a bad request gives one error event, and the loop ends properly whatever happens to its
// streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> serve{"serve", "--stdio", "--model", "wan21"};

std::vector<json> events(const std::string& text, const std::string& name) {
  std::vector<json> list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    json event = json::parse(line);
    if (event["event"] == name) list.push_back(std::move(event));
  }
  return list;
}

std::string request(const std::string& id, const std::string& prompt) {
  return json{{"id", id}, {"prompt", prompt}, {"output", id + ".mp4"}}.dump() + "\n";
}

TEST(ServeLoop, OutlivesEveryBadRequestAndAnswersEachOnce) {
  Program program;
  const std::string long_name(300, 'x');
  program.input =
      "{\"id\": \"number\", \"prompt\": \"x\", \"seconds\": 1e999}\n"
      "{\"id\": \"name\", \"prompt\": \"x\", \"dump_tensors\": \"" +
      long_name +
      ".safetensors\"}\n"
      "{\"id\": \"folder\", \"prompt\": \"x\", \"dump_tensors\": \"" +
      long_name +
      "/x.safetensors\"}\n"
      "{\"id\": \"output\", \"prompt\": \"x\", \"output\": \"" +
      long_name +
      ".mp4\"}\n"
      "{\"id\": \"bytes\", \"prompt\": \"\xff\"}\n" +
      request("exception", "it throws") + request("what", "throws 42") + request("memory", "no memory") +
      request("threads", "no threads") + request("last", "all is well");
  const Finished finished = program.run(serve);
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre("last.mp4"));
  EXPECT_EQ(events(finished.out, "done").size(), 1U);
  const auto errors = events(finished.out, "error");
  EXPECT_EQ(errors.size(), 9U) << finished.out;
  const auto code = [&](const std::string& id) {
    const auto found =
        std::find_if(errors.begin(), errors.end(), [&](const json& e) { return e["id"] == id; });
    return found == errors.end() ? -1 : found->at("exit_code").get<int>();
  };
  EXPECT_EQ(code("name"), 73);
  EXPECT_EQ(code("folder"), 73);
  EXPECT_EQ(code("output"), 73);
  EXPECT_EQ(code("exception"), 70);
  EXPECT_EQ(code("what"), 70);
  EXPECT_EQ(code("memory"), 69);
  EXPECT_EQ(code("threads"), 69);
}

TEST(ServeLoop, ReadsNothingAfterQuit) {
  Program program;
  program.input = request("a", "one") + "{\"quit\": true}\n" + request("b", "two");
  const Finished finished = program.run(serve);
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre("a.mp4"));
  EXPECT_THAT(finished.out, Not(HasSubstr("\"b\"")));
}

TEST(ServeLoop, AnswersALineThatIsTooLongWithOneError) {
  for (const std::size_t size : {std::size_t{(4 << 20) + 1}, std::size_t{10 << 20}}) {
    Program program;
    program.input = std::string(size, 'x') + "\n" + request("a", "one") + std::string(size, 'y');
    const Finished finished = program.run(serve);
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_THAT(program.files(), ElementsAre("a.mp4"));
    EXPECT_EQ(events(finished.out, "error").size(), 2U) << size;
  }
}

TEST(ServeLoop, RefusesASecondVideoOfOneNameBeforeItIsMade) {
  Program program;
  program.input = request("a", "one") + request("a", "one");
  const Finished finished = program.run(serve);
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto errors = events(finished.out, "error");
  ASSERT_EQ(errors.size(), 1U) << finished.out;
  EXPECT_EQ(errors[0]["exit_code"], 73);
}

TEST(ServeLoop, WritesTheSidecarThatIsAskedFor) {
  Program program;
  program.input = R"({"id": "a", "prompt": "one", "output": "a.mp4", "sidecar": true})";
  EXPECT_EQ(program.run(serve).code, 0);
  EXPECT_THAT(program.files(), ElementsAre("a.mp4", "a.mp4.json"));
}

TEST(ServeLoop, EndsWhenItsReaderGoesAwayInTheMiddleOfAJob) {
  Program program;
  program.pipe_stdout = true;
  program.input = request("a", "slow") + request("b", "slow");
  program.start(serve);
  ASSERT_TRUE(program.wait_for_stdout("\"progress\""));
  program.stop_reading();
  const Finished finished = program.wait();
  EXPECT_EQ(finished.code, 141);
  EXPECT_THAT(finished.err, IsEmpty());
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST(ServeLoop, EndsWhenItsReaderGoesAwayWhileItWaitsForRequests) {
  Program program;
  program.pipe_stdout = program.pipe_input = true;
  program.start(serve);
  ASSERT_TRUE(program.wait_for_stdout("\"ready\""));
  program.stop_reading();
  EXPECT_EQ(program.wait().code, 141);
}

TEST(ServeLoop, EndsInOneLineWhenStdoutIsFull) {
  Program program;
  program.output_path = "/dev/full";
  program.input = request("a", "slow");
  const Finished finished = program.run(serve);
  EXPECT_EQ(finished.code, 74);
  EXPECT_THAT(finished.err, HasSubstr("No space left on device"));
  EXPECT_EQ(lines(finished.err), 1) << finished.err;
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST(ServeLoop, EndsOnTheFirstSignalThoughNobodyReads) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program;
    program.pipe_stdout = true;
    std::string cancels;  // each is answered
    for (int i = 0; i < 100; ++i) cancels += "{\"cancel\": \"nothing\"}\n";
    program.input = request("a", "slow") + cancels;
    program.start(serve);
    ASSERT_TRUE(program.wait_for_full_stdout());
    program.signal(signal);
    EXPECT_EQ(program.wait().code, 128 + signal);
    EXPECT_THAT(program.files(), IsEmpty());
  }
}

TEST(ServeLoop, AnswersWhatWaitsWhenItIsStopped) {
  Program program;
  program.pipe_stdout = true;
  program.input = request("a", "slow") + request("b", "two");
  program.start(serve);
  ASSERT_TRUE(program.wait_for_stdout("\"progress\""));
  program.signal(SIGTERM);
  ASSERT_TRUE(program.wait_for_stdout("\"id\":\"b\",\"exit_code\":143"));
  const Finished finished = program.wait();
  EXPECT_EQ(finished.code, 143);
  EXPECT_THAT(finished.out, HasSubstr("\"id\":\"a\",\"exit_code\":143"));
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST(ServeLoop, SaysWhyItCannotStart) {
  Program program;
  program.closed = {1};
  EXPECT_EQ(program.run(serve).code, 74);
  program.closed = {0};
  EXPECT_EQ(program.run(serve).code, 66);
  program.closed = {};
  program.move_out(false);
  const Finished finished = program.run(serve);
  EXPECT_EQ(finished.code, 69);
  EXPECT_THAT(finished.err, HasSubstr("libsora.so"));
  EXPECT_EQ(events(finished.out, "error").size(), 1U) << finished.out;
}

}  // namespace
}  // namespace sora::test
