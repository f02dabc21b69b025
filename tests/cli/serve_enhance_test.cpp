// Requests to serve whose prompts are written out, by whom the server's own command line says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/loopback_server.h"
#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string request(const std::string& id, const std::string& prompt, const json& more = json::object()) {
  json line{{"id", id}, {"prompt", prompt}, {"output", id + ".mp4"}};
  line.update(more);
  return line.dump() + "\n";
}

const json kEnhance{{"enhance", true}};

class ServeEnhance : public testing::Test {
 protected:
  // Runs the server with that input until its end.
  Finished run(const std::string& input, std::vector<std::string> more = {"--enhance"}) {
    program.input = input;
    return program.run(line(std::move(more)));
  }

  static std::vector<std::string> line(std::vector<std::string> more) {
    more.insert(more.begin(), {"serve", "--stdio", "--model", "wan21", "--seed", "7"});
    return more;
  }

  void answer_by(LoopbackServer::Handler handler) {
    server = std::make_unique<LoopbackServer>(std::move(handler));
    program.environment["SORA_GEN_ENHANCE_URL"] = server->url() + "/v1";
  }

  static Reply at_dawn(const Asked& asked) {
    const std::string prompt = json::parse(asked.body).at("messages").at(1).at("content");
    if (prompt == "fail") return {500, "", {}};
    const json message{{"message", {{"role", "assistant"}, {"content", prompt + " at dawn"}}}};
    return {200, json{{"choices", {message}}}.dump(), {}};
  }

  // The names of the events of a request, without those of progress.
  static std::vector<std::string> events(const std::string& text, const std::string& id) {
    std::vector<std::string> names;
    for (const json& event : all(text))
      if (event.value("id", "") == id && event["event"] != "progress") names.push_back(event["event"]);
    return names;
  }

  static json event(const std::string& text, const std::string& id, const std::string& name) {
    for (const json& event : all(text))
      if (event.value("id", "") == id && event["event"] == name) return event;
    return {};
  }

  static std::vector<json> all(const std::string& text) {
    std::vector<json> list;
    std::istringstream lines(text);
    for (std::string each; std::getline(lines, each);) list.push_back(json::parse(each));
    return list;
  }

  std::unique_ptr<LoopbackServer> server;
  Program program;
};

TEST_F(ServeEnhance, WritesOutThePromptsOfRequestsThatAskForIt) {
  answer_by(&at_dawn);
  const Finished finished = run(request("a", "a fox", {{"enhance", true}, {"sidecar", true}}) +
                                request("b", "a hen") + request("c", "a cow", {{"enhance", false}}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(events(finished.out, "a"), ElementsAre("enhancing", "enhanced", "queued", "done"));
  EXPECT_THAT(events(finished.out, "b"), ElementsAre("queued", "done"));
  EXPECT_THAT(events(finished.out, "c"), ElementsAre("queued", "done"));
  EXPECT_EQ(event(finished.out, "a", "enhanced")["prompt"], "a fox at dawn");
  EXPECT_EQ(event(finished.out, "a", "enhanced")["original_prompt"], "a fox");
  EXPECT_EQ(json::parse(program.read("a.mp4.json"))["parameters"]["prompt"], "a fox at dawn");
  EXPECT_EQ(server->asked().size(), 1U);
}

TEST_F(ServeEnhance, AsksForAPromptOnceAndNotForOneThatWasWrittenOut) {
  answer_by(&at_dawn);
  const Finished finished =
      run(request("a", "a fox", kEnhance) + request("b", "a fox", kEnhance) +
          request("c", "a fox at noon", {{"enhance", true}, {"original_prompt", "a fox"}}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(event(finished.out, "b", "enhanced")["prompt"], "a fox at dawn");
  EXPECT_THAT(events(finished.out, "c"), ElementsAre("queued", "done"));
  EXPECT_EQ(server->asked().size(), 1U);
}

TEST_F(ServeEnhance, AnEndpointThatFailsIsAnErrorOfThatRequestAlone) {
  answer_by(&at_dawn);
  const Finished finished = run(request("a", "fail", kEnhance) + request("b", "a hen", kEnhance));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(events(finished.out, "a"), ElementsAre("enhancing", "error"));
  EXPECT_EQ(event(finished.out, "a", "error")["exit_code"], 69);
  EXPECT_THAT(events(finished.out, "b"), ElementsAre("enhancing", "enhanced", "queued", "done"));
  EXPECT_THAT(program.files(), ElementsAre("b.mp4"));
}

TEST_F(ServeEnhance, WhatIsWrongIsSaidBeforeAnybodyIsAsked) {
  answer_by(&at_dawn);
  const Finished finished =
      run(request("a", "a fox", {{"enhance", true}, {"steps", -1}}) +
          request("b", "a fox", {{"enhance", "touch ran"}}) + request("c", " ", kEnhance) +
          request("d", "a fox", {{"enhance", true}, {"enhance_command", "touch ran"}}) +
          request("e", "a fox", {{"enhance", true}, {"enhance_url", "http://elsewhere"}}) +
          request("f", "a fox", {{"enhance", true}, {"plan", true}}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  for (const char* id : {"a", "b", "c", "d", "e"})
    EXPECT_THAT(events(finished.out, id), ElementsAre("error")) << id;
  EXPECT_THAT(event(finished.out, "f", "plan")["plan"].dump(), HasSubstr("would be asked"));
  EXPECT_THAT(program.files(), IsEmpty());
  EXPECT_THAT(server->asked(), IsEmpty());
}

TEST_F(ServeEnhance, AServerThatWasStartedWithoutItAsksNobody) {
  answer_by(&at_dawn);
  const Finished finished = run(request("a", "a fox", kEnhance) + request("b", "a hen"), {});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(event(finished.out, "a", "error")["exit_code"], 64);
  EXPECT_THAT(event(finished.out, "a", "error")["message"].get<std::string>(),
              HasSubstr("without --enhance"));
  EXPECT_THAT(events(finished.out, "b"), ElementsAre("queued", "done"));
  EXPECT_THAT(server->asked(), IsEmpty());
}

TEST_F(ServeEnhance, AServerWithNobodyToAskDoesNotStart) {
  const Finished finished = run(request("a", "a fox"));
  EXPECT_EQ(finished.code, 64);
  EXPECT_THAT(finished.err, HasSubstr("SORA_GEN_ENHANCE_URL"));
  EXPECT_THAT(finished.out, IsEmpty());
}

// The command waits until the other request's video is there.
TEST_F(ServeEnhance, ASlowAnswerHoldsUpNoOtherRequest) {
  const Finished finished =
      run(request("slow", "a fox", kEnhance) + request("quick", "a hen"),
          {"--enhance-command", "while [ ! -e quick.mp4 ]; do sleep 0.02; done; echo a patient fox"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(events(finished.out, "quick"), ElementsAre("queued", "done"));
  EXPECT_EQ(event(finished.out, "slow", "enhanced")["prompt"], "a patient fox");
  EXPECT_THAT(program.files(), ElementsAre("quick.mp4", "slow.mp4"));
}

TEST_F(ServeEnhance, ACancelledRequestIsNotWaitedFor) {
  const Finished finished = run(request("a", "a fox", kEnhance) + request("b", "a hen", kEnhance) +
                                    "{\"cancel\": \"b\"}\n{\"cancel\": \"a\"}\n" + request("c", "a cow"),
                                {"--enhance-command", "exec sleep 1000"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  for (const char* id : {"a", "b"}) {
    EXPECT_THAT(events(finished.out, id), ElementsAre("enhancing", "error")) << id;
    EXPECT_EQ(event(finished.out, id, "error")["exit_code"], 130) << id;
  }
  EXPECT_THAT(events(finished.out, "c"), ElementsAre("queued", "done"));
}

TEST_F(ServeEnhance, ASignalEndsItWhileItAsks) {
  for (const bool by_command : {true, false}) {
    answer_by([](const Asked&) {
      Reply reply;
      reply.silent = true;
      return reply;
    });
    program.pipe_input = true;
    program.start(line(by_command ? std::vector<std::string>{"--enhance-command", "exec sleep 1000"}
                                  : std::vector<std::string>{"--enhance"}));
    program.say(request("a", "a fox", kEnhance) + request("b", "a hen", kEnhance));
    ASSERT_TRUE(program.wait_for_stderr("to write out: \"a fox\""));
    program.signal(SIGTERM);
    const Finished finished = program.wait();
    EXPECT_EQ(finished.code, 143);
    for (const char* id : {"a", "b"}) {
      EXPECT_EQ(event(finished.out, id, "error")["exit_code"], 143) << id << finished.out;
    }
  }
}

}  // namespace
}  // namespace sora::test
