// Names of output files are checked before any work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"
#include "core/host_name.h"

namespace sora::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> make(std::vector<std::string> more) {
  more.insert(more.begin(), {"--prompt", "a", "--model", "wan21", "--seed", "7", "--progress", "none"});
  return more;
}

// There is no library here, so that any error but "no library" came before any work.
Finished before_work(Program& program, const std::vector<std::string>& more) {
  program.move_out(false);
  return program.run(make(more));
}

TEST(OutputNames, NeedNotBeUtf8) {
  Program program;
  const std::string name = "caf\xe9.mp4";
  const Finished finished = program.run({"--prompt", "a", "--model", "wan21", "--seed", "7", "-o", name,
                                         "--sidecar", "--json", "--progress", "json"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(program.files(), ElementsAre(name, name + ".json"));
  EXPECT_EQ(json::parse(finished.out)["output"], "caf\xef\xbf\xbd.mp4");
  EXPECT_EQ(json::parse(program.read(name + ".json"))["output"], "caf\xef\xbf\xbd.mp4");
  std::istringstream lines(finished.err);
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(json::accept(line)) << line;
}

TEST(OutputNames, OfABatchMustBeUtf8AsItsJournalIs) {
  Program program;
  program.move_out(false);
  const Finished finished = program.run(make({"-o", "caf\xe9.mp4", "--count", "2", "--index"}));
  EXPECT_EQ(finished.code, 64);
  EXPECT_THAT(finished.err, HasSubstr("is not UTF-8"));
  EXPECT_THAT(program.files(), IsEmpty());
}

TEST(OutputNames, OfABatchMayLieInAFolderWhoseNameIsNotUtf8) {
  Program program;
  program.write("p.txt", "one\n");
  const std::vector<std::string> line{"--prompts", "p.txt",   "--model", "wan21",
                                      "--out-dir", "caf\xe9", "--index"};
  EXPECT_EQ(program.run(line).code, 0);
  EXPECT_EQ(program.run(line).code, 0);
  EXPECT_THAT(program.run({"status", "caf\xe9"}).out, HasSubstr("1 job: 1 done"));
}

TEST(OutputNames, ThatAreTooLongAreRefused) {
  const std::string name(252, 'x');  // 256 bytes with its ending
  for (const std::vector<std::string>& more : {std::vector<std::string>{"-o", name + ".mp4"},
                                               {"-o", "a.mp4", "--contact-sheet", name + ".png"},
                                               {"-o", "a.mp4", "--thumbnail", name + ".png"},
                                               {"-o", "a.mp4", "--dump-tensors", name + ".safetensors"},
                                               {"-o", std::string(247, 'x') + ".mp4", "--sidecar"}}) {
    Program program;
    const Finished finished = before_work(program, more);
    EXPECT_EQ(finished.code, 73) << more.back();
    EXPECT_THAT(finished.err, HasSubstr("too long: "));
    EXPECT_THAT(finished.err, HasSubstr("at most 255"));
    EXPECT_EQ(lines(finished.err), 1);
    EXPECT_THAT(program.files(), IsEmpty());
  }
}

TEST(OutputNames, OfTheLargestLengthWork) {
  Program program;
  const std::string name = std::string(251, 'x') + ".mp4";
  EXPECT_EQ(program.run(make({"-o", name})).code, 0);
  EXPECT_THAT(program.files(), ElementsAre(name));
}

TEST(OutputNames, ThatAreLinksToNothingAreRefused) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"-o", "link.png"},
                                               {"-o", "link.png", "--overwrite"},
                                               {"-o", "a.mp4", "--contact-sheet", "link.png"},
                                               {"-o", "a.mp4", "--thumbnail", "link.png", "--overwrite"},
                                               {"-o", "a.mp4", "--dump-tensors", "link.png"},
                                               {"-o", "link", "--sidecar", "--format", "png"}}) {
    Program program;
    fs::create_symlink("gone/file.png", program.folder() / "link.png");
    fs::create_symlink("gone/file.json", program.folder() / "link.json");
    const Finished finished = before_work(program, more);
    EXPECT_EQ(finished.code, 73) << more.back();
    EXPECT_THAT(finished.err, HasSubstr("is a link to a file that does not exist"));
    EXPECT_EQ(program.files().size(), 2U);
  }
}

TEST(OutputNames, OfFilesThatExistAreRefusedWithoutOverwrite) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--dump-tensors", "there.png"},
                                               {"--contact-sheet", "there.png"},
                                               {"--thumbnail", "there.png"},
                                               {"--sidecar"}}) {
    Program program;
    program.write("there.png", "old");
    program.write("a.mp4.json", "old");
    std::vector<std::string> line{"-o", "a.mp4"};
    line.insert(line.end(), more.begin(), more.end());
    const Finished finished = before_work(program, line);
    EXPECT_EQ(finished.code, 73) << more.front();
    EXPECT_THAT(finished.err, HasSubstr("exists already; add --overwrite"));
    EXPECT_EQ(program.read("there.png") + program.read("a.mp4.json"), "oldold");
    line.emplace_back("--overwrite");
    EXPECT_EQ(program.run(make(line)).code, 69);  // then only the library is missing
  }
}

TEST(OutputNames, OfTwoFilesDiffer) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--dump-tensors", "./a.mp4"},
                                               {"--dump-tensors", "a.mp4.json", "--sidecar"},
                                               {"--dump-tensors", "x.png", "--thumbnail", "x.png"}}) {
    Program program;
    std::vector<std::string> line{"-o", "a.mp4"};
    line.insert(line.end(), more.begin(), more.end());
    const Finished finished = before_work(program, line);
    EXPECT_EQ(finished.code, 64) << more.back();
    EXPECT_THAT(finished.err, HasSubstr("give one of them another name"));
  }
}

TEST(OutputNames, OfTensorsInABatchAreNumbered) {
  Program program;
  program.write("p.txt", "one\ntwo\n");
  const std::vector<std::string> line{"--prompts", "p.txt",     "--model",
                                      "wan21",     "--dry-run", "--dump-tensors"};
  const auto with = [&](const std::string& name) {
    std::vector<std::string> more = line;
    more.push_back(name);
    return program.run(more);
  };
  EXPECT_EQ(with("x.safetensors").code, 64);
  EXPECT_THAT(with("x.safetensors").err, HasSubstr("{index:04}.safetensors"));
  EXPECT_EQ(with("{index}.safetensors").code, 0);
}

TEST(LogFile, IsAddedTo) {
  Program program;
  program.write("log.txt", "old\n");
  EXPECT_EQ(program.run(make({"-o", "a.mp4", "--log-file", "log.txt", "-v"})).code, 0);
  EXPECT_THAT(program.read("log.txt"), testing::StartsWith("old\n"));
}

// Where runs share a folder, the last one to end removes the temporaries of those that were killed.
TEST(Temporaries, OfAKilledSharerAreGoneWhenTheOthersEnd) {
  Program program;
  program.write("p.txt", "slow\n");
  program.start(
      {"--prompts", "p.txt", "--model", "wan21", "--out-dir", "out", "--share", "--progress", "plain"});
  ASSERT_TRUE(program.wait_for_stderr("denoising "));
  const std::string left = ".2-x.mp4.999999999-abcdef@";
  program.write("out/" + left + host_name() + ".part", "half a video");
  program.write("out/" + left + "another-node.part", "half a video");
  program.write("out/.sora-gen/" + left + host_name() + ".part", "half a video");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().code, 143);
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(program.folder() / "out"))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, Contains(left + "another-node.part"));
  EXPECT_THAT(names, testing::Not(Contains(left + host_name() + ".part")));
}

TEST(Lock, NamesWhoHoldsIt) {
  Program program;
  program.write("p.txt", "slow\n");
  const std::vector<std::string> line{"--prompts", "p.txt", "--model",    "wan21",
                                      "--out-dir", "out",   "--progress", "plain"};
  program.start(line);
  ASSERT_TRUE(program.wait_for_stderr("denoising "));
  Program second;
  second.write("p.txt", "slow\n");
  std::vector<std::string> there = line;
  there[5] = (program.folder() / "out").string();
  const Finished finished = second.run(there);
  EXPECT_EQ(finished.code, 75);
  EXPECT_THAT(finished.err, testing::ContainsRegex("\\(process [0-9]+ on " + host_name() + "\\)"));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().code, 143);
}

}  // namespace
}  // namespace sora::test
