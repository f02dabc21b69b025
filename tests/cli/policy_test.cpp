// --policy: who may refuse a video, and that nothing takes that away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Refuses prompts with "cat" before the work, and those with "dog" when the video is made.
constexpr const char* kPolicy =
    "f=$(cat); case $f in *'\"request\",\"texts\":[\"a cat'*) echo no cats; exit 77;; "
    "*'\"result\",\"texts\":[\"a dog'*) echo no dogs; exit 77;; esac";

class PolicyOption : public testing::Test {
 protected:
  PolicyOption() { program.environment["XDG_CONFIG_HOME"] = (program.folder() / "home").string(); }

  Finished make(const std::string& prompt, std::vector<std::string> more = {"--policy", kPolicy}) {
    std::vector<std::string> line{"-p", prompt, "--model", "wan21", "--seed", "7", "-o", "x.mp4"};
    line.insert(line.end(), more.begin(), more.end());
    return program.run(line);
  }
  void configure(const std::string& text) {
    std::filesystem::create_directories(program.folder() / "home/sora-gen");
    program.write("home/sora-gen/config.json", text);
  }
  bool made() const { return std::filesystem::exists(program.folder() / "x.mp4"); }

  Program program;
};

TEST_F(PolicyOption, RefusesBeforeAndAfterTheWork) {
  Finished finished = make("a cat");
  EXPECT_EQ(finished.code, 77) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("refused by the policy: no cats; nothing was started"));
  finished = make("a dog");
  EXPECT_EQ(finished.code, 77) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("refused by the policy: no dogs; the finished video was removed"));
  EXPECT_THAT(program.files(), IsEmpty());
  EXPECT_EQ(make("a fox").code, 0);
  EXPECT_TRUE(made());
}

TEST_F(PolicyOption, ThatFailsRefuses) {
  for (const char* command : {"exit 1", "kill -9 $$", "/no/such/command", "yes", "sleep 600"})
    EXPECT_EQ(make("a fox", {"--policy", command, "--policy-timeout", "1"}).code, 77) << command;
  EXPECT_THAT(program.files(), IsEmpty());
  EXPECT_EQ(make("a fox", {"--policy", " "}).code, 64);
  EXPECT_EQ(make("a fox", {"--policy", "true", "--policy-timeout", "0"}).code, 64);
}

TEST_F(PolicyOption, OfTheConfigurationIsTakenAwayByNoFlag) {
  configure(json{{"policy", kPolicy}}.dump());
  program.write("other.json", "{}");
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{},
                                             {"--policy", "true"},
                                             {"--config", "none"},
                                             {"--config", "other.json"},
                                             {"--config", "none", "--policy", "true"}}) {
    EXPECT_EQ(make("a cat", flags).code, 77) << testing::PrintToString(flags);
    EXPECT_FALSE(made());
  }
  EXPECT_EQ(make("a fox", {"--config", "none"}).code, 0);
}

TEST_F(PolicyOption, OfAFlagIsAskedBesideTheConfigurations) {
  configure(R"({"policy": "true"})");
  EXPECT_EQ(make("a cat").code, 77);
  EXPECT_EQ(make("a fox").code, 0);
}

TEST_F(PolicyOption, ThatCannotBeReadRefuses) {
  for (const char* text : {R"({"policy": "tr)", R"({"policy": 3})", R"({"policy": ["true"]})",
                           R"({"\u0070olicy": "exit 77"})"}) {
    configure(text);
    EXPECT_EQ(make("a fox", {"--config", "none"}).code, 77) << text;
    EXPECT_NE(make("a fox", {}).code, 0) << text;
  }
  EXPECT_FALSE(made());
  configure(R"({"seconds": 1, )");  // no policy: the way out stays
  EXPECT_EQ(make("a fox", {"--config", "none"}).code, 0);
}

TEST_F(PolicyOption, OfABatchRecordsRefusalsAndGoesOn) {
  program.write("list.txt", "a fox\na cat\na dog\na hen\n");
  const std::vector<std::string> line{"--prompts", "list.txt", "--model",  "wan21",
                                      "--out-dir", "out",      "--policy", kPolicy};
  const Finished finished = program.run(line);
  EXPECT_EQ(finished.code, 1) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("2 made, 2 failed"));
  const Finished status = program.run({"status", "out", "--json"});
  EXPECT_THAT(status.out, HasSubstr("no cats"));
  EXPECT_THAT(status.out, HasSubstr("no dogs"));
  int videos = 0;
  for (const auto& entry : std::filesystem::directory_iterator(program.folder() / "out"))
    videos += entry.path().extension() == ".mp4";
  EXPECT_EQ(videos, 2);
}

TEST_F(PolicyOption, OfAServerAnswersEachRequest) {
  for (const char* prompt : {"a cat", "a dog", "a fox"})
    program.input +=
        json{{"id", prompt}, {"prompt", prompt}, {"output", std::string(prompt) + ".mp4"}}.dump() + "\n";
  const Finished finished = program.run({"serve", "--stdio", "--model", "wan21", "--policy", kPolicy});
  EXPECT_EQ(finished.code, 0) << finished.err;
  std::vector<std::string> refused;
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);) {
    const json event = json::parse(line);
    if (event["event"] == "error" && event["exit_code"] == 77) refused.push_back(event["id"]);
  }
  EXPECT_THAT(refused, ElementsAre("a cat", "a dog"));
  EXPECT_THAT(program.files(), ElementsAre("a fox.mp4"));
}

TEST_F(PolicyOption, IsSetByNoLineOfAListAndNoRequest) {
  program.write("list.jsonl", R"({"prompt": "a fox", "policy": "touch ran"})"
                              "\n");
  EXPECT_EQ(program.run({"--prompts", "list.jsonl", "--model", "wan21", "--out-dir", "out"}).code, 65);
  program.input = R"({"id": "a", "prompt": "a fox", "output": "a.mp4", "policy": "touch ran"})"
                  "\n"
                  R"({"id": "b", "prompt": "a fox", "output": "b.mp4", "sign_key": "k.pem"})"
                  "\n";
  const Finished finished = program.run({"serve", "--stdio", "--model", "wan21"});
  EXPECT_THAT(finished.out, HasSubstr("policy"));
  EXPECT_THAT(finished.out, HasSubstr("sign_key"));
  EXPECT_THAT(program.files(), ElementsAre("list.jsonl"));
  program.write("clip.mp4",
                R"(a fake video that says {"generator": "sora-gen 0", "prompt": "a fox", "seed": 3, )"
                R"("model": "wan21", "policy": "touch ran", "sign_key": "k.pem"})");
  EXPECT_EQ(program.run({"rerun", "clip.mp4", "-o", "y.mp4"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(program.folder() / "ran"));
}

TEST_F(PolicyOption, IsAskedBeforeAPromptLeavesForEnhancing) {
  const std::string policy = "f=$(cat); case $f in *'\"enhance\",\"texts\":[\"a cat'*) exit 77;; esac";
  const Finished finished =
      make("a cat", {"--policy", policy, "--enhance-command", "touch sent; echo a large cat"});
  EXPECT_EQ(finished.code, 77) << finished.err;
  EXPECT_THAT(program.files(), IsEmpty());
}

}  // namespace
}  // namespace sora::test
