// The user's configuration file and presets, and what counts more than what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// A program with a configuration file in the place where it looks for one.
class Configured : public testing::Test {
 protected:
  void configure(const std::string& text) {
    program_.environment["XDG_CONFIG_HOME"] = (program_.folder() / "xdg").string();
    std::filesystem::create_directories(program_.folder() / "xdg/sora-gen");
    program_.write("xdg/sora-gen/config.json", text);
  }
  json plan(std::vector<std::string> more) {
    more.insert(more.end(), {"-p", "a", "--model", "wan21", "--dry-run", "--json"});
    const Finished finished = program_.run(more);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.code == 0 ? json::parse(finished.out) : json();
  }
  void expect(const std::vector<std::string>& line, int code, const std::string& text) {
    const Finished finished = program_.run(line);
    EXPECT_EQ(finished.code, code) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(text));
    EXPECT_EQ(lines(finished.err), 1) << finished.err;
  }

  Program program_;
};

constexpr const char* kConfig = R"({"steps": 9, "codec": "hevc", "seconds": "1s",
  "presets": {"mine": {"steps": 3, "frames": 5}, "quick": {"preset": "fast", "crf": 30}}})";

TEST_F(Configured, DefaultsComeFromTheUsersFile) {
  configure(kConfig);
  EXPECT_EQ(plan({})["steps"], 9);
  EXPECT_EQ(plan({})["codec"], "hevc");
  EXPECT_EQ(plan({})["frames"], 16);
  EXPECT_EQ(plan({"--steps", "4"})["steps"], 4);
  EXPECT_EQ(plan({"--config", "none"})["codec"], "h264");
  program_.write("other.json", R"({"steps": 2})");
  EXPECT_EQ(plan({"--config", "other.json"})["steps"], 2);
  EXPECT_EQ(plan({"--config", "other.json"})["codec"], "h264") << "one file, not two";
  program_.environment.erase("XDG_CONFIG_HOME");
  EXPECT_EQ(plan({})["codec"], "h264");
  program_.environment["HOME"] = program_.folder().string();
  std::filesystem::create_directories(program_.folder() / ".config/sora-gen");
  program_.write(".config/sora-gen/config.json", kConfig);
  EXPECT_EQ(plan({})["codec"], "hevc");
}

TEST_F(Configured, PresetsCountMoreThanTheRestOfTheFileAndLessThanTheLine) {
  configure(kConfig);
  EXPECT_EQ(plan({"--preset", "mine"})["steps"], 3);
  EXPECT_EQ(plan({"--preset", "mine"})["frames"], 5);
  EXPECT_EQ(plan({"--preset", "mine"})["codec"], "hevc");
  EXPECT_EQ(plan({"--preset", "mine", "--steps", "4"})["steps"], 4);
  EXPECT_EQ(plan({"--preset", "mine", "--seconds", "2"})["frames"], 32);
  EXPECT_EQ(plan({"--preset", "quick"})["preset"], "fast");
  EXPECT_EQ(plan({"--preset", "quick"})["crf"], 30);
  EXPECT_EQ(plan({"--preset", "fast"})["preset"], "fast");
  expect({"-p", "a", "--preset", "mein"}, 64, "expected one of fast, none, mine, quick; did you mean mine?");
}

TEST_F(Configured, TheCommandLineCountsMoreThanALineOfAListAndThatMoreThanAPreset) {
  configure(kConfig);
  program_.write("list.jsonl", R"({"prompt": "a", "steps": 6, "crf": 20})"
                               "\n"
                               R"({"prompt": "b", "preset": "mine", "crf": 21})"
                               "\n"
                               R"({"prompt": "c", "preset": "mine", "steps": 7})"
                               "\n");
  const auto jobs = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--prompts", "list.jsonl", "--model", "wan21", "--print-config"});
    const Finished finished = program_.run(more);
    EXPECT_EQ(finished.code, 0) << finished.err;
    std::vector<json> result;
    std::istringstream text(finished.out);
    for (std::string line; std::getline(text, line);) result.push_back(json::parse(line));
    return result;
  };
  const auto plain = jobs({});
  ASSERT_EQ(plain.size(), 3U);
  EXPECT_EQ(plain[0]["steps"], 6);
  EXPECT_EQ(plain[1]["steps"], 3);
  EXPECT_EQ(plain[1]["frames"], 5);
  EXPECT_EQ(plain[2]["steps"], 7);
  EXPECT_EQ(plain[0]["sources"]["steps"], "prompts file");
  EXPECT_EQ(plain[1]["sources"]["steps"], "preset mine");
  EXPECT_EQ(plain[1]["sources"]["model"], "command line");
  EXPECT_THAT(plain[1]["sources"]["codec"].get<std::string>(), HasSubstr("config file /"));
  EXPECT_FALSE(plain[1]["sources"].contains("seed"));
  EXPECT_FALSE(plain[1]["sources"].contains("seconds")) << "frames stand for it";
  const auto flagged = jobs({"--steps", "4", "--crf", "25"});
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(flagged[i]["steps"], plain[i]["steps"]);
  EXPECT_EQ(flagged[1]["crf"], 25);
  EXPECT_EQ(flagged[1]["sources"]["crf"], "command line");
  EXPECT_EQ(flagged[1]["sources"]["steps"], "preset mine");

  const Finished dry = program_.run({"--prompts", "list.jsonl", "--model", "wan21", "--steps", "4",
                                     "--out-dir", "out", "--dry-run", "--json"});
  EXPECT_EQ(json::parse(dry.out.substr(0, dry.out.find('\n')))["steps"], 6) << dry.err;
}

TEST_F(Configured, PrintConfigSaysWhereValuesComeFrom) {
  configure(kConfig);
  const json config = json::parse(program_.run({"--print-config", "--preset", "mine", "--crf", "20"}).out);
  EXPECT_EQ(config["sources"]["crf"], "command line");
  EXPECT_EQ(config["sources"]["steps"], "preset mine");
  EXPECT_EQ(config["sources"]["frames"], "preset mine");
  EXPECT_EQ(config["sources"]["codec"],
            "config file " + (program_.folder() / "xdg/sora-gen/config.json").string());
  EXPECT_FALSE(config["sources"].contains("seconds")) << "frames stand for it";
  EXPECT_TRUE(config["preset"].is_null()) << "its options are there";
  program_.write("printed.json", config.dump());
  EXPECT_EQ(plan({"--config", "printed.json"})["steps"], 3);
}

TEST_F(Configured, ABrokenFileNamesThePlaceAndTheWayOut) {
  const std::string out = " (--config none goes on without it, --config FILE with another)";
  const std::vector<std::string> line{"-p", "a", "--model", "wan21"};
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"{\"steps\": ", "config.json: is not JSON: column 11"},
           {"[]", "holds no JSON object"},
           {R"({"step": 3})", "\"step\" is not an option; did you mean \"steps\"?"},
           {R"({"steps": "many"})", "steps is \"many\", expected a whole number"},
           {R"({"preset": "mine", "presets": {"mine": {}}})", "preset is \"mine\", expected fast or none"},
           {R"({"presets": []})", "presets is no object"},
           {R"({"presets": {"mine": 7}})", "presets.mine is no object of options"},
           {R"({"presets": {"mine": {"setps": 7}}})",
            "presets.mine: \"setps\" is not an option; did you mean \"steps\"?"},
           {R"({"presets": {"mine": {"steps": "x"}}})",
            "presets.mine: steps is \"x\", expected a whole number"},
           {R"({"presets": {"mine": {"preset": "other"}}})", "presets.mine: preset is \"other\""},
           {R"({"presets": {"fast": {}}})", "presets.fast: fast and none are the program's own"}}) {
    configure(text);
    expect(line, 65, message);
    expect(line, 65, out);
  }
  configure("{");
  EXPECT_EQ(program_.run({"--help"}).code, 0);
  EXPECT_EQ(plan({"--config", "none"})["steps"], 50);
}

TEST_F(Configured, ServeTakesPresetsToo) {
  configure(kConfig);
  program_.input = "{\"plan\": true, \"id\": \"x\", \"prompt\": \"a\", \"preset\": \"mine\"}\n";
  const Finished served = program_.run({"serve", "--stdio", "--model", "wan21"});
  EXPECT_THAT(served.out, HasSubstr("\"steps\":3"));
}

TEST_F(Configured, RerunAndStoryboardsTakePresets) {
  configure(kConfig);
  ASSERT_EQ(program_.run({"-p", "a", "--model", "wan21", "--seed", "7", "--sidecar", "-o", "x.mp4"}).code, 0);
  const json again =
      json::parse(program_.run({"rerun", "x.mp4.json", "--preset", "mine", "--dry-run", "--json"}).out);
  EXPECT_EQ(again["steps"], 3);
  program_.write("story.json", R"({"shots": [{"time": 0, "prompt": "a"}], "steps": 6})");
  const json story = json::parse(
      program_
          .run({"storyboard", "story.json", "--preset", "mine", "--model", "wan21", "--dry-run", "--json"})
          .out);
  EXPECT_EQ(story["steps"], 6) << "the story's own";
  EXPECT_EQ(story["frames"], 5);
}

}  // namespace
}  // namespace sora::test
