// detect: what it says of files, and its exit codes. Signed files: tests/provenance.
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
using testing::Not;

constexpr const char* kClaims =
    R"(a fake video that says {"generator": "sora-gen 9.9.9", "prompt": "a fox", "model": "wan21", "seed": 7})";

std::vector<json> json_lines(const std::string& text) {
  std::vector<json> list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) list.push_back(json::parse(line));
  return list;
}

TEST(Detect, TakesParametersForAClaimAndNoProof) {
  Program program;
  program.write("clip.mp4", kClaims);
  const Finished finished = program.run({"detect", "clip.mp4"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("clip.mp4: said to be made by a generator, which nothing proves"));
  EXPECT_THAT(finished.out, HasSubstr("a claim, no proof"));
  const auto found = json_lines(program.run({"detect", "clip.mp4", "--json"}).out);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["generated"], "claimed");
  EXPECT_EQ(found[0]["signs"], json::parse(R"([{"kind": "parameters", "sureness": "claimed"}])"));
  EXPECT_EQ(found[0]["parameters"]["prompt"], "a fox");
  EXPECT_EQ(found[0]["credentials"]["state"], "unreadable");  // tests have no library
}

TEST(Detect, FindsAMarkInThePixels) {
  Program program;
  program.write("clip.mp4", R"(a fake video that says {"prompt": "marked"})");
  const Finished finished = program.run({"detect", "clip.mp4"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("clip.mp4: made by a generator, as a mark in its pixels says"));
  EXPECT_THAT(finished.out, HasSubstr("model class 5f"));
  EXPECT_THAT(finished.out, HasSubstr("below 1e-20"));
  const json found = json_lines(program.run({"detect", "clip.mp4", "--json"}).out).at(0);
  EXPECT_EQ(found["generated"], "marked");
  EXPECT_EQ(found["signs"], json::parse(R"([{"kind": "watermark", "sureness": "marked"}])"));
  EXPECT_EQ(found["watermark"]["payload"]["model_class"], "5f");
  EXPECT_EQ(found["watermark"]["payload"]["bits"].get<std::string>().size(), 16U);
  EXPECT_LT(found["watermark"]["false_alarm"].get<double>(), 1e-6);
  const json inspected = json::parse(program.run({"inspect", "clip.mp4", "--json"}).out);
  EXPECT_EQ(inspected["watermark"], found["watermark"]);
}

TEST(Detect, ReadsAKeyOfOnesOwnBeforeAnyWork) {
  Program program;
  program.write("short.key", "secret");
  program.write("clip.mp4", kClaims);
  EXPECT_EQ(program.run({"detect", "clip.mp4", "--watermark-key", "gone.key"}).code, 66);
  EXPECT_EQ(program.run({"detect", "clip.mp4", "--watermark-key", "short.key"}).code, 65);
  program.write("long.key", "a secret of more than sixteen bytes");
  EXPECT_EQ(program.run({"detect", "clip.mp4", "--watermark-key", "long.key"}).code, 0);
}

TEST(WatermarkKey, IsNamedInThePlanAndReadBeforeAnyWork) {
  Program program;
  program.write("long.key", "a secret of more than sixteen bytes");
  program.write("short.key", "secret");
  std::vector<std::string> line{"-p", "a fox", "--model",   "wan21",
                                "-o", "x.mp4", "--dry-run", "--watermark-key"};
  line.push_back("long.key");
  EXPECT_THAT(program.run(line).out, HasSubstr("invisible, in the pixels, by the key in long.key"));
  line.back() = "short.key";
  EXPECT_EQ(program.run(line).code, 65);
  line.back() = "gone.key";
  EXPECT_EQ(program.run(line).code, 66);
}

TEST(Detect, SaysThatNoSignProvesNothing) {
  Program program;
  program.write("other.mp4", R"(a fake video that says {"prompt": "by another program"})");
  const Finished finished = program.run({"detect", "other.mp4"});
  EXPECT_EQ(finished.code, 1) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("no sign of a generator was found, which proves nothing"));
}

TEST(Detect, LooksAtAllFiles) {
  Program program;
  program.write("other.mp4", R"(a fake video that says {"x": 1})");
  program.write("clip.mp4", kClaims);
  EXPECT_EQ(program.run({"detect", "other.mp4", "clip.mp4"}).code, 0);
  EXPECT_EQ(program.run({"detect", "other.mp4", "other.mp4"}).code, 1);
  const Finished finished = program.run({"detect", "gone.mp4", "clip.mp4", "--json"});
  EXPECT_EQ(finished.code, 66) << finished.err;
  const auto found = json_lines(finished.out);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]["exit_code"], 66);
  EXPECT_EQ(found[1]["generated"], "claimed");
}

TEST(Detect, HasTheUsualExitCodes) {
  Program program;
  program.write("text.mp4", "no video");
  EXPECT_EQ(program.run({"detect"}).code, 64);
  EXPECT_EQ(program.run({"detect", "gone.mp4"}).code, 66);
  EXPECT_EQ(program.run({"detect", "text.mp4"}).code, 65);
  EXPECT_EQ(program.run({"detect", "."}).code, 65);
  EXPECT_EQ(program.run({"detect", "text.mp4", "--trust-list", "gone.pem"}).code, 66);
  EXPECT_EQ(program.run({"detect", "text.mp4", "--seed", "3"}).code, 64);
}

TEST(Detect, ReadsStandardInput) {
  Program program;
  program.input = kClaims;
  const Finished finished = program.run({"detect", "-", "--json"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(json_lines(finished.out).at(0)["file"], "-");
}

TEST(Detect, PrintsNothingThatATerminalObeys) {
  Program program;
  program.write("clip.mp4",
                "a fake video that says " + json{{"generator", "sora-gen \x1b[2J\u202e"},
                                                 {"prompt",
                                                  "\x07\x9b"
                                                  "1m"}}
                                                .dump(-1, ' ', true, json::error_handler_t::replace));
  const Finished finished = program.run({"detect", "clip.mp4"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  for (const char* bad : {"\x1b", "\x07", "\u202e"}) EXPECT_THAT(finished.out, Not(HasSubstr(bad)));
}

TEST(CredentialOptions, AreCheckedBeforeAnyWork) {
  Program program;
  const auto code = [&](std::vector<std::string> more) {
    std::vector<std::string> line{"-p", "a fox", "--model", "wan21", "-o", "x.mp4"};
    line.insert(line.end(), more.begin(), more.end());
    return program.run(line).code;
  };
  EXPECT_EQ(code({"--credentials", "--no-credentials"}), 64);
  EXPECT_EQ(code({"--sign-prompt", "--no-prompt-in-file"}), 64);
  EXPECT_EQ(code({"--sign-key", "k.pem"}), 64);
  EXPECT_EQ(code({"--sign-key", "k.pem", "--sign-cert", "c.pem"}), 66);
  EXPECT_EQ(code({"--credentials"}), 69);  // tests have no library
  EXPECT_EQ(code({"--no-credentials"}), 0);
  const Finished plan = program.run({"-p", "a fox", "--model", "wan21", "--dry-run"});
  EXPECT_THAT(plan.out, HasSubstr("signed    none: libc2pa_c is not installed"));
}

TEST(NoPromptInFile, KeepsWordsOutOfNames) {
  Program program;
  const std::vector<std::string> line{"-p",        "a secret fox",       "--model", "wan21", "--seed", "7",
                                      "--sidecar", "--no-prompt-in-file"};
  ASSERT_EQ(program.run(line).code, 0);
  EXPECT_THAT(program.files(), testing::ElementsAre("video-7.mp4", "video-7.mp4.json"));
  EXPECT_THAT(program.read("video-7.mp4.json"), Not(HasSubstr("secret")));
  program.write("list.txt", "a secret fox\n");
  ASSERT_EQ(program
                .run({"--prompts", "list.txt", "--model", "wan21", "--out-dir", "out", "--index", "--sidecar",
                      "--no-prompt-in-file"})
                .code,
            0);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(program.folder() / "out")) {
    EXPECT_THAT(entry.path().string(), Not(HasSubstr("secret")));
    const std::string name = std::filesystem::relative(entry.path(), program.folder()).string();
    if (entry.is_regular_file()) EXPECT_THAT(program.read(name), Not(HasSubstr("secret"))) << name;
  }
}

TEST(NoPromptInFile, AsksForThePromptWhenAFileIsMadeAgain) {
  Program program;
  ASSERT_EQ(program
                .run({"-p", "a secret fox", "--model", "wan21", "--seed", "7", "--sidecar",
                      "--no-prompt-in-file", "-o", "x.mp4"})
                .code,
            0);
  const Finished finished = program.run({"rerun", "x.mp4.json", "-o", "y.mp4"});
  EXPECT_EQ(finished.code, 64) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("its prompt is not in it"));
  EXPECT_EQ(program.run({"rerun", "x.mp4.json", "--prompt", "a secret fox", "-o", "y.mp4"}).code, 0);
}

}  // namespace
}  // namespace sora::test
