// Whether an output is marked, and what the plan says about it.
#include "plan/watermark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace sora::test {
namespace {

using testing::HasSubstr;

class PlannedWatermark : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("SORA_GEN_WATERMARK"); }
  void TearDown() override { ::setenv("SORA_GEN_WATERMARK", "none", 1); }

  Output planned(const std::string& codec = "h264", int side = 128) const {
    Output output;
    output.codec = codec;
    Picture picture;
    picture.frame_width = picture.frame_height = side;
    plan_watermark(request, picture, output);
    return output;
  }

  Request request;
};

TEST_F(PlannedWatermark, IsOnByDefault) {
  for (const char* codec : {"h264", "vp9", "png", "mjpeg", "gif"}) {
    EXPECT_TRUE(planned(codec).watermark) << codec;
    EXPECT_EQ(planned(codec).watermark_text, "invisible, in the pixels");
  }
}

TEST_F(PlannedWatermark, IsLeftOutWhereItIsNotWantedAndThePlanSaysWhy) {
  EXPECT_FALSE(planned("ffv1").watermark);
  EXPECT_THAT(planned("ffv1").watermark_text, HasSubstr("none: ffv1"));
  EXPECT_FALSE(planned("h264", 63).watermark);
  EXPECT_THAT(planned("h264", 63).watermark_text, HasSubstr("too small"));
  request.init_noise = "noise.safetensors";
  EXPECT_THAT(planned().watermark_text, HasSubstr("--init-noise is for comparisons"));
  request = {};
  request.no_watermark = true;
  EXPECT_FALSE(planned().watermark);
  EXPECT_EQ(planned().watermark_text, "none: by --no-watermark");
}

TEST_F(PlannedWatermark, IsInTheNewFramesOfAClip) {
  request.verb = "extend";
  request.input = "clip.mp4";
  EXPECT_THAT(planned().watermark_text, HasSubstr("of the new frames; those of the input stay as they are"));
  request.only_new = true;
  EXPECT_EQ(planned().watermark_text, "invisible, in the pixels");
}

}  // namespace
}  // namespace sora::test
