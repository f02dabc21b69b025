// A draft of scout shows the scene of the video that pick makes: the same noise in fewer steps.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "media/read/video_reader.h"
#include "pipeline/tiny_model.h"
#include "places.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace sora {
namespace {

class ScoutTest : public testing::Test {
 protected:
  std::vector<VideoFrame> made(std::uint64_t seed, std::optional<int> steps) {
    Request request = lossless_request(folder_ / "a.mkv");
    request.model = source_folder() / "models/default";  // a trained one, whose pictures differ by the seed
    request.prompt = "a forest";
    request.seed = seed;
    request.steps = steps;
    request.guidance.reset();
    request.frames = 5;
    request.res = "128x128";
    request.threads = 1;
    generator_.run(make_plan(request));
    return read_first(folder_ / "a.mkv", {}, 100);
  }

  static double mean_square(const std::vector<VideoFrame>& a, const std::vector<VideoFrame>& b) {
    double squares = 0, count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t k = 0; k < a[i].rgb.size(); ++k, ++count)
        squares += std::pow(static_cast<double>(a[i].rgb[k]) - b.at(i).rgb.at(k), 2);
    }
    return squares / count;
  }

 private:
  const TemporaryFolder folder_;
  Generator generator_;
};

TEST_F(ScoutTest, HalfOfTheStepsShowTheSceneOfAllSteps) {
  const auto whole = made(7, {});
  ASSERT_EQ(whole.size(), 5U);
  const double same = mean_square(made(7, 4), whole), other = mean_square(made(8, 4), whole);
  EXPECT_LT(same, 65) << "30 dB; 34 to 37 dB were measured (docs/scout.md)";
  EXPECT_LT(5 * same, other) << "another seed is another scene";
}

}  // namespace
}  // namespace sora
