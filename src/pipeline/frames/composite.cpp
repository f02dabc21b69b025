#include "pipeline/frames/composite.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "media/read/video_reader.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "pipeline/inputs/mask_frames.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr int kPartOfSide = 120;  // of the shorter side: the width of the blended border
constexpr std::int64_t kWidest = 16;

std::int64_t border_of(const Picture& picture) {
  return std::clamp<std::int64_t>(std::min(picture.width, picture.height) / kPartOfSide, 1, kWidest);
}

// The largest value within `reach` pixels along both axes; [1, h, w].
at::Tensor largest_near(const at::Tensor& x, std::int64_t reach) {
  const std::int64_t size = 2 * reach + 1;
  return at::max_pool2d(at::max_pool2d(x, {1, size}, {1, 1}, {0, reach}), {size, 1}, {1, 1}, {reach, 0});
}

class CompositeWriter final : public FrameWriter {
 public:
  CompositeWriter(std::unique_ptr<FrameWriter> video, const Plan& plan)
      : video_(std::move(video)),
        plan_(plan),
        source_(plan.control.source),
        reader_(*plan.request.input, clip_settings(plan, is_frame_by_frame(plan, *plan.inputs.video),
                                                   source_.width, source_.height)),
        masks_(plan, plan.picture.width, plan.picture.height) {}

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    next_input();
    frame_.resize(static_cast<std::size_t>(plan_.picture.height) * row());
    for (int y = 0; y < plan_.picture.height; ++y)
      std::memcpy(&frame_[static_cast<std::size_t>(y) * row()], rgb + y * stride, row());
    const at::Tensor share = share_of(masks_.at(number_));
    masks_.forget_before(number_++);
    for (int y = 0; y < source_.height; ++y)
      lay_over(share.const_data_ptr<float>() +
                   static_cast<std::ptrdiff_t>(source_.top + y) * plan_.picture.width + source_.left,
               &input_.rgb[static_cast<std::size_t>(y) * source_.width * 3],
               &frame_[static_cast<std::size_t>(source_.top + y) * row() +
                       static_cast<std::size_t>(source_.left) * 3]);
    video_->write(frame_.data(), static_cast<std::ptrdiff_t>(row()));
  }

  void begin_sound(std::size_t index) override { video_->begin_sound(index); }
  void end_sound() override { video_->end_sound(); }
  void begin_clip() override { video_->begin_clip(); }
  void end_clip() override { video_->end_clip(); }
  void copy(std::size_t index) override { video_->copy(index); }
  Written finish() override { return video_->finish(); }

 private:
  std::size_t row() const { return static_cast<std::size_t>(plan_.picture.width) * 3; }

  // The input's frame; after its last one, that again.
  void next_input() {
    VideoFrame read;
    if (reader_.next(read)) input_ = std::move(read);
    if (input_.rgb.empty())
      throw Error(ErrorKind::data, "input", *plan_.request.input + ": has no frame, expected a video");
  }

  const at::Tensor& share_of(const at::Tensor& mask) {
    if (mask_.is_same(mask)) return share_;
    mask_ = mask;
    const std::int64_t border = border_of(plan_.picture);
    if (!plan_.control.outpaints) {
      share_ = new_share(mask, border).contiguous();
    } else {
      // 1 around the input, and falling to 0 within its edge.
      share_ = (1 - new_share(255 - mask, border + 1)).contiguous();
    }
    return share_;
  }

  // A row of the input, over one of the frame.
  void lay_over(const float* share, const std::uint8_t* input, std::uint8_t* made) const {
    for (int x = 0; x < source_.width; ++x, input += 3, made += 3) {
      for (int c = 0; c < 3; ++c) {
        const float value = static_cast<float>(input[c]) +
                            share[x] * (static_cast<float>(made[c]) - static_cast<float>(input[c]));
        made[c] = static_cast<std::uint8_t>(value + 0.5F);
      }
    }
  }

  std::unique_ptr<FrameWriter> video_;
  const Plan& plan_;
  Area source_;
  VideoReader reader_;
  MaskFrames masks_;
  VideoFrame input_;
  at::Tensor mask_, share_;
  std::vector<std::uint8_t> frame_;
  std::int64_t number_ = 0;
};

}  // namespace

at::Tensor new_share(const at::Tensor& mask, std::int64_t width) {
  at::Tensor inside = mask.ge(128).to(at::kFloat).unsqueeze(0);  // [1, h, w]
  at::Tensor depth = inside.clone();                             // pixels from the border, up to `width`
  for (std::int64_t i = 1; i < width; ++i) {
    inside = largest_near(inside.neg(), 1).neg();  // one pixel less at the border, none at the picture's edge
    depth.add_(inside);
  }
  return depth.div(largest_near(depth, width).clamp_min(1)).squeeze(0);
}

std::unique_ptr<FrameWriter> with_input_outside(std::unique_ptr<FrameWriter> video, const Plan& plan) {
  return std::make_unique<CompositeWriter>(std::move(video), plan);
}

}  // namespace sora
