// The verbs that begin from files: on the command line, in prompts files, and in the parameters of videos.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/program.h"

namespace fs = std::filesystem;

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
  EXPECT_EQ(extend["new_frames"], 24);
  EXPECT_EQ(extend["frames"], 48) << "with those of the clip";
  EXPECT_EQ(plan({"connect", "clip.mp4", "clip.mp4", "--seconds", "1"})["windows"].back()["conditioning_end"],
            1);
  EXPECT_EQ(plan({"loop", "clip.mp4"})["verb"], "loop");
  EXPECT_EQ(plan({"loop", "--prompt", "waves"})["verb"], "loop");
  const json remix = plan({"remix", "clip.mp4", "--prompt", "snow", "--strength", "0.5", "--steps", "10"});
  EXPECT_EQ(remix["frames"], 24);
  EXPECT_EQ(remix["first_step"], 5);
}

TEST(Verbs, GoOnWithTheWordsOfTheFileUnlessThereAreOthers) {
  Program program;
  for (const char* name : {"draft.mp4", "draft picture.png", "story.mp4", "clip.mp4", "draft 2.mp4"})
    program.write(name, "x");
  const auto prompt = [&](std::vector<std::string> line) {
    line.insert(line.end(), {"--dry-run", "--json", "--frames", "9"});
    const Finished finished = program.run(with_usual(line));
    EXPECT_EQ(finished.code, 0) << finished.err;
    return json::parse(finished.out)["prompt"].get<std::string>();
  };
  EXPECT_EQ(prompt({"extend", "draft.mp4"}), "a fox");
  EXPECT_EQ(prompt({"extend", "draft.mp4", "--prompt", "a hare"}), "a hare");
  EXPECT_EQ(prompt({"extend", "draft.mp4", "--prompt", " "}), " ") << "none";
  EXPECT_EQ(prompt({"extend", "clip.mp4"}), "") << "does not say";
  EXPECT_EQ(prompt({"extend", "story.mp4"}), "snow");
  EXPECT_EQ(prompt({"extend", "story.mp4", "--backward"}), "a forest");
  program.write("connected.mp4", R"(a fake video that says {"generator": "sora-gen 0", "verb": "connect", )"
                                 R"("shots": ["0:00 a forest", "0:05 snow"]})");
  EXPECT_EQ(prompt({"extend", "connected.mp4"}), "snow");
  EXPECT_EQ(prompt({"extend", "connected.mp4", "--backward"}), "a forest");
  EXPECT_EQ(prompt({"animate", "draft picture.png"}), "a fox");
  EXPECT_EQ(prompt({"loop", "draft.mp4"}), "a fox");
  EXPECT_EQ(prompt({"remix", "draft.mp4"}), "a fox");
  EXPECT_EQ(prompt({"connect", "draft.mp4", "draft 2.mp4"}), "a fox");
  EXPECT_EQ(prompt({"connect", "draft.mp4", "clip.mp4"}), "a fox")
      << "at its start; the other clip does not say";
  const Finished said = program.run(with_usual({"extend", "draft.mp4", "-o", "more.mp4"}));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, HasSubstr("prompt: \"a fox\", with which the file was made\n"));
}

TEST(Verbs, NameTheOutputAfterThePromptOrTheFile) {
  Program program;
  program.write("a picture.png", "x");
  EXPECT_EQ(program.run(with_usual({"animate", "a picture.png"})).code, 0);
  EXPECT_EQ(program.run(with_usual({"animate", "a picture.png", "--prompt", "waves"})).code, 0);
  EXPECT_THAT(program.files(), ElementsAre("a picture.png", "animate-a-picture-7.mp4", "waves-7.mp4"));
}

TEST(Storyboard, ReadsAFileOrStdinAndFlagsWin) {
  Program program;
  program.write(
      "story.json",
      R"({"shots": [{"time": 0, "prompt": "a forest"}, {"time": 5, "prompt": "snow"}], "seconds": 9, "steps": 3})");
  program.write("story.txt", "0:00 a forest\r\n0:05 snow\r\n");
  const auto plan = [&](std::vector<std::string> line) {
    line.insert(line.end(), {"--dry-run", "--json", "--fps", "16"});
    const Finished finished = program.run(with_usual(line));
    EXPECT_EQ(finished.code, 0) << finished.err;
    return json::parse(finished.out);
  };
  const json from_json = plan({"storyboard", "story.json", "--steps", "4"});
  EXPECT_EQ(from_json["frames"], 144);
  EXPECT_EQ(from_json["steps"], 4);
  const json shots = json::parse(R"([{"time": 0.0, "prompt": "a forest"}, {"time": 5.0, "prompt": "snow"}])");
  EXPECT_EQ(from_json["shots"], shots);
  EXPECT_EQ(plan({"storyboard", "story.txt"})["shots"], shots);
  EXPECT_EQ(plan({"storyboard", "--shot", "0:00 a forest", "--shot", "5s snow"})["shots"], shots);
  program.input = "0:00 a forest\n0:05 snow\n";
  EXPECT_EQ(plan({"storyboard", "-"})["shots"], shots);
  EXPECT_EQ(program.run(with_usual({"storyboard", "story.txt"})).code, 0);
  EXPECT_EQ(program.read("a-forest-7.mp4"), "a fake video\n");
}

TEST(Storyboard, NamesTheLineOfWhatIsWrong) {
  Program program;
  program.write("late.txt", "0:00 a forest\n0:05 snow\n");
  program.write("bad.json", "[\n{]");
  program.write("image.json", R"([{"time": 0, "prompt": "a", "image": "gone.png"}])");
  const auto expect = [&](std::vector<std::string> line, int code, const char* text) {
    const Finished finished = program.run(with_usual(std::move(line)));
    EXPECT_EQ(finished.code, code) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(text));
  };
  expect({"storyboard", "late.txt", "--seconds", "4"}, 65, "late.txt:2: the shot begins at 0:05");
  expect({"storyboard", "late.txt", "--frames", "4"}, 64, "shot 2 begins at 0:05");
  expect({"storyboard", "bad.json"}, 65, "bad.json:2: is not JSON");
  expect({"storyboard", "image.json"}, 66, "image.json:1: the image gone.png does not exist");
  expect({"storyboard", "gone.txt"}, 66, "gone.txt");
  expect({"storyboard"}, 64, "storyboard needs its shots");
  expect({"storyboard", "late.txt", "--shot", "0:00 a"}, 64, "leave one of them out");
  EXPECT_THAT(program.files(), ElementsAre("bad.json", "image.json", "late.txt"));
}

TEST(Storyboard, IsInTheParametersAndMadeAgainFromThem) {
  Program program;
  EXPECT_EQ(program
                .run(with_usual({"storyboard", "--shot", "0:00 a forest", "--shot", "0:05 snow", "--sidecar",
                                 "-o", "x.mp4"}))
                .code,
            0);
  const Finished shown = program.run({"inspect", "x.mp4.json"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("shot              0:00 a forest\n                  0:05 snow\n"));
  const Finished again = program.run({"rerun", "x.mp4.json", "--dry-run", "--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  const json plan = json::parse(again.out);
  EXPECT_EQ(plan["verb"], "storyboard");
  EXPECT_EQ(plan["shots"][1]["prompt"], "snow");
  EXPECT_EQ(plan["seed"], 7);
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
  expect({"extend", "clip.mp4", "--strength", "0.5"}, 64, "it goes with finish, remix");
  expect({"extend", "clip.mp4", "--input", "clip.mp4"}, 64, "leave one of them out");
  EXPECT_THAT(program.files(), ElementsAre("clip.mp4", "damaged.mp4", "picture.png"));
}

TEST(Verbs, FinishTakesItsPromptSeedAndModelFromTheDraft) {
  Program program;
  program.write("draft.mp4", "x");
  program.write("clip.mp4", "x");
  const Finished dry = program.run({"finish", "draft.mp4", "--res", "512x384", "--dry-run"});
  ASSERT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("verb      finish draft.mp4"));
  EXPECT_THAT(dry.out, HasSubstr("\"a fox\""));
  EXPECT_THAT(dry.out, HasSubstr("24 frames of 512x384 at 12 fps"));
  EXPECT_THAT(dry.out, HasSubstr("seed 5"));
  EXPECT_THAT(dry.out, HasSubstr("the draft is made again from its seed"));
  EXPECT_THAT(dry.out, HasSubstr("made larger in"));
  const json plan = json::parse(
      program.run({"finish", "draft.mp4", "--res", "512x384", "--strength", "0.5", "--dry-run", "--json"})
          .out);
  EXPECT_EQ(plan["stages"].back()["width"], 512);
  EXPECT_TRUE(plan["tiles"].is_null()) << "the model knows the size: one tile covers it";

  const Finished frames = program.run(with_usual({"finish", "clip.mp4", "--res", "512x384", "--dry-run"}));
  EXPECT_THAT(frames.out, HasSubstr("file are used: it does not say how it was made"));
  const auto expect = [&](std::vector<std::string> line, int code, const char* text) {
    const Finished finished = program.run(std::move(line));
    EXPECT_EQ(finished.code, code) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(text));
  };
  expect({"finish"}, 64, "finish needs a file");
  expect({"finish", "draft.mp4"}, 64, "finish needs --res");
  expect({"finish", "draft.mp4", "--res", "64x48"}, 64, "not larger than the draft");
  expect({"finish", "missing.mp4", "--res", "512x384"}, 66, "missing.mp4");
  expect({"extend", "clip.mp4", "--draft"}, 64, "--draft means nothing to extend");
  ASSERT_EQ(program.run({"finish", "draft.mp4", "--res", "512x384"}).code, 0);
  EXPECT_THAT(program.files(), ElementsAre("clip.mp4", "draft.mp4", "finish-draft-5.mp4"));
}

TEST(Verbs, FinishUsesTheDefaultModelWhereItIsNamedAndTheDraftsWhereNoneIs) {
  Program program;
  program.write("draft.mp4", "x");
  const fs::path installed = program.environment["SORA_GEN_MODELS"], models = program.folder() / "models";
  fs::create_directory(models);
  fs::create_directory_symlink(installed / "wan21", models / "wan21");
  fs::create_directory_symlink(installed / "ti2v", models / "default");
  program.environment["SORA_GEN_MODELS"] = models.string();
  program.write("list.jsonl",
                R"({"verb": "finish", "input": "draft.mp4", "res": "512x384", "model": "default"})"
                "\n");
  const std::vector<std::string> line{"finish", "draft.mp4", "--res", "512x384", "--dry-run", "--json"};
  const auto pipeline_of = [&](std::vector<std::string> arguments) {
    const Finished finished = program.run(std::move(arguments));
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.code == 0 ? json::parse(finished.out)["model"].dump() : "";
  };
  std::vector<std::string> named = line;
  named.insert(named.end(), {"--model", "default"});
  EXPECT_THAT(pipeline_of(line), HasSubstr("wan21"));
  EXPECT_THAT(pipeline_of(named), HasSubstr("ti2v"));
  const Finished batch = program.run({"--prompts", "list.jsonl", "--out-dir", "out", "--dry-run", "--json"});
  EXPECT_THAT(batch.out, HasSubstr("ti2v")) << batch.err;
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
