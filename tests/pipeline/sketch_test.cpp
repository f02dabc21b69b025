// Windows that are composed at a smaller size first.
#include "pipeline/sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "checkpoint/tensor_file.h"
#include "pipeline/finish.h"
#include "pipeline/resize.h"
#include "sora/error.h"
#include "sora/generator.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::Contains;
using testing::HasSubstr;

class SketchTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sora-sketch-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::copy(data("pipeline/ti2v"), folder_ / "model", fs::copy_options::recursive);
    fs::create_symlink(data("skyreels/df/image1.png"), folder_ / "a.png");
    request_.model = (folder_ / "model").string();
    request_.prompt = "a lighthouse";
    request_.frames = 5;
    request_.steps = 4;
    request_.seed = 7;
    request_.device = "cpu";
    request_.output = (folder_ / "a.mkv").string();
    request_.codec = "ffv1";
    request_.overwrite = true;
    use(4096);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string data(const std::string& name) { return std::string(SORA_TEST_DATA) + "/" + name; }

  // A model that is at home at 128x128 and composes at `area`.
  void use(int area, double level = 0.7) {
    std::ofstream(folder_ / "model" / "sora-gen.json")
        << R"({"native_width": 128, "native_height": 128, "native_frames": 9, "fps": 8, "steps": 8, )"
        << R"("flow_shift": 2, "guidance_scale": 1, "sketched_steps": 5, "sketch_area": )" << area
        << R"(, "sketch_level": )" << level << "}";
  }

  Result run(const RunHooks& hooks = {}) { return Generator().run(make_plan(request_), hooks); }

  at::Tensor latents() {
    request_.dump_tensors = (folder_ / "dump.safetensors").string();
    run();
    return read_tensor(*request_.dump_tensors, "latents");
  }

  fs::path folder_;
  Request request_;
};

TEST_F(SketchTest, IsPlannedWithTheStepsThatFollowIt) {
  request_.steps.reset();
  const Plan plan = make_plan(request_);
  ASSERT_TRUE(plan.sketch);
  EXPECT_EQ(plan.sketch->width, 64);
  EXPECT_EQ(plan.sketch->height, 64);
  EXPECT_EQ(plan.sketch->latent_width * 2, plan.latent_width);
  EXPECT_EQ(plan.sketch->steps, 8);
  EXPECT_EQ(plan.steps - plan.first_step, 5);
  EXPECT_EQ(plan.first_step, 4);  // of 9 steps at flow shift 2, the fifth begins at a level of 0.71
  EXPECT_EQ(steps_of(plan), 13);
  EXPECT_EQ(asked_steps(plan), 8);
  EXPECT_THAT(plan.notes, Contains(HasSubstr("composed at 64x64 and painted at 128x128")));
  EXPECT_THAT(plan_text(plan), HasSubstr("8 steps at 64x64 and 5 of 9 steps of "));
  EXPECT_THAT(plan_json(plan), HasSubstr("\"sketch\""));

  request_.steps = 16;
  EXPECT_EQ(make_plan(request_).sketch->steps, 16);
  EXPECT_EQ(steps_of(make_plan(request_)), 26);
}

TEST_F(SketchTest, HasTheShapeOfThePicture) {
  request_.res = "256x144";
  const Plan plan = make_plan(request_);
  ASSERT_TRUE(plan.sketch);
  EXPECT_GT(plan.sketch->width, plan.sketch->height);
}

TEST_F(SketchTest, IsNotMadeForWhatIsAsSmallAnyway) {
  request_.res = "64x64";
  EXPECT_FALSE(make_plan(request_).sketch);
  request_.res.reset();
  request_.draft = true;
  EXPECT_FALSE(make_plan(request_).sketch);  // it has a quarter of the area
  request_.draft = false;
  use(0);
  EXPECT_FALSE(make_plan(request_).sketch);
}

TEST_F(SketchTest, CountsItsStepsAndIsTheSameAgain) {
  int steps = 0, last = 0;
  RunHooks hooks;
  hooks.progress = [&](const Progress& progress) {
    steps = progress.steps;
    last = progress.step;
  };
  request_.frames = 13;  // two windows
  const int planned = steps_of(make_plan(request_));
  const std::string once = run(hooks).sha256;
  EXPECT_EQ(steps, planned);
  EXPECT_EQ(last, planned);
  EXPECT_EQ(run().sha256, once);
  request_.seed = 8;
  EXPECT_NE(run().sha256, once);
}

TEST_F(SketchTest, HoldsWhatIsGivenAtTheSizeOfThePicture) {
  request_.verb = "animate";
  request_.image = (folder_ / "a.png").string();
  const at::Tensor with = latents();
  use(0);
  const at::Tensor without = latents();
  ASSERT_EQ(with.sizes(), without.sizes());
  EXPECT_TRUE(at::equal(with.narrow(2, 0, 1), without.narrow(2, 0, 1)));
  EXPECT_FALSE(at::allclose(with.narrow(2, 1, 1), without.narrow(2, 1, 1)));
}

TEST_F(SketchTest, LeadsThePictureAsFarAsItsLevelLetsIt) {
  const at::Tensor mild = (use(4096, 0.1), latents()), milder = (use(4096, 0.05), latents()),
                   strong = (use(4096, 0.9), latents());
  const auto apart = [](const at::Tensor& a, const at::Tensor& b) { return (a - b).norm().item<double>(); };
  EXPECT_LT(apart(mild, milder), 0.5 * apart(mild, strong));
}

TEST_F(SketchTest, HasALevelBetweenNoiseAndNothing) {
  use(4096, 1);
  try {
    make_plan(request_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(std::string(error.what()), HasSubstr("sketch_level"));
  }
}

TEST(Resized, KeepsFlatColoursAndTheMean) {
  const at::Tensor flat = at::full({1, 3, 2, 8, 12}, 0.25, at::kFloat);
  EXPECT_TRUE(at::allclose(resized(flat, 16, 24), at::full({1, 3, 2, 16, 24}, 0.25, at::kFloat)));
  at::Tensor checks = at::zeros({1, 3, 1, 8, 8}, at::kFloat);
  checks.slice(4, 0, 8, 2).fill_(0.5);
  const at::Tensor half = resized(checks, 4, 4);
  EXPECT_NEAR(half.mean().item<double>(), 0.25, 0.01);
  EXPECT_LT(half.std().item<double>(), 0.05);  // stripes of a pixel become grey and no coarser stripes
}

}  // namespace
}  // namespace sora
