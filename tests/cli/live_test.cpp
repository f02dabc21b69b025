// live: what is typed or comes from a pipe, the events, and the ends of a film.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> live{"live", "--model", "ti2v", "--prompt", "a lake", "--seed", "1"};

std::vector<std::string> live_with(const std::vector<std::string>& more) {
  std::vector<std::string> words = live;
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<json> events(const std::string& text, const std::string& name) {
  std::vector<json> list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    json event = json::parse(line);
    if (event["event"] == name) list.push_back(std::move(event));
  }
  return list;
}

std::vector<std::string> log_of(const Finished& finished) {
  const auto done = events(finished.out, "done");
  return done.size() == 1 ? done[0]["live_log"].get<std::vector<std::string>>()
                          : std::vector<std::string>{"none"};
}

TEST(Live, TakesJsonLinesAndPlainOnesFromAPipeAndEndsWithIt) {
  Program program;
  program.input = "{\"prompt\": \"a storm\"}\n\n+2s a calm sea\n!seed 7\n";
  const Finished finished = program.run(live_with({"-o", "film.mp4"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre("film.mp4"));
  EXPECT_EQ(events(finished.out, "ready").size(), 1U);
  EXPECT_THAT(events(finished.out, "block"), Not(IsEmpty()));
  std::string log;
  for (const std::string& line : log_of(finished)) log += line + ";";
  EXPECT_THAT(log, ContainsRegex("[0-9]+ !seed 7;"));
  EXPECT_THAT(log, ContainsRegex("[0-9]+ a storm;.*[0-9]+ a calm sea;"));
}

TEST(Live, AnswersEachBadLineWithOneErrorAndGoesOn) {
  Program program;
  program.input =
      "{\"prompt\": 5}\n{\"prompt\": \"a\", \"undo\": true}\n{\"undo\": false}\n{\"wave\": true}\n{}\n{\n"
      "{\"prompt\": \"!x\"}\n!dance\n!seed x\n+4000s a\n{\"prompt\": \"  \"}\n{\"prompt\": \"a\\nb\"}\n"
      "{\"prompt\": \"last\"}\n";
  const Finished finished = program.run(live_with({"-o", "film.mp4"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(events(finished.out, "error").size(), 12U) << finished.out;
  ASSERT_EQ(log_of(finished).size(), 1U);
  EXPECT_THAT(log_of(finished)[0], HasSubstr(" last"));
}

TEST(Live, GoesOnToItsLengthWhereThePipeEndsBefore) {
  Program program;
  const Finished finished = program.run(live_with({"-o", "film.mp4", "--seconds", "60"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto blocks = events(finished.out, "block");
  ASSERT_FALSE(blocks.empty());
  EXPECT_GT(blocks.back()["seconds"].get<double>(), 30);
}

TEST(Live, EndsAfterAsManySecondsAsItIsTold) {
  Program program;
  program.input = "+3s\n";
  const Finished finished = program.run(live_with({"-o", "film.mp4"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(events(finished.out, "done").size(), 1U);
}

TEST(Live, KeepsTheFilmThatASignalEnds) {
  Program program;
  program.pipe_input = true;
  program.pipe_stdout = true;
  program.start(live_with({"-o", "film.mp4"}));
  ASSERT_TRUE(program.wait_for_stdout("\"block\":3"));
  program.signal(SIGINT);
  ASSERT_TRUE(program.wait_for_stdout("\"done\""));
  EXPECT_EQ(program.wait().code, 0);
  EXPECT_THAT(program.files(), ElementsAre("film.mp4"));
}

TEST(Live, WritesEventsToStderrWhereStdoutHasTheVideo) {
  Program program;
  const Finished finished = program.run(live_with({"-o", "-"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.out, "a fake video\n");
  EXPECT_EQ(events(finished.err, "done").size(), 1U) << finished.err;
}

TEST(Live, AsksThePolicyAboutEachPrompt) {
  Program program;
  program.input = "a stormy sea\na lake at night\n";
  const Finished finished = program.run(
      live_with({"-o", "film.mp4", "--policy", "grep -q stormy && { echo no; exit 77; } || exit 0"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(events(finished.out, "error"), testing::SizeIs(1));
  ASSERT_EQ(log_of(finished).size(), 1U);
  EXPECT_THAT(log_of(finished)[0], HasSubstr("a lake at night"));
}

TEST(Live, RefusesWhatIsForOtherVerbsInALine) {
  Program program;
  for (const auto& [words, message] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--count", "3"}, "live makes one film"},
           {{"--enhance"}, "live takes no --enhance"},
           {{"--preview"}, "live takes no --preview"},
           {{"-o", "film.webm"}, "only .mp4 and .mov"}}) {
    const Finished finished = program.run(live_with(words));
    EXPECT_EQ(finished.code, 64) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(message));
    EXPECT_EQ(lines(finished.err), 1) << finished.err;
  }
  const Finished finished = program.run({"live", "--model", "ti2v"});
  EXPECT_EQ(finished.code, 64);
  EXPECT_THAT(finished.err, HasSubstr("there is no prompt to begin with"));
  EXPECT_THAT(program.files(), IsEmpty());
}

// Keys of a terminal.
const std::string backspace = "\x7f", line_back = "\x15", word_back = "\x17", up = "\x1b[A", down = "\x1b[B",
                  enter = "\r", end_of_input = "\x04";

TEST(Live, EditsALineOnATerminalAndGivesTheTerminalBack) {
  Program program;
  program.on_terminal = program.has_keyboard = true;
  program.start(live_with({"-o", "film.mp4"}));
  ASSERT_TRUE(program.wait_for_terminal("> _"));
  EXPECT_FALSE(program.terminal_is_as_before());
  program.type("a st\xc3\xbc" + backspace + "orm" + enter);
  EXPECT_TRUE(program.wait_for_terminal("next: a storm\r\n"));
  program.type("nothing" + line_back + "a calm sea and ships " + word_back + word_back + backspace + enter);
  EXPECT_TRUE(program.wait_for_terminal("next: a calm sea\r\n"));
  program.type("a half" + up + up + enter);  // up to the first line
  program.type("a forest" + up + down + " at night" + enter);  // back to the line that was begun
  EXPECT_TRUE(program.wait_for_terminal("next: a forest at night\r\n"));
  program.type(end_of_input);
  const Finished finished = program.wait();
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_TRUE(program.terminal_is_as_before());
  const std::string again = "next: a storm\r\n";
  EXPECT_NE(finished.err.find(again), finished.err.rfind(again)) << "two lines up";
  EXPECT_THAT(finished.err, HasSubstr("\x1b[?25h")) << "the cursor is shown";
  EXPECT_THAT(program.files(), ElementsAre("film.mp4"));
}

TEST(Live, GivesTheTerminalBackWhenASignalEndsIt) {
  for (const int number : {SIGINT, SIGTERM}) {
    Program program;
    program.on_terminal = program.has_keyboard = true;
    program.start(live_with({"-o", "film.mp4"}));
    ASSERT_TRUE(program.wait_for_terminal("> _"));
    program.type("a half line");
    ASSERT_TRUE(program.wait_for_terminal("a half line_"));
    program.signal(number);
    program.signal(number);
    (void)program.wait();
    EXPECT_TRUE(program.terminal_is_as_before()) << number;
  }
}

TEST(Live, ShowsItsPlanAndHelp) {
  Program program;
  const Finished plan = program.run(live_with({"-o", "film.mp4", "--dry-run"}));
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("made block by block"));
  EXPECT_THAT(program.run({"help", "live"}).out, HasSubstr("!undo"));
  EXPECT_THAT(program.files(), IsEmpty());
}

}  // namespace
}  // namespace sora::test
