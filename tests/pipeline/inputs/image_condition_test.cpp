// Image conditioning: the known frames that image-to-video models take beside the noise.
#include "pipeline/inputs/image_condition.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace sora {
namespace {

TEST(ImageCondition, IsTheFirstFramesThenGreyThenTheLast) {
  const c10::InferenceMode inference;
  const at::Tensor first = at::rand({1, 3, 5, 4, 6}), last = at::rand({1, 3, 1, 4, 6});
  EXPECT_TRUE(at::equal(frames_from(first, last, 1, 4, 13), first.narrow(2, 1, 4)));
  EXPECT_TRUE(at::equal(frames_from(first, last, 5, 4, 13), at::zeros({1, 3, 4, 4, 6})));
  const at::Tensor end = frames_from(first, last, 9, 4, 13);
  EXPECT_TRUE(at::equal(end.narrow(2, 0, 3), at::zeros({1, 3, 3, 4, 6})));
  EXPECT_TRUE(at::equal(end.narrow(2, 3, 1), last));
  EXPECT_TRUE(at::equal(frames_from(first, {}, 9, 4, 13), at::zeros({1, 3, 4, 4, 6})));
}

// A later window begins with frames that were decoded on the device; an image comes from the CPU.
TEST(ImageCondition, IsOfTheDeviceAndTypeOfTheFirstFramesWhateverTheImageIs) {
  const c10::InferenceMode inference;
  const at::Tensor image = at::rand({1, 3, 1, 4, 6});
  for (const at::TensorOptions& options :
       {at::TensorOptions(at::kMeta).dtype(at::kFloat), at::TensorOptions(at::kCPU).dtype(at::kHalf)}) {
    const at::Tensor decoded = at::empty({1, 3, 5, 4, 6}, options);
    for (const std::int64_t t : {1, 5, 9}) {
      const at::Tensor frames = frames_from(decoded, image, t, 4, 13);
      EXPECT_EQ(frames.device(), decoded.device()) << t;
      EXPECT_EQ(frames.scalar_type(), decoded.scalar_type()) << t;
      EXPECT_EQ(frames.sizes(), at::IntArrayRef({1, 3, 4, 4, 6}));
    }
  }
}

}  // namespace
}  // namespace sora
