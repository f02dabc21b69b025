// --enhance and --enhance-command: prompts written out before any work, by an endpoint on loopback or a
// command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/loopback_server.h"
#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kKey = "sk-very-secret-4711";

std::string completion(const std::string& text) {
  return json{
      {"choices", {{{"message", {{"role", "assistant"}, {"content", text}}}, {"finish_reason", "stop"}}}}}
      .dump();
}

std::string prompt_in(const Asked& asked) {
  return json::parse(asked.body).at("messages").at(1).at("content");
}

// Answers every prompt with "PROMPT at dawn".
Reply at_dawn(const Asked& asked) { return {200, completion(prompt_in(asked) + " at dawn"), {}}; }

class Enhance : public testing::Test {
 protected:
  void serve(LoopbackServer::Handler handler) {
    server = std::make_unique<LoopbackServer>(std::move(handler));
    program.environment["SORA_GEN_ENHANCE_URL"] = server->url() + "/v1";
  }

  Finished make(std::vector<std::string> more = {}, const std::string& prompt = "a fox") {
    std::vector<std::string> line{"--prompt", prompt, "--model", "wan21", "--seed", "7"};
    line.insert(line.end(), more.begin(), more.end());
    return program.run(line);
  }

  json parameters(const std::string& sidecar) const {
    return json::parse(program.read(sidecar)).at("parameters");
  }

  std::unique_ptr<LoopbackServer> server;
  Program program;
};

TEST_F(Enhance, ShowsWhatTheEndpointWroteAndKeepsBothInTheFile) {
  serve(at_dawn);
  program.environment["SORA_GEN_ENHANCE_KEY"] = kKey;
  program.environment["SORA_GEN_ENHANCE_MODEL"] = "writer-1";
  const Finished finished = make({"--enhance", "--sidecar"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("asking " + server->url() +
                                      " to write out: \"a fox\"\n"
                                      "enhanced: \"a fox at dawn\"\n"));
  const json kept = parameters("a-fox-7.mp4.json");
  EXPECT_EQ(kept.at("prompt"), "a fox at dawn");
  EXPECT_EQ(kept.at("original_prompt"), "a fox");

  const std::vector<Asked> asked = server->asked();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].method + " " + asked[0].path, "POST /v1/chat/completions");
  EXPECT_EQ(asked[0].headers.at("authorization"), std::string("Bearer ") + kKey);
  const json body = json::parse(asked[0].body);
  EXPECT_EQ(body.at("model"), "writer-1");
  EXPECT_EQ(body.at("stream"), false);
  EXPECT_EQ(body.at("messages").at(0).at("role"), "system");
  EXPECT_THAT(body.at("messages").at(0).at("content").get<std::string>(),
              HasSubstr("You write prompts for Wan"));
}

TEST_F(Enhance, IsReplayedByRerunWithoutAsking) {
  serve(at_dawn);
  ASSERT_EQ(make({"--enhance", "--sidecar"}).code, 0);
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--enhance"}}) {
    std::vector<std::string> line{"rerun", "a-fox-7.mp4.json", "--sidecar", "--overwrite", "-o", "again.mp4"};
    line.insert(line.end(), more.begin(), more.end());
    const Finished again = program.run(line);
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(parameters("again.mp4.json").at("prompt"), "a fox at dawn");
    EXPECT_EQ(parameters("again.mp4.json").at("original_prompt"), "a fox");
  }
  EXPECT_EQ(server->asked().size(), 1U);
  const Finished other = program.run(
      {"rerun", "a-fox-7.mp4.json", "--sidecar", "--prompt", "a hen", "--enhance", "-o", "hen.mp4"});
  ASSERT_EQ(other.code, 0) << other.err;
  EXPECT_EQ(parameters("hen.mp4.json").at("prompt"), "a hen at dawn");
  EXPECT_EQ(parameters("hen.mp4.json").at("original_prompt"), "a hen");
  ASSERT_EQ(
      program.run({"rerun", "a-fox-7.mp4.json", "--sidecar", "--prompt", "a cow", "-o", "cow.mp4"}).code, 0);
  EXPECT_FALSE(parameters("cow.mp4.json").contains("original_prompt")) << "of other words";
}

TEST_F(Enhance, AnswersThatAreNoPromptAreErrorsBeforeAnyWork) {
  std::string deep = completion("x");
  deep.insert(deep.size() - 1, ",\"deep\":" + std::string(5000, '[') + std::string(5000, ']'));
  const std::vector<std::pair<Reply, std::string>> bad{
      {{401, R"({"error":{"message":"bad key"}})"},
       "answers 401: bad key; is SORA_GEN_ENHANCE_KEY to be set?"},
      {{500, "<html>oops</html>"}, "answers 500"},
      {{404, R"({"error":"no such model"})"}, "answers 404: no such model"},
      {{200, "<html><body>welcome</body></html>"}, "is not JSON"},
      {{200, ""}, "is not JSON"},
      {{200, "[]"}, "no text in choices[0].message.content"},
      {{200, R"({"choices":[]})"}, "no text in choices"},
      {{200, R"({"choices":[{"message":{"content":7}}]})"}, "no text in choices"},
      {{200, completion("")}, "an empty text"},
      {{200, completion(" \n\t ")}, "an empty text"},
      {{200, completion("<think>hm")}, "an empty text"},
      {{200, completion("a \x1b[31mfox")}, "control characters"},
      {{200, completion("a \u202efox")}, "control characters"},
      {{200, completion(std::string("a\0fox", 5))}, "control characters"},
      {{200, completion(std::string(9000, 'a'))}, "a text of 9.0 kB"},
      {{200, std::string(10'000'000, ' ')}, "the answer is over 1.0 MB"},
      {{200, deep}, "nested"},
      {{200, "{\"choices\":[{\"message\":{\"content\":\"\xff\xfe\"}}]}"}, "is not JSON"},
      {{200, R"({"choices":[{"finish_reason":"length","message":{"content":"a fox in"}}]})"}, "was cut off"},
      {{302, "", {"Location: file:///etc/passwd"}}, "sends on to file:///etc/passwd, which is not followed"},
      {{307, "", {"Location: http://127.0.0.1:1/"}}, "which is not followed"},
      {{200, completion("a fox"), {}, 10}, "127.0.0.1"},
      {{200, "", {}, SIZE_MAX, true}, "gave no answer within 1 s"},
  };
  for (const auto& [reply, said] : bad) {
    serve([reply = reply](const Asked&) { return reply; });
    program.environment.erase("SORA_GEN_ENHANCE_TIMEOUT");
    if (reply.silent) program.environment["SORA_GEN_ENHANCE_TIMEOUT"] = "1";
    const Finished finished = make({"--enhance"});
    EXPECT_EQ(finished.code, 69) << said << ": " << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(said));
    EXPECT_THAT(finished.err, AllOf(HasSubstr("nothing was started"), Not(HasSubstr("\x1b"))));
    EXPECT_LT(finished.err.size(), 1000U);
    EXPECT_THAT(program.files(), IsEmpty()) << said;
    EXPECT_EQ(server->asked().size(), 1U) << "and is not asked again";
  }
}

TEST_F(Enhance, AServerThatIsNotThereIsAnErrorBeforeAnyWork) {
  program.environment["SORA_GEN_ENHANCE_URL"] = "http://127.0.0.1:" + std::to_string(closed_port());
  const Finished finished = make({"--enhance"});
  EXPECT_EQ(finished.code, 69) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("onnect"));
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST_F(Enhance, BringsAnswersIntoOneLine) {
  for (const auto& [answer, prompt] : std::vector<std::pair<std::string, std::string>>{
           {"  \"a fox\n in\tthe   snow\" \n", "a fox in the snow"},
           {"<think>what a fox\nmight do</think>\n\nA fox.", "A fox."},
           {"\u201ca fox\u201d", "a fox"},
           {"\"Stop\" says the \"fox\"", "\"Stop\" says the \"fox\""},
           {"ein Fuchs mit B\u00e4rten, \u72d0\u72f8", "ein Fuchs mit B\u00e4rten, \u72d0\u72f8"}}) {
    serve([answer = answer](const Asked&) { return Reply{200, completion(answer), {}}; });
    ASSERT_EQ(make({"--enhance", "--sidecar", "--overwrite"}).code, 0);
    EXPECT_EQ(parameters("a-fox-7.mp4.json").at("prompt"), prompt);
  }
}

TEST_F(Enhance, TheKeyIsNeitherShownNorLogged) {
  program.environment["SORA_GEN_ENHANCE_KEY"] = kKey;
  for (const int status : {200, 401, 500}) {
    serve([status](const Asked&) {
      return Reply{status, json{{"error", {{"message", std::string("wrong key ") + kKey}}}}.dump(), {}};
    });
    const Finished finished = make({"--enhance", "-vv", "--log-file", "log"});
    EXPECT_EQ(finished.code, 69);
    EXPECT_THAT(finished.err + program.read("log"), Not(HasSubstr(kKey)));
  }
  serve(at_dawn);
  const Finished finished =
      make({"--enhance", "-vv", "--log-file", "log", "--sidecar", "--progress", "json"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err + program.read("log") + program.read("a-fox-7.mp4.json"), Not(HasSubstr(kKey)));
  EXPECT_THAT(finished.err, HasSubstr(R"({"event":"enhanced","prompt":"a fox","enhanced":"a fox at dawn"})"));
}

TEST_F(Enhance, TheKeyGoesNowhereUnencrypted) {
  program.environment["SORA_GEN_ENHANCE_URL"] = "http://192.0.2.1/v1";
  program.environment["SORA_GEN_ENHANCE_KEY"] = kKey;
  const Finished finished = make({"--enhance"});
  EXPECT_EQ(finished.code, 64);
  EXPECT_THAT(finished.err, AllOf(HasSubstr("unencrypted"), Not(HasSubstr(kKey))));
  program.environment["SORA_GEN_ENHANCE_URL"] = "https://example.invalid/v1";
  program.environment["SORA_GEN_ENHANCE_KEY"] = "two\nlines";
  EXPECT_EQ(make({"--enhance"}).code, 64);
}

TEST_F(Enhance, AddressesThatAreNoneAreWrongUsageAndNotShown) {
  EXPECT_EQ(make({"--enhance"}).code, 64) << "there is nobody to ask";
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1:80", "http://", "http:///x",
                          "http://me:secret@127.0.0.1/", "http://127.0.0.1/ x", "http://127.0.0.1/\n"}) {
    program.environment["SORA_GEN_ENHANCE_URL"] = url;
    const Finished finished = make({"--enhance"});
    EXPECT_EQ(finished.code, 64) << url << finished.err;
    EXPECT_THAT(finished.err, Not(HasSubstr("secret")));
  }
}

TEST_F(Enhance, ACommandGetsThePromptAndTheInstruction) {
  const Finished finished =
      make({"--enhance-command", "printf '%s, by %.25s' \"$(cat)\" \"$SORA_GEN_ENHANCE_INSTRUCTION\"",
            "--sidecar"},
           "a 'fox'; exit 3");
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(parameters("a-fox-exit-3-7.mp4.json").at("prompt"),
            "a 'fox'; exit 3, by You write prompts for Wan");
}

TEST_F(Enhance, CommandsThatFailAreErrorsBeforeAnyWork) {
  for (const auto& [command, said] : std::vector<std::pair<std::string, std::string>>{
           {"echo no luck >&2; exit 3", "ended with code 3: no luck"},
           {"no-such-command-here", "ended with code 127"},
           {"kill -9 $$", "was ended by signal 9"},
           {"true", "an empty text"},
           {"exec 0<&-; true", "an empty text"},
           {"head -c 10000000 /dev/zero | tr '\\0' a", "over 1.0 MB"},
           {"cat /dev/zero", "over 1.0 MB"},
           {"printf 'a\\033[31m'", "control characters"},
           {"printf '\\377'", "not UTF-8"},
           {"head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1", "ended with code 1"}}) {
    const Finished finished = make({"--enhance-command", command}, std::string(100'000, 'a'));
    EXPECT_EQ(finished.code, 69) << command << ": " << finished.err.substr(finished.err.size() / 2);
    EXPECT_THAT(finished.err, HasSubstr(said)) << command;
    EXPECT_THAT(program.files(), IsEmpty());
  }
  program.environment["SORA_GEN_ENHANCE_TIMEOUT"] = "1";
  const Finished slow = make({"--enhance-command", "exec sleep 1000"});
  EXPECT_EQ(slow.code, 69);
  EXPECT_THAT(slow.err, HasSubstr("gave no answer within 1 s"));
  EXPECT_EQ(make({"--enhance-command", ""}).code, 64);
}

TEST_F(Enhance, NoFileChoosesACommandOrAsks) {
  serve(at_dawn);
  program.write("config.json", R"({"enhance_command": "touch ran"})");
  EXPECT_EQ(make({"--config", "config.json"}).code, 65);
  for (const char* option : {"enhance", "enhance_command", "enhance_url"}) {
    program.write("list.jsonl", json{{"prompt", "a"}, {option, "touch ran"}}.dump() + "\n");
    EXPECT_EQ(program.run({"--prompts", "list.jsonl", "--model", "wan21", "--out-dir", "out"}).code, 65)
        << option;
    program.write("clip.json", json{{"parameters",
                                     {{"generator", "sora-gen " SORA_GEN_VERSION},
                                      {"prompt", "a hen"},
                                      {"model", "wan21"},
                                      {"seed", 7},
                                      {option, "touch ran"}}}}
                                   .dump());
    EXPECT_EQ(program.run({"rerun", "clip.json", "--overwrite", "-o", "hen.mp4"}).code, 0) << option;
  }
  EXPECT_THAT(program.files(), Not(testing::Contains("ran")));
  EXPECT_THAT(server->asked(), IsEmpty());
}

TEST_F(Enhance, InAConfigurationIsForTheVerbsThatTakeIt) {
  program.write("config.json", R"({"enhance": true})");
  EXPECT_EQ(program.run({"models", "--config", "config.json"}).code, 0);
  EXPECT_EQ(program.run({"models", "--enhance"}).code, 64);
}

TEST_F(Enhance, ADryRunAsksNothingAndSaysSo) {
  serve(at_dawn);
  const Finished one = make({"--enhance", "--dry-run"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out,
              HasSubstr(server->url() + " would be asked to write out 1 prompt; a dry run asks nothing"));
  program.write("list.txt", "a fox\na hen\na fox\n");
  const Finished many = program.run({"--prompts", "list.txt", "--model", "wan21", "--out-dir", "out",
                                     "--enhance-command", "touch ran", "--dry-run"});
  EXPECT_EQ(many.code, 0) << many.err;
  EXPECT_THAT(many.out, HasSubstr("would be asked to write out 2 prompts"));
  EXPECT_THAT(program.files(), ElementsAre("list.txt"));
  EXPECT_THAT(server->asked(), IsEmpty());
}

TEST_F(Enhance, AStoryboardsShotsAreWrittenOutEach) {
  serve(at_dawn);
  const Finished finished =
      program.run({"storyboard", "--shot", "0:00 a lake", "--shot", "0:01 a storm", "--model", "wan21",
                   "--seconds", "2", "--seed", "7", "--enhance", "--sidecar"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(server->asked().size(), 2U);
  const json kept = parameters("a-lake-7.mp4.json");
  EXPECT_EQ(kept.at("shot"), json({"0:00 a lake at dawn", "0:01 a storm at dawn"}));
  EXPECT_EQ(kept.at("original_prompt"), "0:00 a lake\n0:01 a storm");
}

TEST_F(Enhance, VerbsWithoutAPromptOfTheirOwnRefuseIt) {
  serve(at_dawn);
  program.write("clip.mp4", "x");
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"inspect", "clip.mp4"}, {"models"}, {"decode", "clip.mp4"}}) {
    auto with = line;
    with.emplace_back("--enhance");
    const Finished finished = program.run(with);
    EXPECT_EQ(finished.code, 64) << line[0];
    EXPECT_THAT(finished.err, HasSubstr(line[0] + " takes no --enhance"));
  }
  EXPECT_THAT(server->asked(), IsEmpty());
}

class EnhanceBatch : public Enhance {
 protected:
  Finished batch(const std::vector<std::string>& more = {}) {
    std::vector<std::string> line{"--prompts", "list.txt", "--model",   "wan21",
                                  "--out-dir", "out",      "--sidecar", "--enhance"};
    line.insert(line.end(), more.begin(), more.end());
    return program.run(line);
  }
  std::vector<std::string> prompts_asked() const {
    std::vector<std::string> prompts;
    for (const Asked& asked : server->asked()) prompts.push_back(prompt_in(asked));
    return prompts;
  }
};

TEST_F(EnhanceBatch, EachPromptIsAskedForOnceAndAResumedBatchAsksNothing) {
  serve(at_dawn);
  program.write("list.txt", "a fox\na hen\na fox\n");
  const Finished first = batch({"--name", "{index}-{slug}.mp4"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(prompts_asked(), ElementsAre("a fox", "a hen"));
  const json kept = parameters("out/3-a-fox.mp4.json");
  EXPECT_EQ(kept.at("prompt"), "a fox at dawn");
  EXPECT_EQ(kept.at("original_prompt"), "a fox");

  const Finished again = batch({"--name", "{index}-{slug}.mp4"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("3 done before"));
  std::filesystem::remove(program.folder() / "out/2-a-hen.mp4");
  program.write("list.txt", "a fox\na hen\na fox\na cow\n");
  EXPECT_EQ(batch({"--name", "{index}-{slug}.mp4"}).code, 0);
  EXPECT_EQ(parameters("out/2-a-hen.mp4.json").at("prompt"), "a hen at dawn");
  EXPECT_THAT(prompts_asked(), ElementsAre("a fox", "a hen", "a cow"));
}

TEST_F(EnhanceBatch, WhatWasAnsweredBeforeAFailureIsNotAskedAgain) {
  bool broken = true;
  serve([&](const Asked& asked) {
    return broken && prompt_in(asked) == "a cow" ? Reply{500, "", {}} : at_dawn(asked);
  });
  program.write("list.txt", "a fox\na cow\na hen\n");
  const Finished failed = batch();
  EXPECT_EQ(failed.code, 69) << failed.err;
  for (const auto& entry : std::filesystem::directory_iterator(program.folder() / "out"))
    EXPECT_EQ(entry.path().filename(), ".sora-gen") << "nothing was made";
  broken = false;
  const Finished finished = batch();
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(prompts_asked(), ElementsAre("a fox", "a cow", "a cow", "a hen"));
}

TEST_F(EnhanceBatch, AListWithAFaultAsksNothing) {
  serve(at_dawn);
  program.write("list.txt", "{\"prompt\": \"a fox\"}\n{\"prompt\": \"a hen\", \"steps\": -1}\n");
  EXPECT_EQ(batch().code, 65);
  EXPECT_THAT(server->asked(), IsEmpty());
}

TEST_F(EnhanceBatch, WithoutItTheJournalsPromptsAreLeftAlone) {
  serve(at_dawn);
  program.write("list.txt", "a fox\n");
  ASSERT_EQ(batch().code, 0);
  const Finished plain = program.run(
      {"--prompts", "list.txt", "--model", "wan21", "--out-dir", "out", "--name", "plain.mp4", "--sidecar"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_EQ(parameters("out/plain.mp4.json").at("prompt"), "a fox");
}

}  // namespace
}  // namespace sora::test
