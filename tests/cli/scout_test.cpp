// scout and pick: many seeds tried quickly, and the chosen ones finished. The fake library takes files with
// "draft" in their path for drafts of --draft (tests/cli/fake).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"
#include "core/sha256.h"

namespace sora::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> scout(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"scout", "--prompt", "a fox", "--model", "wan21"});
  return more;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() != ".sora-gen") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A folder as a scout leaves it, of one draft that is said to be `output`, in a file that says `parameters`.
void write_folder(const Program& program, const std::string& folder, const std::string& output,
                  const std::string& parameters) {
  const std::string video = "a fake video that says " + parameters;
  fs::create_directories(program.folder() / folder / ".sora-gen");
  program.write(folder + "/" + output, video);
  const json listed{{"key", "k"}, {"output", output}, {"prompt", "a fox"}};
  const json done{{"event", "done"},       {"key", "k"},
                  {"output", output},      {"time", 1},
                  {"bytes", video.size()}, {"sha256", sha256_hex(video)},
                  {"frames", 9},           {"seconds", 1}};
  program.write(folder + "/.sora-gen/jobs.jsonl", listed.dump() + "\n");
  program.write(folder + "/.sora-gen/journal.jsonl", done.dump() + "\n");
}

const std::string kQuick =
    R"({"generator": "sora-gen )" SORA_GEN_VERSION
    R"(", "prompt": "a fox", "model": "wan21", "seed": 5, "steps": 3, "res": "64x48"})";

TEST(Scout, MakesNineNumberedDraftsWithAPageOfCommands) {
  Program program;
  const Finished finished = program.run(scout());
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto names = names_in(program.folder() / "scout/a-fox");
  ASSERT_EQ(names.size(), 10U);
  EXPECT_TRUE(names.front().starts_with("01-") && names.at(8).starts_with("09-"));
  const std::string page = program.read("scout/a-fox/index.html");
  EXPECT_THAT(page, AllOf(HasSubstr("<h1>a fox</h1>"), HasSubstr("<span class=\"number\">9</span>"),
                          HasSubstr("<code>sora-gen pick 9 scout/a-fox</code>"), HasSubstr("9 done")));
  EXPECT_THAT(page, Not(HasSubstr("location.reload"))) << "it is not filling any more";
  EXPECT_THAT(finished.err, HasSubstr("sora-gen pick NUMBER scout/a-fox finishes one"));
}

TEST(Scout, ContinuesAndALargerCountAddsDrafts) {
  Program program;
  EXPECT_EQ(program.run(scout({"--count", "2"})).code, 0);
  const auto before = names_in(program.folder() / "scout/a-fox");
  const Finished more = program.run(scout({"--count", "3"}));
  EXPECT_EQ(more.code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("1 made, 2 done before"));
  for (const std::string& name : before)
    EXPECT_THAT(names_in(program.folder() / "scout/a-fox"), Contains(name));
}

TEST(Scout, DraftsOfOtherSettingsGetAFolderOfTheirOwnOrAreReplaced) {
  Program program;
  EXPECT_EQ(program.run(scout({"--count", "1", "--seed", "5"})).code, 0);
  const std::vector<std::string> other = scout({"--count", "1", "--seed", "5", "--steps", "5"});
  const Finished refused = program.run(other);
  EXPECT_EQ(refused.code, 73);
  EXPECT_THAT(refused.err, HasSubstr("scout/a-fox/01-5.mp4: exists already, with other settings than these; "
                                     "give these a folder of their own, as in --out-dir scout/a-fox-2, or "
                                     "add --overwrite"));
  EXPECT_THAT(refused.err, Not(HasSubstr("--name")));
  for (const std::vector<std::string>& way_out :
       {std::vector<std::string>{"--out-dir", "scout/a-fox-2"}, {"--overwrite"}}) {
    std::vector<std::string> line = other;
    line.insert(line.end(), way_out.begin(), way_out.end());
    EXPECT_EQ(program.run(line).code, 0) << way_out.front();
  }
  const Finished numbered = program.run(scout({"--count", "1", "--seed", "5", "--steps", "7"}));
  EXPECT_THAT(numbered.err, HasSubstr("--out-dir scout/a-fox-3,")) << "the first that is free";
}

TEST(Scout, ThePageFillsWhileItRunsAndAnInterruptLeavesItWhole) {
  Program program;
  program.start({"scout", "--prompt", "a slow fox", "--model", "wan21", "--count", "3"});
  ASSERT_TRUE(program.wait_for_stderr("[1/3]"));
  EXPECT_THAT(program.read("scout/a-slow-fox/index.html"), HasSubstr("location.reload"));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait().code, 130);
  EXPECT_THAT(program.read("scout/a-slow-fox/index.html"),
              AllOf(HasSubstr("3 left"), Not(HasSubstr("location.reload"))));
  const Finished pick = program.run({"pick", "1"});
  EXPECT_EQ(pick.code, 66);
  EXPECT_THAT(pick.err, HasSubstr("draft 1 in scout/a-slow-fox is not made yet"));
}

// A PNG file of one red pixel.
std::string red_pixel() {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = 1;
  image.format = PNG_FORMAT_RGB;
  const std::array<unsigned char, 3> red{255, 0, 0};
  std::string file(1000, '\0');
  png_alloc_size_t bytes = file.size();
  EXPECT_NE(png_image_write_to_memory(&image, file.data(), &bytes, 0, red.data(), 0, nullptr), 0);
  file.resize(bytes);
  return file;
}

TEST(Scout, ShowsItsDraftsAsNumberedPicturesOnATerminal) {
  Program program;
  EXPECT_EQ(program.run(scout({"--count", "2"})).code, 0);
  std::istringstream listed(program.read("scout/a-fox/.sora-gen/jobs.jsonl"));
  bool damaged = true;  // the first picture is no PNG, and is left out
  for (std::string line; std::getline(listed, line); damaged = false) {
    const std::string key = json::parse(line)["key"].get<std::string>().substr(0, 32);
    program.write("scout/a-fox/.sora-gen/posters/" + key + ".png", damaged ? "none" : red_pixel());
  }
  program.on_terminal = true;
  program.environment["COLORTERM"] = "truecolor";
  const Finished finished = program.run(scout({"--count", "2"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err,
              AllOf(HasSubstr("\x1b[1G2"), HasSubstr("\x1b[38;2;255;0;0m"), Not(HasSubstr("\x1b[1G1"))));
}

TEST(Scout, RefusesWhatItDoesNotTake) {
  Program program;
  program.write("p.txt", "one\n");
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"scout", "--prompts", "p.txt"},
                                                    scout({"-o", "x.mp4"}),
                                                    scout({"--repeat", "3"}),
                                                    scout({"--count", "0"}),
                                                    scout({"--count", "201"}),
                                                    scout({"--name", "{index}.mp4"}),
                                                    {"scout"},
                                                    {"scout", "a fox"}}) {
    const Finished finished = program.run(arguments);
    EXPECT_EQ(finished.code, 64) << finished.err;
    EXPECT_EQ(lines(finished.err), 1) << finished.err;
  }
  EXPECT_THAT(program.files(), ElementsAre("p.txt"));
}

TEST(Pick, FinishesADraftOfTheNewestScout) {
  Program program;
  EXPECT_EQ(program.run(scout({"--count", "2"})).code, 0);
  write_folder(program, "scout/quick", "01-5.mp4", kQuick);
  fs::last_write_time(program.folder() / "scout/a-fox/.sora-gen/journal.jsonl",
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  const Finished plan = program.run({"pick", "1", "--dry-run", "--json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const json shown = json::parse(plan.out);
  EXPECT_EQ(shown["seed"], 5);
  EXPECT_EQ(shown["prompt"], "a fox");
  EXPECT_NE(shown["steps"], 3) << "all steps of the model";
  const Finished finished = program.run({"pick", "1"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(program.read("a-fox-5.mp4"), "a fake video\n");
  EXPECT_EQ(program.run({"pick", "1"}).code, 73) << "never replaced without --overwrite";
  EXPECT_EQ(program.run({"pick", "1", "scout/quick", "-o", "mine.mkv"}).code, 0);
  EXPECT_EQ(program.read("mine.mkv"), "a fake video\n");
}

TEST(Pick, EnlargesADraftThatWasMadeSmall) {
  Program program;
  EXPECT_EQ(program.run(scout({"--count", "2", "--draft", "--out-dir", "drafts"})).code, 0);
  const Finished plan = program.run({"pick", "2", "drafts", "--res", "256x192", "--dry-run", "--json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const json shown = json::parse(plan.out);
  EXPECT_EQ(shown["verb"], "finish");
  EXPECT_EQ(shown["width"], 256);
  EXPECT_EQ(
      program
          .run({"pick", "2", "drafts", "--res", "256x192", "--strength", "0.2", "--steps", "4", "--dry-run"})
          .code,
      0);
}

TEST(Pick, FinishesSeveralAndPutsTheNumbersIntoTheName) {
  Program program;
  EXPECT_EQ(program.run(scout({"--count", "3", "--out-dir", "drafts"})).code, 0);
  const Finished finished = program.run({"pick", "1", "3", "drafts", "--res", "256x192", "-o", "x.mp4"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre("drafts", "x-1.mp4", "x-3.mp4"));
  EXPECT_EQ(program.run({"pick", "1", "3", "drafts", "-o", "-"}).code, 64);
}

TEST(Pick, SaysWhatIsMissingBeforeAnyWork) {
  Program program;
  const Finished none = program.run({"pick", "1"});
  EXPECT_EQ(none.code, 66);
  EXPECT_THAT(none.err, HasSubstr("there is no folder of a scout in scout/"));
  EXPECT_EQ(program.run({"pick"}).code, 64);
  EXPECT_EQ(program.run({"pick", "1", "nowhere"}).code, 66);
  EXPECT_EQ(program.run({"pick", "1", "a", "b"}).code, 64);

  EXPECT_EQ(program.run(scout({"--count", "2"})).code, 0);
  for (const char* number : {"0", "3", "99999999999999999999999"}) {
    const Finished finished = program.run({"pick", "1", number});
    EXPECT_EQ(finished.code, 66);
    EXPECT_THAT(finished.err, HasSubstr("scout/a-fox, which has 2 drafts"));
  }
  for (const std::string& name : names_in(program.folder() / "scout/a-fox")) {
    if (name.starts_with("02-")) program.write("scout/a-fox/" + name, "another");
  }
  const Finished changed = program.run({"pick", "2"});
  EXPECT_EQ(changed.code, 66);
  EXPECT_THAT(changed.err, HasSubstr("has changed since the scout made it"));
  EXPECT_THAT(program.files(), ElementsAre("scout"));
}

TEST(Pick, OpensNothingOutsideOfAStrangersFolder) {
  Program program;
  write_folder(program, "theirs", "../mine.mp4", kQuick);
  const Finished named = program.run({"pick", "1", "theirs"});
  EXPECT_EQ(named.code, 77);
  EXPECT_THAT(named.err, HasSubstr("lies outside of the folder and is not opened"));
  write_folder(program, "theirs", "link.mp4", kQuick);
  fs::rename(program.folder() / "theirs/link.mp4", program.folder() / "mine.mp4");
  fs::create_symlink("../mine.mp4", program.folder() / "theirs/link.mp4");
  EXPECT_EQ(program.run({"pick", "1", "theirs"}).code, 77);

  const std::string forged =
      R"({"generator": "sora-gen )" SORA_GEN_VERSION
      R"(", "prompt": "a fox", "model": "wan21", "seed": 5, "output": "/tmp/forged.mp4", )"
      R"("overwrite": true, "lora": ["../secret.safetensors"]})";
  fs::remove_all(program.folder() / "theirs");
  write_folder(program, "theirs", "1.mp4", forged);
  const Finished lora = program.run({"pick", "1", "theirs"});
  EXPECT_EQ(lora.code, 66);
  EXPECT_THAT(lora.err, HasSubstr("sora-gen pick 1 theirs --lora FILE"));
  const Finished without = program.run({"pick", "1", "theirs", "--lora", ""});
  EXPECT_EQ(without.code, 0) << without.err;
  EXPECT_THAT(without.err, HasSubstr("which is ignored"));
  EXPECT_EQ(program.read("a-fox-5.mp4"), "a fake video\n");
  EXPECT_FALSE(fs::exists("/tmp/forged.mp4"));
}

}  // namespace
}  // namespace sora::test
