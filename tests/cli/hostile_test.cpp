// Files and requests of strangers: each ends with its exit code and one short line, and no control sequence
// of theirs reaches a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "core/text.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kDeep = std::string(60'000, '[') + std::string(60'000, ']');
// ESC, C1 as UTF-8 and as a byte, an override and an isolate of direction, a separator of lines, no UTF-8
const std::string kHostile = "a\x1b]0;b\x07\xc2\x9b\x9b\u202egpj\u2066\u2028\xff\u200bz";

const std::string kSha256OfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

bool is_safe(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (!c.valid || (is_deceptive(c.code) && c.code != '\n')) return false;
    at += c.bytes;
  }
  return true;
}

void expect_bad_data(Program& program, const std::vector<std::string>& arguments,
                     const std::string& message) {
  const Finished finished = program.run(arguments);
  EXPECT_EQ(finished.code, 65) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr(message));
  EXPECT_THAT(finished.err, Not(HasSubstr("this is a bug")));
  EXPECT_LT(finished.err.size(), 1500U);
  EXPECT_TRUE(is_safe(finished.err)) << finished.err;
  EXPECT_THAT(finished.out, IsEmpty());
}

// A safetensors file with this header and no tensor.
std::string tensors(const std::string& header) {
  std::string file(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  return file + header;
}

TEST(HostileJson, NestedDeepIsBadDataWhereverItStands) {
  Program program;
  const std::string nested = "{\"a\": " + kDeep + "}";
  program.write("list.jsonl", "{\"prompt\": " + kDeep + "}\n");
  program.write("story.json", "[{\"time\": " + kDeep + "}]\n");
  program.write("clip.mp4.json", "{\"parameters\": " + kDeep + "}\n");
  program.write("clip.mp4", "no clip");
  program.write("config.json", nested);
  program.write("latents.safetensors", tensors(json{{"__metadata__", {{"parameters", nested}}}}.dump()));
  program.write("deep.safetensors", tensors("{\"__metadata__\": " + kDeep + "}"));
  expect_bad_data(program, {"--prompts", "list.jsonl", "--out-dir", "out"},
                  "list.jsonl:1: is nested over 64 deep");
  expect_bad_data(program, {"storyboard", "story.json"}, "story.json:1: is nested over 64 deep");
  expect_bad_data(program, {"rerun", "clip.mp4"}, "nested over 64 deep");
  expect_bad_data(program, {"inspect", "clip.mp4.json"}, "nested over 64 deep");
  expect_bad_data(program, {"--config", "config.json"}, "config.json: is nested over 64 deep");
  expect_bad_data(program, {"inspect", "latents.safetensors"}, "nested over 64 deep");
  expect_bad_data(program, {"decode", "latents.safetensors"}, "nested over 64 deep");
  expect_bad_data(program, {"inspect", "deep.safetensors"}, "deep.safetensors: ");
}

TEST(HostileJson, WithNumbersOutOfRangeIsBadDataWithItsPlace) {
  Program program;
  program.write("list.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": \"a\", \"fps\": 1e999}\n");
  program.write("story.json", "[\n{\"time\": -1e999, \"prompt\": \"a\"}]");
  program.write("config.json", "{\"seed\": 99999999999999999999}");
  expect_bad_data(program, {"--prompts", "list.jsonl", "--out-dir", "out"},
                  "list.jsonl:2: has the number 1e999, which is out of range (column 24)");
  expect_bad_data(program, {"storyboard", "story.json"}, "story.json:2: has the number -1e999");
  expect_bad_data(program, {"--config", "config.json"}, "has the integer 99999999999999999999");
}

TEST(HostileJson, InAJournalIsBadData) {
  Program program;
  std::filesystem::create_directories(program.folder() / "out/.sora-gen");
  for (const std::string line :
       {"{\"event\": \"done\", \"key\": \"k\", \"bytes\": \"many\"}", "{\"key\": 1}", "{\"time\": 1e999}"}) {
    program.write("out/.sora-gen/journal.jsonl", line + "\n");
    expect_bad_data(program, {"status", "out"}, "journal.jsonl:1: ");
    program.write("list.txt", "a\n");
    expect_bad_data(program, {"--prompts", "list.txt", "--out-dir", "out", "--model", "wan21"},
                    "journal.jsonl:1: ");
  }
}

TEST(HostileJson, InAJournalMakesStatusLookAtNoFileOutside) {
  Program program;
  std::filesystem::create_directories(program.folder() / "out/.sora-gen");
  program.write("secret", "abc");
  std::filesystem::create_symlink("../secret", program.folder() / "out/link.mp4");
  const std::string absolute = (program.folder() / "secret").string();
  for (const std::string& output : {absolute, std::string("../secret"), std::string("link.mp4")}) {
    const json line{{"event", "done"}, {"key", "k"},  {"output", output},
                    {"bytes", 3},      {"time", 1e9}, {"sha256", kSha256OfAbc}};
    program.write("out/.sora-gen/journal.jsonl", line.dump() + "\n");
    const Finished finished = program.run({"status", "out"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_THAT(finished.out, HasSubstr("elsewhere  " + output + "  was made, and is not looked at"));
    EXPECT_THAT(finished.out, HasSubstr("1 job: 0 done, 0 failed, 0 running, 0 left, 1 elsewhere\n"));
    EXPECT_EQ(json::parse(program.run({"status", "out", "--json"}).out)["state"], "elsewhere");
  }
}

TEST(HostileJson, InAServersRequestIsAnsweredAndTheNextOneIsMade) {
  Program program;
  program.input = "{\"prompt\": " + kDeep + "}\n{\"fps\": 1e999}\n" +
                  "{\"prompt\": \"a\", \"model\": \"wan21\", \"output\": \"a.mp4\", \"id\": \"b\"}\n";
  const Finished finished = program.run({"serve", "--stdio"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("nested over 64 deep"));
  EXPECT_THAT(finished.out, HasSubstr("out of range"));
  EXPECT_THAT(finished.out, HasSubstr("\"event\":\"done\",\"id\":\"b\""));
}

TEST(HostileKeys, AreNamedInEightyCharacters) {
  Program program;
  program.write("key.jsonl", "{\"" + std::string(3'900'000, 'k') + "\": 1}\n");
  std::string many = "{";
  for (int i = 0; i < 500'000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  many.back() = '}';
  program.write("keys.jsonl", many + "\n");
  program.write("columns.csv", "prompt" + std::string(3'000'000, ',') + "\na\n");
  expect_bad_data(program, {"--prompts", "key.jsonl", "--out-dir", "out"},
                  std::string(80, 'k') + "…\" is not an option");
  expect_bad_data(program, {"--prompts", "keys.jsonl", "--out-dir", "out"}, "\"k0\" is not an option");
  expect_bad_data(program, {"--prompts", "columns.csv", "--out-dir", "out"}, "columns.csv:1: ");
}

// Parameters in a sidecar, beside a file that is no clip.
std::string sidecar(const json& parameters) {
  return json{{"parameters", parameters}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

TEST(Terminal, IsNotDrivenByMetadata) {
  Program program;
  program.write("a.mp4.json",
                sidecar({{"generator", kHostile}, {"prompt", kHostile}, {kHostile.substr(0, 5), kHostile}}));
  program.write("a.mp4", "no clip");
  const Finished text = program.run({"inspect", "a.mp4"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(is_safe(text.out)) << text.out;
  EXPECT_EQ(lines(text.out), 3);
  const Finished exact = program.run({"inspect", "a.mp4", "--json"});
  EXPECT_TRUE(is_safe(exact.out)) << exact.out;
  EXPECT_EQ(json::parse(exact.out)["parameters"]["prompt"],
            "a\x1b]0;b\x07\xc2\x9b\xef\xbf\xbd\u202egpj\u2066\u2028\xef\xbf\xbd\u200bz");
}

TEST(Terminal, IsNotDrivenByNamesInErrors) {
  Program program;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"inspect", kHostile},
                                             {"--prompt", "a", "--model", kHostile},
                                             {"--prompt", "a", "--model", "wan21", "-o", kHostile + "/a.mp4"},
                                             {"--prompt", "a", "--res", kHostile},
                                             {"--" + kHostile},
                                             {kHostile},
                                             {"--prompts", kHostile},
                                             {"storyboard", kHostile},
                                             {"status", kHostile}}) {
    const Finished finished = program.run(arguments);
    EXPECT_NE(finished.code, 0);
    EXPECT_TRUE(is_safe(finished.err)) << finished.err;
    EXPECT_EQ(lines(finished.err), 1) << finished.err;
    const Finished events = program.run([&] {
      auto more = arguments;
      more.insert(more.end(), {"--progress", "json"});
      return more;
    }());
    EXPECT_TRUE(is_safe(events.err)) << events.err;
  }
}

TEST(Terminal, IsNotDrivenByABatch) {
  Program program;
  const std::string name = "b\u202e\xc2\x9bs.mp4";
  program.write("list.jsonl",
                json{{"prompt", "a\u202e\x1b[2J"}, {"output", name}, {"model", "wan21"}}.dump() + "\n" +
                    json{{"prompt", "fails 69 \u2066"}, {"output", "c" + name}, {"model", "wan21"}}.dump() +
                    "\n");
  const std::vector<std::string> batch{"--prompts", "list.jsonl", "--out-dir", "out", "--progress", "plain"};
  using Lists = std::vector<std::vector<std::string>>;
  for (const auto& more : Lists{{"--dry-run"}, {"--dry-run", "--json"}, {}}) {
    std::vector<std::string> arguments = batch;
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished finished = program.run(arguments);
    EXPECT_EQ(finished.code, more.empty() ? 1 : 0) << finished.err;
    EXPECT_TRUE(is_safe(finished.out)) << finished.out;
    EXPECT_TRUE(is_safe(finished.err)) << finished.err;
  }
  EXPECT_TRUE(std::filesystem::exists(program.folder() / "out" / name)) << "the file has its name as it is";
  for (const auto& more : Lists{{}, {"--json"}}) {
    std::vector<std::string> arguments{"status", "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished finished = program.run(arguments);
    EXPECT_TRUE(is_safe(finished.out)) << finished.out;
    EXPECT_THAT(finished.out, HasSubstr("\\u202e"));
  }
}

TEST(Terminal, IsNotDrivenByAPlan) {
  Program program;
  const std::string words =
      "a\u202e\x1b[2J\xc2\x9b"
      "b\nc";
  const Finished text =
      program.run({"--prompt", words, "--model", "wan21", "--dry-run", "--negative-prompt", words});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(is_safe(text.out)) << text.out;
  const Finished exact = program.run({"--prompt", words, "--model", "wan21", "--dry-run", "--json"});
  EXPECT_TRUE(is_safe(exact.out)) << exact.out;
  EXPECT_EQ(json::parse(exact.out)["prompt"], words);
}

TEST(Terminal, IsNotDrivenByALogFile) {
  Program program;
  program.run({"--prompt", "a", "--model", kHostile, "--log-file", "log.txt"});
  const std::string log = program.read("log.txt");
  EXPECT_THAT(log, HasSubstr("\\u202e"));
  EXPECT_TRUE(is_safe(log)) << log;
}

}  // namespace
}  // namespace sora::test
