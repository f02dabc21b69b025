// Frames that are made here get the mark, those of an input do not.
#include "pipeline/frames/watermark_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "watermark/embed.h"
#include "watermark/marked.h"

namespace sora::test {
namespace {

class Kept final : public FrameWriter {
 public:
  explicit Kept(std::vector<Frame>& frames) : frames_(frames) {}
  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    Frame frame = blank(128, 96);
    for (int y = 0; y < frame.height; ++y)
      std::copy_n(rgb + y * stride, frame.stride(), &frame.rgb[static_cast<std::size_t>(y * frame.stride())]);
    frames_.push_back(frame);
  }
  Written finish() override { return {}; }

 private:
  std::vector<Frame>& frames_;
};

TEST(WatermarkWriter, MarksWhatIsMadeAndLeavesAnInputsFrames) {
  Plan plan;
  plan.request.seed = 7;
  plan.model.digest = "5f00";
  plan.picture.frame_width = 128;
  plan.picture.frame_height = 96;
  std::vector<Frame> kept;
  const auto writer = with_watermark(std::make_unique<Kept>(kept), plan, "");
  const Frame frame = scene(128, 96, 0);
  writer->begin_clip();
  writer->write(frame.rgb.data(), frame.stride());
  writer->end_clip();
  writer->write(frame.rgb.data(), frame.stride());
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].rgb, frame.rgb);
  Frame expected = frame;
  WatermarkEmbedder(common_watermark_key(), payload_of(7, "5f00", false), 128, 96)
      .mark(expected.rgb.data(), expected.stride());
  EXPECT_EQ(kept[1].rgb, expected.rgb);
  EXPECT_NE(kept[1].rgb, frame.rgb);
}

TEST(WatermarkWriter, UsesAKeyOfOnesOwn) {
  Plan plan;
  plan.request.seed = 7;
  plan.picture.frame_width = 128;
  plan.picture.frame_height = 96;
  std::vector<Frame> common, own;
  const Frame frame = scene(128, 96, 0);
  with_watermark(std::make_unique<Kept>(common), plan, "")->write(frame.rgb.data(), frame.stride());
  with_watermark(std::make_unique<Kept>(own), plan, std::string(64, 'b'))
      ->write(frame.rgb.data(), frame.stride());
  EXPECT_NE(common[0].rgb, own[0].rgb);
}

}  // namespace
}  // namespace sora::test
