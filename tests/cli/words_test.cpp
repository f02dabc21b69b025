// What is said of prompts and options on a plain run, in batches and to programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "places.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The shipped model, which has a list of words.
const std::vector<std::string> usual{
    "--model", (source_folder() / "models/default").string(), "--seed", "7", "--progress", "none"};

std::vector<std::string> with(std::vector<std::string> line) {
  line.insert(line.end(), usual.begin(), usual.end());
  return line;
}

int count(const std::string& text, const std::string& part) {
  int times = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++times;
  return times;
}

constexpr const char* kStorm = "has never seen \"storm\" (nearest: rain)";

TEST(Words, ThatAreUnknownAreOneLineOfARun) {
  Program program;
  const Finished made = program.run(with({"--prompt", "a storm over the red sea", "--json", "-o", "a.mp4"}));
  EXPECT_EQ(made.code, 0);
  EXPECT_EQ(made.err, std::string("sora-gen: warning: the model ") + kStorm +
                          "; what it makes of that is a guess\n" + made.err.substr(made.err.find("a.mp4")));
  const json result = json::parse(made.out);
  EXPECT_EQ(result["unknown_words"], json({"storm"}));
  EXPECT_EQ(result["nearest_words"], json({{"storm", "rain"}}));
  EXPECT_EQ(result["warnings"].size(), 1U);
  EXPECT_THAT(program.run(with({"--prompt", "a storm over the sea", "--dry-run"})).out, HasSubstr(kStorm));
  EXPECT_THAT(program.run(with({"--prompt", "a storm", "-q", "-o", "b.mp4"})).err, IsEmpty());
}

TEST(Words, ThatAreUnknownAreOneLineOfABatch) {
  Program program;
  const Finished counted =
      program.run(with({"--prompt", "a storm over the sea", "--count", "3", "-o", "a.mp4"}));
  EXPECT_EQ(counted.code, 0) << counted.err;
  EXPECT_EQ(count(counted.err, "never seen"), 1) << counted.err;
  EXPECT_THAT(counted.err, HasSubstr(std::string("warning: the model ") + kStorm));
  program.write("list.txt", "a storm over the sea\na red balloon\na giraffe on a beach in a storm\n");
  for (const char* how : {"--dry-run", "--overwrite"}) {
    const Finished list = program.run(with({"--prompts", "list.txt", "--out-dir", "out", how}));
    EXPECT_EQ(list.code, 0) << list.err;
    EXPECT_EQ(count(list.err, "never seen"), 1) << list.err;
    EXPECT_THAT(list.err, HasSubstr(std::string("2 of 3 jobs: the model ") + kStorm + " and \"giraffe\""));
  }
}

TEST(Words, ThatAreUnknownAreRefusedWhereThatIsAskedFor) {
  Program program;
  const Finished one = program.run(with({"--prompt", "a storm", "--strict-words"}));
  EXPECT_EQ(one.code, 64);
  EXPECT_THAT(one.err, HasSubstr(kStorm));
  EXPECT_EQ(lines(one.err), 1);
  program.write("list.txt", "a red balloon\na storm\n");
  const Finished list = program.run(with({"--prompts", "list.txt", "--out-dir", "out", "--strict-words"}));
  EXPECT_EQ(list.code, 65);
  EXPECT_THAT(list.err, HasSubstr("list.txt:2: the model"));
  EXPECT_FALSE(std::filesystem::exists(program.folder() / "out/.sora-gen/journal.jsonl"));
}

TEST(Options, WithoutEffectAreSaidOnAPlainRun) {
  Program program;
  const Finished made =
      program.run(with({"-p", "a red balloon", "--negative-prompt", "rain", "--guidance", "5",
                        "--drift-control", "0.5", "--res", "2048x2048", "-o", "a.mp4"}));
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("warning: --guidance 5: guidance is folded into this model"));
  EXPECT_THAT(made.err, HasSubstr("warning: --drift-control has no effect"));
  EXPECT_THAT(made.err, HasSubstr("enlarged 16 times to 2048x2048"));
  const Finished off = program.run(with({"-p", "a red balloon", "--negative-prompt", "rain", "-o", "b.mp4"}));
  EXPECT_THAT(off.err,
              HasSubstr("warning: --negative-prompt has no effect: guidance is folded into this model"));
}

TEST(Options, TakeLengthsAndSizesAsPeopleWriteThem) {
  Program program;
  const auto plan = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"-p", "a", "--dry-run", "--json"});
    const Finished finished = program.run(with(more));
    EXPECT_EQ(finished.code, 0) << finished.err;
    return json::parse(finished.out);
  };
  EXPECT_EQ(plan({"--seconds", "5s"})["frames"], 40);
  EXPECT_EQ(plan({"--seconds", "500ms"})["frames"], 4);
  EXPECT_EQ(plan({"--seconds", "1m30s"})["frames"], 720);
  EXPECT_EQ(plan({"--seconds=1:30"})["frames"], 720);
  EXPECT_EQ(plan({"--res", "4k"})["width"], 3840);
  EXPECT_EQ(plan({"--res", "1440p"})["width"], 2560);
  EXPECT_EQ(plan({"--res", "8k"})["height"], 4320);
}

TEST(DryRun, CountsWhatTheFileWillHave) {
  Program program;
  program.write("clip.mp4", "x");  // two seconds at 12 frames a second
  const auto plan = [&](std::vector<std::string> line) {
    line.insert(line.end(), {"--model", "wan21", "--dry-run", "--json"});
    return json::parse(program.run(line).out);
  };
  EXPECT_EQ(plan({"loop", "clip.mp4", "--frames", "10"})["frames"], 34);
  EXPECT_EQ(plan({"loop", "clip.mp4", "--frames", "10"})["new_frames"], 10);
  EXPECT_EQ(plan({"loop", "clip.mp4", "--frames", "10", "--only-new"})["frames"], 10);
  EXPECT_EQ(plan({"connect", "clip.mp4", "clip.mp4", "--frames", "10"})["frames"], 58);
  EXPECT_EQ(plan({"extend", "clip.mp4", "--frames", "10"})["seconds"], 34.0 / 12);
  EXPECT_EQ(plan({"loop", "-p", "sea", "--frames", "17"})["frames"], 17);
  EXPECT_THAT(program.run({"loop", "clip.mp4", "--frames", "10", "--model", "wan21", "--dry-run"}).out,
              HasSubstr("34 frames of 128x96 at 12 fps, 2.8 s, of which 10 frames are new"));
}

TEST(Progress, IsInTheSameWordsInEveryMode) {
  Program program;
  const auto err = [&](const char* mode) {
    return program.run({"-p", "a", "--model", "wan21", "--progress", mode, "-o", "a.mp4", "--overwrite"}).err;
  };
  for (const char* words : {"loading the model", "denoising", "decoding"}) {
    for (const char* mode : {"plain", "json"}) EXPECT_THAT(err(mode), HasSubstr(words)) << mode;
  }
  EXPECT_THAT(err("plain"), Not(HasSubstr("denoise ")));
  EXPECT_THAT(err("json"), HasSubstr("\"phase\":\"denoise\",\"text\":\"denoising\""));
  program.on_terminal = true;
  EXPECT_THAT(err("bar"), HasSubstr("loading the model"));
}

}  // namespace
}  // namespace sora::test
