// Wrong command lines: one clear line on stderr, nothing on stdout, the exit code of its kind, no file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"

namespace sora::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Wrong {
  const char* name;
  std::vector<std::string> arguments;
  int code;
  const char* message;  ///< what stderr must say
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class WrongLine : public testing::TestWithParam<Wrong> {};

TEST_P(WrongLine, EndsWithItsCodeAndOneLineThatHelps) {
  Program program;
  program.write("bad.json", "{\"prompt\": \"a\", \"secondz\": 4}");
  program.write("broken.json", "{\"prompt\": ");
  program.write("type.json", "{\"steps\": \"many\"}");
  program.write("latin1.txt", "caf\xe9");
  program.write("there.mp4", "old");
  program.write("empty.mp4", "");
  program.write("doc.pdf", "%PDF-1.7\n%\xe2\xe3\n");
  const Finished finished = program.run(GetParam().arguments);
  EXPECT_EQ(finished.code, GetParam().code);
  EXPECT_THAT(finished.err, StartsWith("sora-gen: ["));
  EXPECT_THAT(finished.err, HasSubstr(GetParam().message));
  EXPECT_EQ(lines(finished.err), 1) << finished.err;
  EXPECT_THAT(finished.out, IsEmpty());
  EXPECT_EQ(program.files().size(), 7U);
  EXPECT_EQ(program.read("there.mp4"), "old");
}

const std::vector<std::string> ok{"--prompt", "a", "--model", "wan21"};
std::vector<std::string> with(std::vector<std::string> more) {
  more.insert(more.begin(), ok.begin(), ok.end());
  return more;
}

INSTANTIATE_TEST_SUITE_P(
    Usage, WrongLine,
    testing::Values(
        Wrong{"NoPrompt", {}, 64, "sora-gen --prompt \"a lighthouse"},
        Wrong{"MisspeltOption", with({"--second", "4"}), 64, "did you mean --seconds?"},
        Wrong{"ShortenedOption", with({"--secs", "4"}), 64, "did you mean --seconds?"},
        Wrong{"SwappedLetters", with({"--setps=4"}), 64, "did you mean --steps?"},
        Wrong{"NameOfAnotherProgram", with({"--guidance-scale", "4"}), 64, "did you mean --guidance?"},
        Wrong{"UnknownOption", with({"--xyzzy"}), 64, "--xyzzy is not an option"},
        Wrong{"MisspeltVerb", {"docter"}, 64, "did you mean doctor?"},
        Wrong{"PromptWithoutFlag", {"a lighthouse"}, 64, "did you mean --prompt \"a lighthouse\"?"},
        Wrong{"WordAfterVerb", {"doctor", "x"}, 64, "doctor takes no \"x\""},
        Wrong{"OptionOfAnotherVerb", {"models", "--steps", "4"}, 64, "models takes no --steps"},
        Wrong{"SheetExists", with({"--contact-sheet", "there.mp4"}), 73, "another name with --contact-sheet"},
        Wrong{"SheetInNoFolder", with({"--thumbnail", "no/a.png"}), 73, "there is no folder no"},
        Wrong{"SheetOnStdout", with({"--contact-sheet", "-"}), 64, "--contact-sheet -: expected the name"},
        Wrong{"SheetThatIsAVideo", with({"--thumbnail", "a.mp4"}), 64, "expected the name of one picture"},
        Wrong{"UnknownEnding", with({"-o", "a.xyz"}), 64, "gif, png, jpg, webp, avif, y4m"},
        Wrong{"PreviewInQuiet", with({"-q", "--preview"}), 64, "both --quiet and --preview are given"},
        Wrong{"NoValue", with({"--steps"}), 64, "--steps needs a value"},
        Wrong{"OptionAsValue", {"--prompt", "--steps", "4"}, 64, "--prompt is followed by --steps"},
        Wrong{"LettersForANumber", with({"--steps", "many"}), 64,
              "--steps is \"many\", expected a whole number"},
        Wrong{"FractionForAWholeNumber", with({"--steps", "4.5"}), 64, "--steps is \"4.5\""},
        Wrong{"HugeWholeNumber", with({"--steps", "99999999999"}), 64,
              "expected a whole number from -2147483648"},
        Wrong{"FractionIsNoNumberOfFrames", with({"--frames", "2.5"}), 64,
              "--frames is \"2.5\", expected a whole number\n"},
        Wrong{"HugeSize", with({"--res", "100000x100"}), 64, "expected even sides from 16 to 8192"},
        Wrong{"AnotherNameOfRes", with({"--resolution", "720p"}), 64, "did you mean --res?"},
        Wrong{"DashOfAWordProcessor", {"\u2014prompt", "a fox"}, 64, "options begin with two hyphens (--)"},
        Wrong{"PromptAsAWord", {"generate", "a fox"}, 64, "did you mean --prompt \"a fox\"?"},
        Wrong{
            "TwoClipsForOne", {"extend", "a.mp4", "my b.mp4"}, 64, "sora-gen connect a.mp4 'my b.mp4' makes"},
        Wrong{"NoFolder", {"status"}, 64, "status needs a folder: sora-gen status DIR"},
        Wrong{"SecondClipIsMissing", {"connect", "there.mp4", "no.mp4"}, 66, "no.mp4: cannot be opened"},
        Wrong{"NotANumber", with({"--guidance", "nan"}), 64,
              "--guidance is \"nan\", expected a finite number"},
        Wrong{"Infinity", with({"--seconds", "inf"}), 64, "expected a finite number"},
        Wrong{"HugeNumber", with({"--seconds", "1e999"}), 64, "expected a finite number"},
        Wrong{"NegativeSeed", with({"--seed", "-1"}), 64, "--seed is \"-1\""},
        Wrong{"NegativeSeconds", with({"--seconds", "-3"}), 64, "--seconds"},
        Wrong{"TwoLengths", with({"--seconds", "3", "--frames", "3"}), 64, "both --seconds and --frames"},
        Wrong{"NotUtf8", {"--prompt", "caf\xe9", "--model", "wan21"}, 64, "not UTF-8"},
        Wrong{"UnknownProgress", with({"--progress", "fancy"}), 64,
              "expected auto, bar, plain, json or none"},
        Wrong{"ClosedProgressFd", with({"--progress-fd", "77"}), 64, "not open"},
        Wrong{"ProgressFdOfABar", with({"--progress", "bar", "--progress-fd", "2"}), 64,
              "goes with --progress json"},
        Wrong{"JsonAndVideoOnStdout", with({"-o", "-", "--json"}), 64, "use --progress json"},
        Wrong{"QuietAndVerbose", with({"-q", "-v"}), 64, "leave one out"},
        Wrong{"TwoPrompts", with({"--prompt-file", "latin1.txt"}), 64, "both --prompt and --prompt-file"}),
    testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Files, WrongLine,
    testing::Values(
        Wrong{"NoPromptFile", {"--prompt-file", "gone.txt"}, 66, "gone.txt"},
        Wrong{"PromptFileNotUtf8", {"--prompt-file", "latin1.txt"}, 65, "latin1.txt: the text is not UTF-8"},
        Wrong{"PromptFileIsAPdf", {"--prompt-file", "doc.pdf"}, 65, "doc.pdf: is a PDF, expected plain text"},
        Wrong{"ClipIsEmpty", {"extend", "empty.mp4"}, 65, "empty.mp4: is empty, expected a video"},
        Wrong{"ListIsAPdf", {"--prompts", "doc.pdf", "--out-dir", "out"}, 65, "doc.pdf: is a PDF"},
        Wrong{"StoryIsAPdf", {"storyboard", "doc.pdf"}, 65, "doc.pdf: is a PDF"},
        Wrong{"NoConfig", {"--config", "gone.json"}, 66, "gone.json"},
        Wrong{"UnknownKey", {"--config", "bad.json"}, 65, "did you mean \"seconds\"?"},
        Wrong{"BrokenConfig", {"--config", "broken.json"}, 65, "broken.json: is not JSON"},
        Wrong{"WrongType", {"--config", "type.json"}, 65, "steps is \"many\", expected a whole number"},
        Wrong{"NoModel", {"--prompt", "a", "--model", "gone"}, 66, "no model \"gone\""},
        Wrong{"NoTransformer", with({"--transformer", "gone.gguf"}), 66,
              "--transformer gone.gguf: no such file"},
        Wrong{"NoLora", with({"--lora", "gone.safetensors:0.5"}), 66, "gone.safetensors: cannot be opened"},
        Wrong{"LoraStrength", with({"--lora", "a.safetensors:1e9"}), 64,
              "expected a file, or a file and a strength"},
        Wrong{"NotALora", with({"--lora", "latin1.txt"}), 65, "latin1.txt"},
        Wrong{"NoFolder", with({"-o", "gone/a.mp4"}), 73, "there is no folder gone"},
        Wrong{"OutputIsFolder", with({"-o", "/tmp"}), 73, "is a folder"},
        Wrong{"OutputExists", with({"-o", "there.mp4"}), 73, "there.mp4: exists already; add --overwrite"},
        Wrong{"LogFileThatCannotBe", with({"--log-file", "/dev/null/log.txt"}), 73, "/dev/null/log.txt"}),
    testing::PrintToStringParamName());

}  // namespace
}  // namespace sora::test
