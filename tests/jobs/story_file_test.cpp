// Storyboard files: the meaning of their lines, and errors that name the line.
#include "jobs/story_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "error_of.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Request request_of(const std::string& text) {
  Request request;
  parse_story("story", text).options.apply(request);
  return request;
}

std::string error_of(const std::string& text, ErrorKind kind = ErrorKind::data) {
  return test::error_of([&] { parse_story("story", text); }, kind);
}

std::vector<std::string> parse_shots(const std::string& text) {
  Request request;
  parse_story("story", text).options.apply(request);
  return request.shot;
}

TEST(StoryFile, ReadsLinesOfTimesAndPrompts) {
  const StoryFile file = parse_story(
      "story", "\xef\xbb\xbf# a story\r\n0:00 a forest\r\n\r\n  4.5s\ta storm, at 5:00  \r\n1:02.5 snow");
  Request request;
  file.options.apply(request);
  EXPECT_EQ(request.verb, "storyboard");
  EXPECT_THAT(request.shot, ElementsAre("0:00 a forest", "0:04.5 a storm, at 5:00", "1:02.5 snow"));
  EXPECT_THAT(file.lines, ElementsAre(2, 4, 5));
}

TEST(StoryFile, AColonMayStandBehindATime) {
  EXPECT_THAT(parse_shots("0s: a forest\n0:04:  a storm\n1:02.5: snow: a lot"),
              ElementsAre("0:00 a forest", "0:04 a storm", "1:02.5 snow: a lot"));
  EXPECT_THAT(error_of("0:00:: a forest"), HasSubstr("does not begin with a time"));
  EXPECT_THAT(error_of(": a forest"), HasSubstr("does not begin with a time"));
}

TEST(StoryFile, ReadsJsonWithOptionsBesideTheShots) {
  const Request request = request_of(R"({
    "seed": 7, "seconds": 20, "negative-prompt": "[{",
    "shots": [
      {"time": "0:00", "prompt": "a forest"},
      "0:04 a storm",
      {"time": 8.5, "prompt": "snow", "image": null}
    ]
  })");
  EXPECT_THAT(request.shot, ElementsAre("0:00 a forest", "0:04 a storm", "0:08.5 snow"));
  EXPECT_EQ(request.seed, 7U);
  EXPECT_EQ(request.seconds, 20);
  EXPECT_EQ(request.negative_prompt, "[{");
  EXPECT_THAT(request_of(R"( [{"time": 0, "prompt": "a"}] )").shot, ElementsAre("0:00 a"));
}

TEST(StoryFile, LooksForImagesBesideTheStory) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a b.jpg") << "x";
  Request request;
  parse_story((folder / "story.json").string(),
              R"([{"time": 0, "prompt": "a", "image": "a b.jpg"}, {"time": "12s", "image": "a b.jpg"}])")
      .options.apply(request);
  EXPECT_EQ(request.image, (folder / "a b.jpg").string());
  EXPECT_THAT(request.shot_image, ElementsAre("0:12 " + (folder / "a b.jpg").string()));
  EXPECT_THAT(request.shot, ElementsAre("0:00 a"));
  EXPECT_THAT(error_of("[{\"time\": 0, \"prompt\": \"a\"},\n{\"time\": 1, \"image\": \"gone.jpg\"}]",
                       ErrorKind::no_input),
              HasSubstr("story:2: the image gone.jpg does not exist"));
}

TEST(StoryFile, NamesTheLineOfWhatIsWrong) {
  EXPECT_THAT(error_of("0:00 a\n\n0:05 b\n0:03 c\n"),
              HasSubstr("story:4: the shot begins at 0:03, expected a time after 0:05"));
  EXPECT_THAT(error_of("# x\n0:02 a\n"),
              HasSubstr("story:2: the shot begins at 0:02, expected the first shot at 0:00"));
  EXPECT_THAT(error_of("0:00 a\n0:04\n"), HasSubstr("story:2: the shot at 0:04 has no prompt"));
  EXPECT_THAT(error_of("0:00 a\na storm\n"), HasSubstr("story:2: does not begin with a time"));
  EXPECT_THAT(error_of("0:00 a\n12 monkeys\n"), HasSubstr("story:2: does not begin with a time"));
  EXPECT_THAT(error_of("\n# nothing\n"), HasSubstr("story: has no shot"));
  EXPECT_THAT(error_of("0:00 a\n\xff"), HasSubstr("is not UTF-8"));
}

TEST(StoryFile, NamesTheLineInJsonToo) {
  EXPECT_THAT(error_of("{\"shots\": [\n"), HasSubstr("story:2: is not JSON"));
  EXPECT_THAT(error_of("{\"seed\": 1}"), HasSubstr("has no \"shots\""));
  EXPECT_THAT(error_of("{\"seeed\": 1, \"shots\": []}"), HasSubstr("did you mean \"seed\"?"));
  const std::string start =
      "{\n  \"seed\": 1,\n  \"shots\": [\n    {\"time\": 0, \"prompt\": \"\\\"[{\"},\n    ";
  EXPECT_THAT(error_of(start + "{\"time\": \"x\", \"prompt\": \"b\"}]}"),
              HasSubstr("story:5: time is \"x\""));
  EXPECT_THAT(error_of(start + "{\"prompt\": \"b\"}]}"), HasSubstr("story:5: the shot has no time"));
  EXPECT_THAT(error_of(start + "{\"time\": 4}]}"),
              HasSubstr("story:5: the shot has neither a prompt nor an image"));
  EXPECT_THAT(error_of(start + "{\"time\": 4, \"promt\": \"b\"}]}"), HasSubstr("did you mean \"prompt\"?"));
  EXPECT_THAT(error_of(start + "{\"time\": 4, \"prompt\": \"\"}]}"),
              HasSubstr("story:5: the shot at 0:04 has no prompt"));
  EXPECT_THAT(error_of(start + "\"0:00 b\"]}"), HasSubstr("story:5: the shot begins at 0:00"));
  EXPECT_THAT(error_of(start + "7]}"), HasSubstr("a shot is 7"));
}

TEST(StoryFile, ChecksTheEndWhereItIsKnown) {
  const StoryFile file = parse_story("story", "0:00 a\n0:10 b\n");
  Request request;
  file.options.apply(request);
  EXPECT_NO_THROW(check_story("story", file, request));
  request.seconds = 10;
  try {
    check_story("story", file, request);
    ADD_FAILURE() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("story:2: the shot begins at 0:10, and the video ends at 0:10"));
  }
  request.seconds.reset();
  request.frames = 81;
  request.fps = 8;
  EXPECT_NO_THROW(check_story("story", file, request));
}

// Nested lists, and the end of the object around them.
std::string deep() { return std::string(60'000, '[') + std::string(60'000, ']') + "}"; }

TEST(StoryFile, OfHostileJsonIsBadDataWithItsLine) {
  EXPECT_THAT(error_of("{\"shots\":\n" + deep()), HasSubstr("story:2: is nested over 64 deep"));
  EXPECT_THAT(error_of("[\n{\"time\": 1e999, \"prompt\": \"a\"}]"),
              HasSubstr("story:2: has the number 1e999"));
  EXPECT_THAT(error_of("[{\"" + std::string(1'000'000, 'k') + "\": 1}]"),
              HasSubstr(std::string(80, 'k') + "…"));
  EXPECT_LT(error_of("[{\"time\": [\"" + std::string(1'000'000, 'k') + "\"]}]").size(), 400U);
}

std::string many_shots(std::size_t count, bool json) {
  std::string text = json ? "[" : "";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string time = std::to_string(i / 60) + ":" + (i % 60 < 10 ? "0" : "") + std::to_string(i % 60);
    text += json ? (i > 0 ? ",\n" : "") + ("{\"time\": \"" + time) + "\", \"prompt\": \"a\"}" : time + " a\n";
  }
  return text + (json ? "]" : "");
}

TEST(StoryFile, TakesTenThousandShotsAndNoMore) {
  for (const bool json : {false, true}) {
    EXPECT_EQ(request_of(many_shots(3000, json)).shot.size(), 3000U);
    EXPECT_THAT(error_of(many_shots(10'001, json)), HasSubstr("has over 10000 shots"));
  }
}

}  // namespace
}  // namespace sora
