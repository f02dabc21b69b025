// edit, --reference and --control on the command line: mistakes are found before any work, each in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/program.h"

namespace sora::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class EditLine : public testing::Test {
 protected:
  EditLine() {
    for (const char* name : {"clip.mp4", "mask.mp4", "black.mp4", "white.mp4", "picture.png"})
      program_.write(name, "x");
  }

  Finished run(std::vector<std::string> line, const std::string& model = (test_data() / "vace").string()) {
    line.insert(line.end(), {"--model", model, "--seed", "7", "--dry-run", "--json"});
    return program_.run(line);
  }

  void expect_fault(std::vector<std::string> line, int code, const std::string& message) {
    const Finished finished = run(std::move(line));
    EXPECT_EQ(finished.code, code) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(message));
  }

  Program program_;
};

TEST_F(EditLine, TakesTheClipsSizeRateAndLength) {
  const Finished finished = run({"edit", "clip.mp4", "--mask", "mask.mp4", "--prompt", "a car"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const json plan = json::parse(finished.out);
  EXPECT_EQ(plan["verb"], "edit");
  EXPECT_EQ(plan["width"], 128);
  EXPECT_EQ(plan["height"], 96);
  EXPECT_EQ(plan["frames"], 24);
  EXPECT_EQ(plan["model_fps"], 12.0);
}

TEST_F(EditLine, MasksThatCannotBeMeantAreErrorsOfTheFile) {
  expect_fault({"edit", "clip.mp4", "--mask", "picture.png"}, 65, "is 96x64, expected 128x96");
  expect_fault({"edit", "clip.mp4", "--mask", "black.mp4"}, 65, "has no white in it");
  expect_fault({"edit", "clip.mp4", "--mask", "white.mp4"}, 65, "is all white");
  expect_fault({"edit", "clip.mp4", "--mask", "gone.png"}, 66, "gone.png");
}

TEST_F(EditLine, WrongLinesAreErrorsOfUsage) {
  expect_fault({"edit", "clip.mp4"}, 64, "edit needs what is to be made anew: --mask FILE");
  expect_fault({"edit", "clip.mp4", "--box", "100,50,40,20"}, 64,
               "reaches beyond the picture, which is 128x96");
  expect_fault({"edit", "clip.mp4", "--box", "1,2,3,4", "--outpaint", "16:9"}, 64,
               "takes one of --mask, --box and --outpaint");
  expect_fault({"remix", "clip.mp4", "--mask", "mask.mp4"}, 64,
               "--mask means nothing to remix; it goes with edit");
  expect_fault({"--prompt", "x", "--control-kind", "edges"}, 64,
               "--control-kind says what --control FILE shows");
  std::vector<std::string> five{"--prompt", "x"};
  for (int i = 0; i < 5; ++i) five.insert(five.end(), {"--reference", "picture.png"});
  expect_fault(five, 64, "--reference is given 5 times, expected at most 4");
}

TEST_F(EditLine, AModelWithoutAControlBranchSaysWhatIsNeeded) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"edit", "clip.mp4", "--mask", "mask.mp4"},
        {"--prompt", "x", "--reference", "picture.png"},
        {"--prompt", "x", "--control", "clip.mp4"}}) {
    const Finished finished = run(line, "wan21");
    EXPECT_EQ(finished.code, 64) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("needs a model with a control branch (VACE)"));
    EXPECT_THAT(finished.err, HasSubstr("wan2.1-vace-1.3b"));
  }
}

}  // namespace
}  // namespace sora::test
