#include "pipeline/frames/composite.h"

#include <gtest/gtest.h>

namespace sora {
namespace {

at::Tensor mask_of(std::int64_t height, std::int64_t width, std::int64_t top, std::int64_t left,
                   std::int64_t rows, std::int64_t columns) {
  at::Tensor mask = at::zeros({height, width}, at::kByte);
  mask.narrow(0, top, rows).narrow(1, left, columns).fill_(255);
  return mask;
}

TEST(Composite, NothingOutsideOfTheMaskIsTouched) {
  const at::Tensor mask = mask_of(40, 50, 10, 12, 20, 30);
  const at::Tensor share = new_share(mask, 4);
  EXPECT_EQ(share.masked_select(mask.eq(0)).max().item<float>(), 0);
  EXPECT_GT(share.masked_select(mask.ne(0)).min().item<float>(), 0);
}

TEST(Composite, TheBorderRisesInsideOfTheMask) {
  const at::Tensor share = new_share(mask_of(40, 50, 10, 12, 20, 30), 4);
  const float expected[] = {0, 0.25F, 0.5F, 0.75F, 1, 1};
  for (std::int64_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(share[20][11 + i].item<float>(), expected[i]) << i;
  EXPECT_FLOAT_EQ(share[20][41].item<float>(), 0.25F);
  EXPECT_FLOAT_EQ(share[20][42].item<float>(), 0);
}

TEST(Composite, ThinPartsReachTheirFullStrength) {
  EXPECT_FLOAT_EQ(new_share(mask_of(40, 50, 10, 20, 20, 1), 4)[20][20].item<float>(), 1);
  const at::Tensor three = new_share(mask_of(40, 50, 10, 20, 20, 3), 4);
  EXPECT_FLOAT_EQ(three[20][20].item<float>(), 0.5F);
  EXPECT_FLOAT_EQ(three[20][21].item<float>(), 1);
}

TEST(Composite, AMaskThatEndsWithThePictureHasNoBorderThere) {
  const at::Tensor share = new_share(mask_of(40, 50, 0, 0, 40, 25), 4);
  EXPECT_FLOAT_EQ(share[0][0].item<float>(), 1);
  EXPECT_FLOAT_EQ(share[20][24].item<float>(), 0.25F);
}

}  // namespace
}  // namespace sora
