// The verbs that begin from files, on the command line, in prompts files and in what finished files say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> usual{"--model", "wan21", "--seed", "7"};

std::vector<std::string> with_usual(std::vector<std::string> line) {
  line.insert(line.end(), usual.begin(), usual.end());
  return line;
}

TEST(Verbs, TakeTheirFilesFromTheLine) {
  Program program;
  program.write("a picture.png", "x");
  program.write("clip.mp4", "x");
  const auto plan = [&](std::vector<std::string> line) {
    line.insert(line.end(), {"--dry-run", "--json"});
    const Finished finished = program.run(with_usual(line));
    EXPECT_EQ(finished.code, 0) << finished.err;
    return json::parse(finished.out);
  };
  const json animate = plan({"animate", "a picture.png", "--prompt", "waves"});
  EXPECT_EQ(animate["verb"], "animate");
  EXPECT_NEAR(animate["width"].get<double>() / animate["height"].get<double>(), 1.5, 0.05)
      << "the picture's shape";
  const json extend = plan({"extend", "clip.mp4", "--seconds", "2"});
  EXPECT_EQ(extend["width"], 128);
  EXPECT_EQ(extend["fps"], 12.0);
  EXPECT_EQ(extend["frames"], 24);
  EXPECT_EQ(plan({"connect", "clip.mp4", "clip.mp4", "--seconds", "1"})["windows"].back()["held_end"], 1);
  EXPECT_EQ(plan({"loop", "clip.mp4"})["verb"], "loop");
  EXPECT_EQ(plan({"loop", "--prompt", "waves"})["verb"], "loop");
  const json remix = plan({"remix", "clip.mp4", "--prompt", "snow", "--strength", "0.5", "--steps", "10"});
  EXPECT_EQ(remix["frames"], 24);
  EXPECT_EQ(remix["first_step"], 5);
}

TEST(Verbs, NameTheOutputAfterThePromptOrTheFile) {
  Program program;
  program.write("a picture.png", "x");
  EXPECT_EQ(program.run(with_usual({"animate", "a picture.png"})).code, 0);
  EXPECT_EQ(program.run(with_usual({"animate", "a picture.png", "--prompt", "waves"})).code, 0);
  EXPECT_THAT(program.files(), ElementsAre("a picture.png", "animate-a-picture-7.mp4", "waves-7.mp4"));
}

TEST(Verbs, SayWhatIsMissingDamagedOrTooMuchBeforeAnyWork) {
  Program program;
  program.write("damaged.mp4", "x");
  program.write("picture.png", "x");
  program.write("clip.mp4", "x");
  const auto expect = [&](std::vector<std::string> line, int code, const char* text) {
    const Finished finished = program.run(with_usual(std::move(line)));
    EXPECT_EQ(finished.code, code) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(text));
  };
  expect({"extend", "missing.mp4"}, 66, "missing.mp4");
  expect({"extend", "damaged.mp4"}, 65, "damaged.mp4");
  expect({"extend", "picture.png"}, 65, "sora-gen animate begins from a picture");
  expect({"extend"}, 64, "extend needs a file");
  expect({"connect", "clip.mp4"}, 64, "connect needs two files");
  expect({"loop", "clip.mp4", "clip.mp4"}, 64, "loop takes no \"clip.mp4\"");
  expect({"extend", "clip.mp4", "--strength", "0.5"}, 64, "it goes with remix");
  expect({"extend", "clip.mp4", "--input", "clip.mp4"}, 64, "leave one of them out");
  EXPECT_THAT(program.files(), ElementsAre("clip.mp4", "damaged.mp4", "picture.png"));
}

TEST(Verbs, StandInAPromptsFileAndAChangedInputIsAnotherJob) {
  Program program;
  program.write("picture.png", "x");
  program.write("list.jsonl", R"({"verb": "animate", "image": "picture.png", "prompt": "waves"})"
                              "\n"
                              R"({"prompt": "a fox"})"
                              "\n");
  const std::vector<std::string> line{"--prompts", "list.jsonl", "--out-dir", "out", "--model", "wan21"};
  ASSERT_EQ(program.run(line).code, 0);
  std::vector<std::string> dry = line;
  dry.insert(dry.end(), {"--dry-run", "--overwrite"});
  EXPECT_THAT(program.run(dry).out, HasSubstr("2 jobs, 2 done"));
  program.write("picture.png", "y");
  EXPECT_THAT(program.run(dry).out, HasSubstr("2 jobs, 1 done"));
}

}  // namespace
}  // namespace sora::test
