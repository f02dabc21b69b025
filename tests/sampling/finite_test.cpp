#include "sampling/finite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "sora/error.h"

namespace sora {
namespace {

using testing::HasSubstr;

TEST(CheckFinite, LetsNumbersPass) {
  at::Tensor latents = at::zeros({1, 4, 2, 3, 3});
  latents.fill_(std::numeric_limits<float>::max());
  EXPECT_NO_THROW(check_finite(latents, 0, 4));
  EXPECT_NO_THROW(check_finite(at::zeros({0}), 0, 4));
}

TEST(CheckFinite, OneBadValueIsAnErrorThatNamesTheStep) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    at::Tensor latents = at::zeros({1, 2, 5});
    latents[0][1][4] = bad;
    try {
      check_finite(latents, 2, 50);
      ADD_FAILURE() << bad << " passed";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::internal);
      EXPECT_EQ(error.component(), "denoise");
      EXPECT_THAT(error.what(), HasSubstr("step 3 of 50: 1 of 10 latent values"));
    }
  }
}

}  // namespace
}  // namespace sora
