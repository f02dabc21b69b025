// What a user sees of a successful run, and of one that fails in the library.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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
using testing::Not;
using testing::StartsWith;

std::vector<std::string> make(const std::string& prompt, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--prompt", prompt, "--model", "wan21", "--seed", "7"});
  return more;
}

TEST(Run, NamesTheFileAfterThePromptAndTheSeed) {
  Program program;
  const Finished finished = program.run(make("A lighthouse, in a storm!"));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre("a-lighthouse-in-a-storm-7.mp4"));
  EXPECT_THAT(finished.out, IsEmpty());
  EXPECT_THAT(finished.err,
              HasSubstr("a-lighthouse-in-a-storm-7.mp4: 13 B, 81 frames, seed 7, made in 1.5 s\n"));
}

TEST(Run, DrawsASeedAndSaysWhich) {
  Program program;
  const Finished first = program.run({"--prompt", "a", "--model", "wan21"});
  const Finished second = program.run({"--prompt", "a", "--model", "wan21"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("seed "));
  EXPECT_NE(first.err, second.err);
  EXPECT_EQ(program.files().size(), 2U);
}

TEST(Run, TakesAnEmptyPromptForAMistakeAndABlankOneForNone) {
  Program program;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--prompt="}, {"--prompt", ""}}) {
    std::vector<std::string> line = words;
    line.insert(line.end(), {"--model", "wan21", "--seed", "7"});
    const Finished finished = program.run(line);
    EXPECT_EQ(finished.code, 64);
    EXPECT_THAT(finished.err, HasSubstr("--prompt is empty, as with a variable that is not set"));
    EXPECT_THAT(program.files(), IsEmpty());
  }
  EXPECT_EQ(program.run({"-p", " ", "--model", "wan21", "--seed", "7"}).code, 0);
  EXPECT_THAT(program.files(), ElementsAre("video-7.mp4"));
}

TEST(Run, OverwritesOnlyWhenAsked) {
  Program program;
  program.write("a.mp4", "old");
  EXPECT_EQ(program.run(make("a", {"-o", "a.mp4"})).code, 73);
  EXPECT_EQ(program.read("a.mp4"), "old");
  EXPECT_EQ(program.run(make("a", {"-o", "a.mp4", "--overwrite"})).code, 0);
  EXPECT_EQ(program.read("a.mp4"), "a fake video\n");
}

TEST(Run, ReadsThePromptFromStdinAndFromAFile) {
  Program program;
  program.input = "a red fox\n";
  EXPECT_EQ(program.run({"--prompt", "-", "--model", "wan21", "--seed", "7"}).code, 0);
  program.write("prompt.txt", "a blue fox\r\n");
  EXPECT_EQ(program.run({"--prompt-file", "prompt.txt", "--model", "wan21", "--seed", "7"}).code, 0);
  EXPECT_THAT(program.files(), ElementsAre("a-blue-fox-7.mp4", "a-red-fox-7.mp4", "prompt.txt"));
}

TEST(Run, WritesNothingButTheVideoToStdout) {
  Program program;
  const Finished finished = program.run(make("it says much", {"-o", "-", "-vv"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.out, "a fake video\n");
  EXPECT_THAT(finished.err, HasSubstr("a debug message"));
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST(Run, EndsQuietlyWhenTheReaderOfStdoutIsGone) {
  Program program;
  program.close_stdout = true;
  const Finished finished = program.run(make("a", {"-o", "-", "--progress", "none"}));
  EXPECT_EQ(finished.code, 141);
  EXPECT_THAT(finished.err, IsEmpty());
  EXPECT_EQ(program.run({"--help"}).code, 141);
}

TEST(Run, PrintsTheResultAsJson) {
  Program program;
  const Finished finished = program.run(make("a", {"--json", "-o", "a.mp4"}));
  ASSERT_EQ(finished.code, 0) << finished.err;
  const json result = json::parse(finished.out);
  EXPECT_EQ(result["output"], "a.mp4");
  EXPECT_EQ(result["bytes"], 13);
  EXPECT_EQ(result["frames"], 81);
  EXPECT_EQ(result["seed"], 7);
  EXPECT_EQ(result["sha256"].get<std::string>().size(), 64U);
}

TEST(Run, PrintsThePlanAndMakesNothing) {
  Program program;
  const Finished text = program.run(make("a", {"--dry-run"}));
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("wan21"));
  const Finished object = program.run(make("a", {"--dry-run", "--json", "--steps", "9"}));
  EXPECT_EQ(json::parse(object.out)["steps"], 9);
  EXPECT_EQ(json::parse(object.out)["seed"], 7);
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST(Run, TakesTheLaterOfTwoFlags) {
  Program program;
  const Finished finished = program.run(make("a", {"--dry-run", "--json", "--steps", "9", "--steps", "5"}));
  EXPECT_EQ(json::parse(finished.out)["steps"], 5);
}

TEST(Log, HasLevels) {
  Program program;
  const auto err = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"-o", "a.mp4", "--overwrite", "--progress", "none"});
    return program.run(make("it says much", more)).err;
  };
  EXPECT_THAT(err({"-q"}), IsEmpty());
  EXPECT_THAT(err({}), StartsWith("sora-gen: warning: a warning message\na.mp4: "));
  EXPECT_THAT(err({"-v"}), HasSubstr("an info message"));
  EXPECT_THAT(err({"-v"}), Not(HasSubstr("a debug message")));
  EXPECT_THAT(err({"-vv"}), HasSubstr("a debug message"));
}

TEST(Log, GoesToAFileWithTheTime) {
  Program program;
  const Finished finished = program.run(make("it says much and fails 74", {"--log-file", "log.txt"}));
  EXPECT_EQ(finished.code, 74);
  EXPECT_THAT(finished.err, Not(HasSubstr("an info message")));
  EXPECT_THAT(program.read("log.txt"), HasSubstr(" info an info message\n"));
  EXPECT_THAT(program.read("log.txt"), HasSubstr(" error [fake] it failed as asked\n"));
  EXPECT_THAT(program.read("log.txt"), testing::ContainsRegex("^20[0-9-]+T[0-9:.]+[+-][0-9:]+ "));
}

TEST(Failure, HasTheExitCodeOfItsKind) {
  for (const int code : {64, 65, 66, 69, 70, 73, 74, 75, 77}) {
    Program program;
    const Finished finished = program.run(make("it fails " + std::to_string(code), {"--progress", "none"}));
    EXPECT_EQ(finished.code, code);
    EXPECT_EQ(finished.err, "sora-gen: [fake] it failed as asked\n");
    EXPECT_THAT(program.files(), IsEmpty());
  }
}

TEST(Failure, OfAnotherKindIsABugInOneLine) {
  Program program;
  const Finished finished = program.run(make("it throws", {"--progress", "none"}));
  EXPECT_EQ(finished.code, 70);
  EXPECT_THAT(finished.err, StartsWith("sora-gen: [internal] something broke; this is a bug"));
  EXPECT_EQ(lines(finished.err), 1);
}

TEST(Failure, ForLackOfMemorySaysWhatHelps) {
  Program program;
  const Finished finished = program.run(make("no memory", {"--progress", "none"}));
  EXPECT_EQ(finished.code, 69);
  EXPECT_THAT(finished.err, HasSubstr("try a smaller --res"));
}

TEST(Failure, OfThreadsForLackOfMemorySaysWhatHelps) {
  Program program;
  const Finished finished = program.run(make("no threads", {"--progress", "none"}));
  EXPECT_EQ(finished.code, 69);
  EXPECT_THAT(finished.err, HasSubstr("ulimit"));
  EXPECT_EQ(lines(finished.err), 1);
}

TEST(Failure, ThatIsNoExceptionIsABugInOneLine) {
  Program program;
  const Finished finished = program.run(make("throws 42", {"--progress", "none"}));
  EXPECT_EQ(finished.code, 70);
  EXPECT_THAT(finished.err, StartsWith("sora-gen: [internal] "));
  EXPECT_EQ(lines(finished.err), 1);
}

TEST(Failure, ThatNobodyCanCatchLeavesOneLineAndNoFile) {
  for (const char* prompt : {"throws alone", "exits"}) {
    Program program;
    const Finished finished = program.run(make(prompt, {"--progress", "none"}));
    EXPECT_EQ(finished.code, 69) << prompt;
    EXPECT_THAT(finished.err, HasSubstr("sora-gen: [memory] "));
    EXPECT_EQ(lines(finished.err), 1) << finished.err;
    EXPECT_THAT(program.files(), IsEmpty());
  }
}

TEST(Config, GoesRoundThroughPrintConfig) {
  Program program;
  const std::vector<std::string> line{"--prompt",
                                      "a \"fox\"\n",
                                      "--negative-prompt",
                                      "",
                                      "--seconds",
                                      "2.5",
                                      "--seed",
                                      "18446744073709551615",
                                      "--res",
                                      "720p",
                                      "--overwrite",
                                      "--progress",
                                      "json",
                                      "-vv",
                                      "--steps",
                                      "9",
                                      "--lora",
                                      "a.safetensors:0.5",
                                      "--text-encoder",
                                      "t5.gguf",
                                      "--lora",
                                      "b.safetensors",
                                      "--print-config"};
  const Finished first = program.run(line);
  ASSERT_EQ(first.code, 0) << first.err;
  const json config = json::parse(first.out);
  EXPECT_EQ(config["prompt"], "a \"fox\"\n");
  EXPECT_EQ(config["negative_prompt"], "");
  EXPECT_EQ(config["seed"], 18446744073709551615U);
  EXPECT_EQ(config["seconds"], 2.5);
  EXPECT_EQ(config["frames"], nullptr);
  EXPECT_EQ(config["text_encoder"], "t5.gguf");
  EXPECT_EQ(config["lora"], (json{"a.safetensors:0.5", "b.safetensors"}));
  EXPECT_EQ(config["lora_2"], json::array());
  program.write("config.json", first.out);
  const json again = json::parse(program.run({"--config", "config.json", "--print-config"}).out);
  const json before = json::parse(first.out);
  for (const auto& item : before.items()) {
    if (item.key() == "sources") continue;
    EXPECT_EQ(again[item.key()], item.value()) << item.key();
  }
  EXPECT_EQ(before["sources"]["seed"], "command line");
  EXPECT_EQ(again["sources"]["seed"], "config file config.json");
}

TEST(Config, OfNothingIsAbsentThroughout) {
  Program program;
  const Finished first = program.run({"--print-config"});
  EXPECT_EQ(json::parse(first.out)["sources"], json::object());
  program.write("config.json", first.out);
  EXPECT_EQ(program.run({"--config", "config.json"}).code, 64);  // still no prompt
}

TEST(Config, GivesWayToFlags) {
  Program program;
  program.write("config.json", R"({"prompt": "a", "model": "wan21", "seconds": 4, "steps": 9, "seed": 7})");
  const Finished finished =
      program.run({"--dry-run", "--json", "--config", "config.json", "--frames", "5", "--steps", "3"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const json plan = json::parse(finished.out);
  EXPECT_EQ(plan["steps"], 3);
  EXPECT_EQ(plan["frames"], 5);  // one length replaces the other
  EXPECT_EQ(plan["seed"], 7);
}

TEST(Library, ThatIsMissingIsSaidBeforeAnyFileIsMade) {
  Program program;
  program.move_out(false);
  const Finished finished = program.run(make("a", {"--progress", "none"}));
  EXPECT_EQ(finished.code, 69);
  EXPECT_THAT(finished.err, StartsWith("sora-gen: [library] libsora.so: "));
  EXPECT_EQ(lines(finished.err), 1);
  EXPECT_THAT(program.files(), IsEmpty());
  EXPECT_EQ(program.run({"doctor"}).code, 69);
}

// How quick that makes it is measured by scripts/bench/answers.py.
TEST(Help, NeedsNoLibraryAndShowsWhatIsNeededFirst) {
  Program program;
  program.move_out(false);
  const Finished finished = program.run({"--help"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.err, IsEmpty());
  EXPECT_THAT(finished.out, HasSubstr("sora-gen --prompt \"a lighthouse by the sea\""));
  EXPECT_THAT(finished.out, Not(HasSubstr("--init-noise")));
  EXPECT_LT(lines(finished.out), 60);
}

TEST(Help, ListsEveryOptionAndFitsAnOrdinaryTerminal) {
  Program program;
  const Finished finished = program.run({"--help-all"});
  const json config = json::parse(program.run({"--print-config"}).out);
  for (const auto& item : config.items()) {
    if (item.key() == "sources") continue;
    std::string flag = "--" + item.key();
    std::replace(flag.begin(), flag.end(), '_', '-');
    EXPECT_THAT(finished.out, HasSubstr(flag + " ")) << item.key();
  }
  std::istringstream text(finished.out);
  for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Version, IsOneLine) {
  Program program;
  const Finished finished = program.run({"--version"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, testing::ContainsRegex("^sora-gen [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
}

TEST(Models, ListsThoseOnTheSearchPathAndSaysWhichAreDamaged) {
  Program program;
  std::filesystem::create_directory(program.folder() / "damaged");
  program.write("damaged/model_index.json", "{");
  program.environment["SORA_GEN_MODELS"] += ":" + program.folder().string();
  const Finished text = program.run({"models"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("wan21\n  family   Wan (WanPipeline)\n"));
  EXPECT_THAT(text.out, HasSubstr("damaged\n  unusable "));
  EXPECT_THAT(text.out, HasSubstr("  memory   fits: "));
  EXPECT_THAT(text.out,
              testing::ContainsRegex("wan2.1-t2v-14b +1280x720, 81 frames, .*fit.*: .* GB with --off"));
  const json list = json::parse(program.run({"models", "--json"}).out);
  bool found = false;
  for (const json& model : list) {
    found = found || model["name"] == "wan21";
    EXPECT_EQ(model["usable"], model["name"] != "damaged") << model;
    EXPECT_EQ(model.contains("memory"), model["usable"]) << model;
  }
  EXPECT_TRUE(found);
}

TEST(Doctor, SaysWhatWorksAndWhatIsMissing) {
  Program program;
  const Finished text = program.run({"doctor"});
  EXPECT_EQ(text.code, 0) << text.out << text.err;
  EXPECT_THAT(text.out, testing::ContainsRegex("ok +libtorch +0.0.0\n"));
  EXPECT_THAT(text.out, testing::ContainsRegex("ok +codec h264 +libx264\n"));
  EXPECT_THAT(text.out,
              testing::ContainsRegex("ok +test of cpu +product 61 GFLOP/s, convolution 10 GFLOP/s\n"));
  EXPECT_THAT(text.out, testing::ContainsRegex("ok +device cuda:0 +NVIDIA GPU, 24 GB of 25 GB free\n"));
  EXPECT_THAT(text.out, testing::ContainsRegex("- +test of cuda:0 +attention: wrong numbers; use --device"));
  EXPECT_THAT(text.out, testing::ContainsRegex("- +codec av1 +no encoder; install"));
  const json report = json::parse(program.run({"doctor", "--json"}).out);
  EXPECT_EQ(report["works"], true);
  EXPECT_EQ(report["library"]["libtorch"], "0.0.0");
}

TEST(Doctor, FailsWhenThereIsNoModel) {
  Program program;
  program.move_out(true);
  EXPECT_EQ(program.run({"doctor"}).code, 0);
  program.environment["SORA_GEN_MODELS"] = "/nowhere";
  const Finished finished = program.run({"doctor"});
  EXPECT_EQ(finished.code, 69);
  EXPECT_THAT(finished.out, testing::ContainsRegex("MISSING +models +none found; set SORA_GEN_MODELS"));
}

}  // namespace
}  // namespace sora::test
