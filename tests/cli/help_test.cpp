// Help of single verbs, man pages and completions: all from the program's own lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "cli/program.h"

namespace sora::test {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> verbs{"generate",   "animate", "extend", "connect", "loop",   "remix",
                                     "storyboard", "live",    "finish", "scout",   "pick",   "inspect",
                                     "rerun",      "status",  "decode", "serve",   "models", "doctor"};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

// What a command prints, both streams together.
std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), n);
  ::pclose(pipe);
  return text;
}

bool has(const char* command) { return output_of(std::string("command -v ") + command) != ""; }

TEST(VerbHelp, HasTheOptionsOfTheVerbFirstAndTwoExamples) {
  Program program;
  for (const std::string& verb : verbs) {
    const Finished help = program.run({"help", verb});
    EXPECT_EQ(help.code, 0) << help.err;
    EXPECT_THAT(help.out, testing::StartsWith("sora-gen " + verb)) << verb;
    EXPECT_EQ(program.run({verb, "--help"}).out, help.out);
    EXPECT_EQ(program.run({verb, "x", "y", "--steps", "many", "-h"}).out, help.out)
        << "whatever else there is";
    const std::size_t own = help.out.find("\nOptions of " + verb + ":\n"),
                      common = help.out.find("\nCommon options:\n");
    EXPECT_LT(own, common) << verb;
    const std::string examples = help.out.substr(help.out.find("\nExamples:\n"));
    EXPECT_GE(lines(examples), 4) << verb;
    EXPECT_THAT(examples, HasSubstr(verb == "generate" ? "--prompt" : verb)) << verb;
  }
  EXPECT_THAT(program.run({"help", "extend"}).out, HasSubstr("--backward"));
  EXPECT_THAT(program.run({"help", "doctor"}).out, Not(HasSubstr("--steps")));
  EXPECT_THAT(program.run({"extend", "--help-all"}).out, HasSubstr("--init-noise"));
}

TEST(VerbHelp, OfScoutSaysWhatItsOptionsMeanToIt) {
  Program program;
  const std::string help = program.run({"help", "scout"}).out;
  EXPECT_THAT(help, HasSubstr("--count N               how many seeds to try"));
  EXPECT_THAT(help, Not(HasSubstr("-o x.png"))) << "scout takes no -o";
  EXPECT_THAT(help, Not(HasSubstr("-o, --output")));
  EXPECT_EQ(program.run({"help", "--format", "man", "man"}).code, 0);
  EXPECT_THAT(program.read("man/sora-gen-scout.1"), HasSubstr("how many seeds to try"));
}

TEST(VerbHelp, OfNoVerbSaysWhichWasMeant) {
  Program program;
  const Finished wrong = program.run({"help", "extned"});
  EXPECT_EQ(wrong.code, 64);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean extend?"));
  EXPECT_EQ(program.run({"help", "extend", "loop"}).code, 64);
  EXPECT_EQ(program.run({"help"}).out, program.run({"--help"}).out);
}

TEST(Help, IsNeverWiderThanTheTerminal) {
  Program program;
  for (const char* columns : {"40", "57", "80", "100"}) {
    program.environment["COLUMNS"] = columns;
    std::vector<std::vector<std::string>> pages{{"--help"}, {"--help-all"}};
    for (const std::string& verb : verbs) pages.push_back({"help", verb});
    for (const auto& page : pages) {
      for (const std::string& line : lines_of(program.run(page).out))
        EXPECT_LE(line.size(), std::stoul(columns)) << line;
    }
  }
  program.environment.erase("COLUMNS");
  std::size_t widest = 0;
  for (const std::string& line : lines_of(program.run({"--help-all"}).out))
    widest = std::max(widest, line.size());
  EXPECT_LE(widest, 80U);
  EXPECT_GT(widest, 70U);
}

TEST(ManPages, AreOneForTheProgramAndOneAVerbWithoutWarnings) {
  Program program;
  const Finished made = program.run({"help", "--format", "man", "man1"});
  EXPECT_EQ(made.code, 0) << made.err;
  for (const std::string& verb : verbs)
    EXPECT_TRUE(std::filesystem::exists(program.folder() / "man1" / ("sora-gen-" + verb + ".1"))) << verb;
  const std::string page = program.read("man1/sora-gen.1");
  for (const char* part : {".SH NAME\nsora\\-gen \\- ", "\\fB\\-\\-init\\-noise\\fR \\fIFILE\\fR",
                           ".SH EXIT STATUS", ".SH FILES"})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_THAT(program.read("man1/sora-gen-extend.1"),
              HasSubstr("sora\\-gen extend clip.mp4 \\-\\-seconds 5"));
  if (!has("groff")) GTEST_SKIP() << "there is no groff to check them with";
  for (const auto& entry : std::filesystem::directory_iterator(program.folder() / "man1")) {
    const std::string shown = entry.path().string();
    EXPECT_THAT(output_of("groff -man -Tutf8 -ww -z '" + shown + "'"), IsEmpty()) << shown;
  }
  EXPECT_EQ(program.run({"help", "--format", "man"}).code, 64);
  EXPECT_EQ(program.run({"help", "--format", "html", "x"}).code, 64);
  EXPECT_EQ(program.run({"help", "--format", "man", "/dev/null/x"}).code, 73);
}

class Completions : public testing::Test {
 protected:
  // What bash offers for a line, the last word of which is being typed.
  std::vector<std::string> offered(const std::string& words) {
    program_.write("script", program_.run({"completions", "bash"}).out);
    program_.write(
        "try", "cd '" + program_.folder().string() + "'; source ./script; COMP_WORDS=(" + words +
                   "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _sora_gen; printf '%s\\n' \"${COMPREPLY[@]}\"\n");
    return lines_of(output_of("bash '" + (program_.folder() / "try").string() + "'"));
  }
  Program program_;
};

TEST_F(Completions, OfBashOfferVerbsOptionsAndValues) {
  if (!has("bash")) GTEST_SKIP();
  using testing::ElementsAre;
  using testing::UnorderedElementsAre;
  EXPECT_THAT(offered("sora-gen ext"), ElementsAre("extend"));
  EXPECT_THAT(offered("sora-gen help fin"), ElementsAre("finish"));
  EXPECT_THAT(offered("sora-gen extend clip.mp4 --back"), UnorderedElementsAre("--background", "--backward"));
  EXPECT_THAT(offered("sora-gen --codec h"), ElementsAre("h264", "hevc"));
  EXPECT_THAT(offered("sora-gen --codec = a"), ElementsAre("av1"));
  EXPECT_THAT(offered("sora-gen --codec ="), Contains("vp9"));
  EXPECT_THAT(offered("sora-gen doctor --"), Contains("--json"));
  EXPECT_THAT(offered("sora-gen doctor --"), Not(Contains("--steps")));
  EXPECT_THAT(offered("sora-gen completions z"), ElementsAre("zsh"));
  program_.write("a clip.mp4", "x");
  std::filesystem::create_directory(program_.folder() / "a folder");
  EXPECT_THAT(offered("sora-gen extend a"), UnorderedElementsAre("a clip.mp4", "a folder"));
  EXPECT_THAT(offered("sora-gen --prompts a"), UnorderedElementsAre("a clip.mp4", "a folder"));
  EXPECT_THAT(offered("sora-gen --out-dir a"), ElementsAre("a folder"));
}

TEST_F(Completions, OfOtherShellsAreScriptsThatTheyRead) {
  const std::string zsh = program_.run({"completions", "zsh"}).out,
                    fish = program_.run({"completions", "fish"}).out;
  EXPECT_THAT(zsh, testing::StartsWith("#compdef sora-gen\n"));
  EXPECT_THAT(fish, HasSubstr("complete -c sora-gen -l output -s o -r -F"));
  program_.write("zsh", zsh);
  program_.write("fish", fish);
  if (has("zsh")) {
    EXPECT_THAT(output_of("zsh -n '" + (program_.folder() / "zsh").string() + "'"), IsEmpty());
  }
  if (has("fish")) {
    EXPECT_THAT(output_of("fish --no-execute '" + (program_.folder() / "fish").string() + "'"), IsEmpty());
    EXPECT_THAT(output_of("HOME='" + program_.folder().string() + "' fish --no-config -c \"source '" +
                          (program_.folder() / "fish").string() + "'; complete -C 'sora-gen --codec h'\""),
                AnyOf(HasSubstr("h264"), HasSubstr("unknown option")));
  }
  const Finished wrong = program_.run({"completions", "tcsh"});
  EXPECT_EQ(wrong.code, 64);
  EXPECT_THAT(wrong.err, HasSubstr("expected bash, zsh or fish"));
  EXPECT_EQ(program_.run({"completions"}).code, 64);
}

TEST(Suggestions, Fit) {
  Program program;
  const auto said = [&](const char* option) { return program.run({"-p", "a", option, "4"}).err; };
  EXPECT_THAT(said("--sede"), EndsWith("did you mean --seed?\n"));
  EXPECT_THAT(said("--sed"), EndsWith("did you mean --seed?\n"));
  EXPECT_THAT(said("--stpes"), EndsWith("did you mean --steps?\n"));
  EXPECT_THAT(said("--outptu"), EndsWith("did you mean --output?\n"));
}

}  // namespace
}  // namespace sora::test
