// rerun --verify and --keep-latents, as a user sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/program.h"

namespace fs = std::filesystem;

namespace sora::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Verify : public testing::Test {
 protected:
  void write(const std::string& prompt, const std::string& generator = "sora-gen " SORA_GEN_VERSION,
             const json& more = json::object()) const {
    json said{{"generator", generator}, {"prompt", prompt}, {"model", "wan21"}, {"seed", 7}};
    said.update(more);
    program_.write("clip.mp4", "a fake video that says " + said.dump());
  }
  Finished verify(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"rerun", "--verify", "clip.mp4"});
    program_.environment["TMPDIR"] = program_.folder().string();
    return program_.run(more);
  }

  Program program_;
};

TEST_F(Verify, SaysThatTheFramesAreTheSameAndKeepsNothing) {
  write("a fox");
  const Finished finished = verify();
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.out, "clip.mp4: the same 24 frames\n");
  EXPECT_THAT(program_.files(), ElementsAre("clip.mp4")) << "neither a video nor a temporary folder is left";
}

TEST_F(Verify, NamesTheFirstFrameThatDiffers) {
  write("a forged fox");
  const Finished finished = verify();
  EXPECT_EQ(finished.code, 65);
  EXPECT_EQ(finished.out,
            "clip.mp4: not the same: frame 5 of 24 is the first that differs, PSNR 31.5 dB; 20 differ, PSNR "
            "30.8 dB over all and 30.3 dB at least\n");
  const json said = json::parse(verify({"--json"}).out);
  EXPECT_EQ(said["verdict"], "different");
  EXPECT_EQ(said["first_different"], 5);
  EXPECT_EQ(said["psnr_first"], 31.5);
  EXPECT_EQ(said["frames"], 24);
}

TEST_F(Verify, SaysWhatMayExplainADifference) {
  write("a forged fox", "sora-gen 0.0.1", {{"model_digest", "0123456789abcdef"}});
  const Finished finished = verify();
  EXPECT_EQ(finished.code, 65);
  EXPECT_THAT(finished.out,
              AllOf(HasSubstr("\n  it says that sora-gen 0.0.1 made it, and this is "),
                    HasSubstr("\n  the model wan21 here is not the one that it was made with\n")));
}

TEST_F(Verify, NeedsAFileThatSaysHowItWasMade) {
  program_.write("clip.mp4", "a fake video that says {}");
  EXPECT_EQ(verify().code, 65);
  program_.write("clip.mp4", "x");
  EXPECT_EQ(verify().code, 65);
  fs::remove(program_.folder() / "clip.mp4");
  EXPECT_EQ(verify().code, 66);
}

TEST_F(Verify, ComparesWholeFiles) {
  write("a fox", "sora-gen " SORA_GEN_VERSION, {{"frames", 3}});
  fs::rename(program_.folder() / "clip.mp4", program_.folder() / "f01.png");
  const Finished finished = program_.run({"rerun", "--verify", "f01.png"});
  EXPECT_EQ(finished.code, 65);
  EXPECT_THAT(finished.err, HasSubstr("f01.png: is one of 3 pictures that were made together"));
}

TEST_F(Verify, AsksForTheFilesThatAVideoWasMadeFrom) {
  write("a fox", "sora-gen " SORA_GEN_VERSION, {{"lora", {"ink.safetensors"}}});
  const Finished finished = verify();
  EXPECT_EQ(finished.code, 66);
  EXPECT_THAT(finished.err, HasSubstr("sora-gen rerun --verify clip.mp4 --lora FILE"));
}

TEST_F(Verify, TakesNoOptionThatChangesWhatIsMadeOrKeepsIt) {
  write("a fox");
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--seed", "8"},
                                               {"-o", "x.mp4"},
                                               {"--overwrite"},
                                               {"--keep-latents"},
                                               {"--contact-sheet", "x.png"}}) {
    const Finished finished = verify(more);
    EXPECT_EQ(finished.code, 64) << more.front();
    EXPECT_THAT(finished.err, HasSubstr("rerun --verify takes no --"));
  }
  EXPECT_EQ(verify({"--threads", "1", "--device", "cpu"}).code, 0);
  EXPECT_THAT(program_.files(), ElementsAre("clip.mp4"));
}

TEST_F(Verify, IsForRerunAlone) {
  write("a fox");
  for (const std::vector<std::string>& line : {std::vector<std::string>{"--verify", "--prompt", "a fox"},
                                               {"inspect", "clip.mp4", "--verify"},
                                               {"extend", "clip.mp4", "--verify"}}) {
    const Finished finished = program_.run(line);
    EXPECT_EQ(finished.code, 64) << line.front();
    EXPECT_THAT(finished.err, HasSubstr("sora-gen rerun --verify"));
  }
}

TEST(KeepLatents, AreAmongTheFilesThatARunWouldMake) {
  Program program;
  const std::vector<std::string> line{"-p", "a fox", "--model", "wan21", "--keep-latents", "-o"};
  const auto with = [&](const std::string& output) {
    std::vector<std::string> all = line;
    all.push_back(output);
    return program.run(all);
  };
  EXPECT_EQ(with("-").code, 64);
  program.write("a.mp4.latents.safetensors", "precious");
  const Finished finished = with("a.mp4");
  EXPECT_EQ(finished.code, 73);
  EXPECT_THAT(finished.err, HasSubstr("a.mp4.latents.safetensors: exists already"));
  EXPECT_THAT(program.files(), ElementsAre("a.mp4.latents.safetensors"));
}

TEST(KeepLatents, OfAJobAreMadeAgainWhereTheyAreMissing) {
  Program program;
  program.write("p.txt", "one\ntwo\n");
  const std::vector<std::string> line{"--prompts", "p.txt",  "--model",       "wan21",         "--out-dir",
                                      "out",       "--name", "{index}.{ext}", "--keep-latents"};
  EXPECT_EQ(program.run(line).code, 0);
  const fs::path latents = program.folder() / "out/1.mp4.latents.safetensors";
  ASSERT_TRUE(fs::exists(latents));
  EXPECT_THAT(program.run(line).err, HasSubstr("2 done before"));
  EXPECT_THAT(program.run({"status", "out", "--json"}).out, HasSubstr("1.mp4.latents.safetensors"));

  fs::remove(latents);
  EXPECT_THAT(program.run({"status", "out"}).out, HasSubstr("changed  1.mp4"));
  const Finished again = program.run(line);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("1 made, 1 done before"));
  EXPECT_TRUE(fs::exists(latents));
  EXPECT_FALSE(fs::exists(program.folder() / "out/1.old-1.mp4")) << "the video had not changed";
}

TEST(KeepLatents, GoWithTheirVideoWhereItIsRenamed) {
  Program program;
  program.write("p.txt", "one\n");
  const std::vector<std::string> line{"--prompts", "p.txt",  "--model",       "wan21",         "--out-dir",
                                      "out",       "--name", "{index}.{ext}", "--keep-latents"};
  EXPECT_EQ(program.run(line).code, 0);
  program.write("out/1.mp4", "edited");
  EXPECT_EQ(program.run(line).code, 0);
  EXPECT_TRUE(fs::exists(program.folder() / "out/1.old-1.mp4.latents.safetensors"));
  EXPECT_TRUE(fs::exists(program.folder() / "out/1.mp4.latents.safetensors"));
}

}  // namespace
}  // namespace sora::test
