// Verbs whose whole result holds, with tiny models of random weights: no frame is shown twice, a transition's
// prompts go evenly, pictures are arrived at, and footage that a small model does not know is named.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "media/read/video_reader.h"
#include "pipeline/denoise/window_conditioning.h"
#include "pipeline/difference.h"
#include "pipeline/frames/arrival.h"
#include "pipeline/frames/drift.h"
#include "pipeline/frames/even_steps.h"
#include "pipeline/tiny_model.h"
#include "plan/verbs/story.h"
#include "plan/verbs/transition.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Frames = std::vector<VideoFrame>;

class WholeClipsTest : public testing::Test {
 protected:
  // A video that says what it was made from.
  std::string made(const std::string& name, const std::string& prompt, int frames, int seed = 1) {
    Request request = lossless_request(folder_ / name);
    request.model = model_;
    request.prompt = prompt;
    request.res = "64x32";
    request.frames = frames;
    request.seed = seed;
    generator_.run(make_plan(request));
    return *request.output;
  }

  Frames run() {
    generator_.run(make_plan(request_));
    return read_first(*request_.output, {}, 10000);
  }

  void SetUp() override { request_.model = model_; }

  const TemporaryFolder folder_;
  const std::string model_ = copy_tiny_model(folder_, "ti2v");
  Request request_ = lossless_request(folder_ / "out.mkv");
  Generator generator_;
};

double least_step(const Frames& frames) {
  double least = 255;
  for (std::size_t i = 1; i < frames.size(); ++i)
    least = std::min(least, difference(frames[i - 1], frames[i]));
  return least;
}

TEST_F(WholeClipsTest, ALoopShowsNoFrameTwice) {
  request_.verb = "loop";
  request_.input = made("clip.mkv", "a boat", 9);
  const double usual = least_step(read_first(*request_.input, {}, 100));
  EXPECT_EQ(make_plan(request_).timeline.frames, 16)
      << "whole latent frames, where nothing else is asked for";
  for (const int frames : {9, 17, 19}) {
    request_.frames = frames;
    const Frames whole = run();
    ASSERT_EQ(whole.size(), 9U + static_cast<std::size_t>(frames));
    EXPECT_GT(least_step(whole), 0.1 * usual) << frames;
  }
}

TEST_F(WholeClipsTest, ALoopOfAPromptShowsNoFrameTwice) {
  request_.verb = "loop";
  request_.prompt = "a boat";
  request_.res = "64x32";
  for (const int frames : {18, 19, 20}) {
    request_.frames = frames;
    const Frames loop = run();
    ASSERT_EQ(loop.size(), static_cast<std::size_t>(frames));
    EXPECT_GT(least_step(loop), 0.1) << frames;
  }
}

TEST_F(WholeClipsTest, ATransitionGoesEvenlyFromOneClipsWordsToTheOthers) {
  request_.verb = "connect";
  request_.input = made("a.mkv", "a boat", 9);
  request_.input_2 = made("b.mkv", "a forest", 9);
  request_.frames = 24;
  const Plan plan = make_plan(request_);
  ASSERT_EQ(plan.inputs.shots.size(), 2U);
  EXPECT_EQ(plan.inputs.shots[0].prompt, "a boat");
  EXPECT_EQ(plan.inputs.shots[1].prompt, "a forest");
  EXPECT_EQ(plan.timeline.drift_control, 0) << "its look is to change";
  double before = -1.0 / 12;
  for (int latent = 2; latent < 8; ++latent) {
    const auto shares = prompt_shares(plan, time_of_latent(plan.timeline, latent, 4));
    ASSERT_EQ(shares.size(), 2U);
    EXPECT_NEAR(shares[1] - before, 1.0 / 6, 1e-9) << latent;
    EXPECT_NEAR(shares[0] + shares[1], 1, 1e-9);
    before = shares[1];
  }
  EXPECT_EQ(run().size(), 9U + 24U + 9U);

  request_.prompt = "a lighthouse";
  EXPECT_TRUE(make_plan(request_).inputs.shots.empty()) << "said otherwise";
  request_.prompt.clear();
  request_.input_2 = request_.input;
  EXPECT_EQ(make_plan(request_).request.prompt, "a boat");
  EXPECT_TRUE(make_plan(request_).inputs.shots.empty()) << "one prompt for both";
}

TEST_F(WholeClipsTest, AnimateArrivesAtTheLastImage) {
  const std::string clip = made("clip.mkv", "a boat", 5, 3), other = made("other.mkv", "a forest", 5, 4);
  request_.verb = "animate";
  request_.prompt = "a boat";
  request_.image = clip;
  request_.last_image = other;
  request_.res = "64x32";
  for (const int frames : {9, 17, 22}) {
    request_.frames = frames;
    const Frames result = run();
    EXPECT_LT(difference(result.back(), read_first(other, {}, 1).front()), 1) << frames;
    EXPECT_GT(least_step(result), 0.1) << frames << ": the picture does not stand still before the end";
  }
}

TEST_F(WholeClipsTest, BackwardTheLookIsThatOfTheWindowBesideTheClip) {
  request_.verb = "extend";
  request_.backward = true;
  request_.input = made("clip.mkv", "a boat", 9);
  request_.frames = 40;
  const Plan plan = make_plan(request_);
  ASSERT_GT(plan.timeline.windows.size(), 2U);
  EXPECT_GT(plan.timeline.drift_control, 0);
  EXPECT_THAT(plan.notes, Contains(HasSubstr("the window beside the clip")));

  DriftControl drift(plan, 4);
  at::Tensor look = at::rand({17, 32, 64, 3}) * 0.5 + 0.2;
  drift.begin(0);
  EXPECT_TRUE(at::equal(drift.correct(look), look));
  drift.begin(1);
  const at::Tensor later = (look * 1.2).clamp(0, 1);
  const double off = (later.mean() - look.mean()).item<double>();
  EXPECT_LT((drift.correct(later).mean() - look.mean()).item<double>(), 0.4 * off);

  const Frames guided = run();
  request_.drift_control = 0;
  const Frames free = run();
  ASSERT_EQ(guided.size(), 49U);
  EXPECT_GT(difference(guided.front(), free.front()), 0);
}

TEST(Arrival, IsAtThePictureAndTheWayThereIsEven) {
  constexpr std::int64_t kFrames = 17;
  const at::Tensor moving = at::arange(kFrames, at::kFloat).reshape({kFrames, 1, 1, 1}) * 0.01 +
                            at::full({kFrames, 4, 4, 3}, 0.2, at::kFloat);
  at::Tensor made = moving.clone();
  made.narrow(0, 14, 3).add_(0.2);  // a jump
  const at::Tensor picture = at::full({1, 4, 4, 3}, 0.7, at::kFloat);
  ArrivalCorrection arrival(8);
  arrival.begin({{16, picture}}, 0);
  arrival.measure(made, 0);
  at::Tensor whole =
      at::cat({arrival.correct(made.narrow(0, 0, 9), 0), arrival.correct(made.narrow(0, 9, 8), 9)});
  EXPECT_LT((whole[16] - picture[0]).abs().max().item<double>(), 1e-6);
  arrival.begin({}, 0);
  EXPECT_TRUE(arrival.empty());
  EXPECT_TRUE(at::equal(arrival.correct(made, 0), made));
  // The frame after a jump is to be shown: what comes before it goes there.
  arrival.begin({{14, made.narrow(0, 14, 1)}}, 0);
  arrival.measure(made, 0);
  whole = arrival.correct(made, 0);
  const at::Tensor steps = (whole.narrow(0, 1, 14) - whole.narrow(0, 0, 14)).abs().mean({1, 2, 3});
  EXPECT_LT(steps.max().item<double>(), 0.05) << "of 0.21 before";
  EXPECT_LT((whole[0] - made[0]).abs().max().item<double>(), 0.01);
}

TEST(EvenSteps, SpreadAJumpOverAllFramesAndLeaveMotionAlone) {
  const auto at_level = [](double level) { return at::full({4, 4, 3}, level, at::kFloat); };
  std::vector<double> levels;  // it stays with the first clip and changes in two of the last frames
  for (int i = 1; i <= 24; ++i) levels.push_back(0.2 + 0.004 * i + (i > 20 ? 0.3 : 0) + (i > 21 ? 0.2 : 0));
  EvenSteps jumping(at_level(0.2)), moving(at_level(0.2));
  for (int i = 1; i <= 24; ++i) {
    EXPECT_TRUE(jumping.push(at_level(levels[static_cast<std::size_t>(i - 1)])).empty());
    EXPECT_TRUE(moving.push(at_level(0.2 + 0.01 * i)).empty());
  }
  std::vector<double> shown{0.2};
  for (const at::Tensor& bytes : jumping.end(at_level(0.8)))
    shown.push_back(bytes.to(at::kFloat).mean().item<double>() / 255);
  shown.push_back(0.8);
  ASSERT_EQ(shown.size(), 26U);
  for (std::size_t i = 1; i < shown.size(); ++i) {
    EXPECT_GT(shown[i] - shown[i - 1], 0.01) << i;
    EXPECT_LT(shown[i] - shown[i - 1], 0.04) << i << ": a jump of 0.3 before";
  }
  const auto kept = moving.end(at_level(0.45));
  for (int i = 1; i <= 24; ++i)
    EXPECT_NEAR(kept[static_cast<std::size_t>(i - 1)].to(at::kFloat).mean().item<double>() / 255,
                0.2 + 0.01 * i, 0.003);

  EvenSteps endless(at_level(0));
  std::size_t gone = 0;
  for (int i = 0; i < 300; ++i) gone += endless.push(at_level(0.5)).size();
  EXPECT_GT(gone, 150U) << "memory does not grow with the length";
  EXPECT_EQ(gone + endless.end(at_level(0.5)).size(), 300U);
}

TEST_F(WholeClipsTest, FootageThatASmallModelDoesNotKnowIsNamed) {
  const std::string small =
      copy_tiny_model(folder_, "wan21", R"({"native_frames": 17, "fps": 8, "vocabulary": ["a", "boat"]})");
  request_.verb = "extend";
  request_.input = made("clip.mkv", "a boat", 5);  // by the other model
  request_.frames = 4;
  const auto names_it = Contains(HasSubstr("clip.mkv: not made by this model"));
  EXPECT_THAT(make_plan(request_).warnings, Not(names_it)) << "a model without a list of words";
  request_.model = small;
  EXPECT_THAT(make_plan(request_).warnings, names_it);
  Request own = lossless_request(folder_ / "own.mkv");
  own.model = small;
  own.prompt = "a boat";
  own.res = "64x32";
  own.frames = 5;
  generator_.run(make_plan(own));
  request_.input = own.output;
  EXPECT_THAT(make_plan(request_).warnings, Not(Contains(HasSubstr("not made by this model"))));
}

TEST_F(WholeClipsTest, ARemixStartsAtTheNoiseLevelOfItsStrength) {
  const std::string few = copy_tiny_model(folder_, "wan21", R"({"native_frames": 17, "fps": 8, "steps": 8})");
  request_.model = few;
  request_.verb = "remix";
  request_.prompt = "a forest";
  request_.input = made("clip.mkv", "a boat", 5);
  request_.steps.reset();
  for (const double strength : {0.2, 0.3, 0.45, 0.5, 0.6, 0.75, 0.9, 1.0}) {
    request_.strength = strength;
    const Sampling sampling = make_plan(request_).sampling;
    EXPECT_EQ(sampling.steps - sampling.first_step, 8) << strength;
    EXPECT_NEAR(static_cast<double>(8) / sampling.steps, strength, 0.04);
  }
  request_.strength = 0;
  EXPECT_EQ(make_plan(request_).sampling.first_step, 8);
  // As diffusers counts.
  request_.steps = 8;
  request_.strength = 0.6;
  EXPECT_EQ(make_plan(request_).sampling.steps, 8);
  EXPECT_EQ(make_plan(request_).sampling.first_step, 4);
}

}  // namespace
}  // namespace sora
