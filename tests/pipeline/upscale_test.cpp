// Drafts and finish, with tiny models of random weights.
#include "plan/verbs/upscale.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "error_of.h"
#include "media/read/video_reader.h"
#include "media/write/video_writer.h"
#include "pipeline/denoise/match_draft.h"
#include "pipeline/difference.h"
#include "pipeline/tiny_model.h"
#include "places.h"
#include "plan/metadata.h"
#include "plan/verbs/parameters.h"
#include "plan/verbs/reproduce.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::HasSubstr;
using testing::Not;

class FinishTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("SORA_GEN_MODELS", folder_.path().c_str(), 1);  // a draft's model is found by its name
    request_.model = copy_tiny_model(
        folder_, "ti2v",
        R"({"native_width": 64, "native_height": 32, "native_frames": 9, "fps": 8, "steps": 2,)"
        R"( "guidance_scale": 1})");
    request_.prompt = "a lighthouse";
    request_.steps.reset();  // the model's
    request_.guidance.reset();
    request_.threads = 1;  // small tensors gain nothing from more, and wait for them where cores are busy
  }

  // Drafts, and turns the request into one that finishes the draft.
  Result draft(int frames = 9) {
    request_.draft = true;
    request_.frames = frames;
    const Result result = generator_.run(make_plan(request_));
    Request finish;
    finish.verb = "finish";
    finish.input = request_.output;
    finish.device = "cpu";
    finish.threads = 1;
    finish.codec = "ffv1";
    finish.pix_fmt = "bgr0";
    finish.overwrite = true;
    finish.res = "128x64";
    finish.output = (folder_ / "finished.mkv").string();
    request_ = finish;
    return result;
  }

  void TearDown() override { ::unsetenv("SORA_GEN_MODELS"); }

  void expect_error(ErrorKind kind, const std::string& text) {
    test::expect_error([&] { make_plan(request_); }, kind, text);
  }

  static std::string notes(const Plan& plan) {
    std::string all;
    for (const std::string& note : plan.notes) all += note + "\n";
    return all;
  }

  const TemporaryFolder folder_;
  Request request_ = lossless_request(folder_ / "draft.mkv");
  Generator generator_;
};

TEST_F(FinishTest, ADraftIsSmallAndSaysSo) {
  request_.draft = true;
  const Plan plan = make_plan(request_);
  EXPECT_LE(plan.picture.model_width * plan.picture.model_height, 64 * 32 / 2);
  EXPECT_EQ(plan.picture.width, plan.picture.crop_width) << "not enlarged";
  EXPECT_FALSE(plan.picture.enlarged);
  request_.aspect = "1:1";
  const Plan square = make_plan(request_);
  EXPECT_EQ(square.picture.width, square.picture.height);
  request_.refine = true;
  expect_error(ErrorKind::usage, "both --draft and --refine");
}

TEST_F(FinishTest, AnotherModelSamplesInItsOwnWay) {
  request_.scheduler = "dpm++";
  request_.guidance = 2.5;
  request_.flow_shift = 4;
  draft();
  EXPECT_EQ(make_plan(request_).sampling.scheduler, "dpm++") << "of the same model";
  request_.model = source_folder() / "models/default";
  const Plan plan = make_plan(request_);
  Request alone;
  alone.model = request_.model;
  alone.prompt = "a lighthouse";
  const Plan own = make_plan(alone);
  EXPECT_EQ(plan.request.prompt, "a lighthouse");
  EXPECT_EQ(plan.request.seed, 7U);
  EXPECT_EQ(plan.sampling.scheduler, own.sampling.scheduler);
  EXPECT_EQ(plan.sampling.guidance, own.sampling.guidance);
  EXPECT_EQ(plan.sampling.flow_shift, own.sampling.flow_shift);
}

TEST_F(FinishTest, TheDraftIsMadeAgainToTheBit) {
  draft();
  const auto frames = read_first(*request_.input, {}, 100);
  const Plan plan = make_plan(request_);
  ASSERT_FALSE(plan.before.empty());
  EXPECT_THAT(notes(plan), HasSubstr("made again from its seed"));
  EXPECT_EQ(plan.request.prompt, "a lighthouse") << "taken over";
  EXPECT_EQ(plan.request.seed, 7U);
  Plan again = plan.before.front();
  again.output.path = (folder_ / "again.mkv").string();
  again.request.output = again.output.path;
  ASSERT_FALSE(again.upscale.active);
  generator_.run(again);
  const auto made = read_first(again.output.path, {}, 100);
  ASSERT_EQ(made.size(), frames.size());
  for (std::size_t i = 0; i < made.size(); ++i) EXPECT_EQ(made[i].rgb, frames[i].rgb) << i;
}

TEST_F(FinishTest, FinishesAtExactlyTheSizeWithTheDraftsComposition) {
  request_.model = source_folder() / "models/default";  // a trained one
  request_.prompt = "a red ball by the sea";
  request_.steps = 3;
  draft(5);
  request_.res = "130x126";
  const auto small = read_first(*request_.input, {}, 100);
  const Plan plan = make_plan(request_);
  EXPECT_TRUE(plan.picture.tiling.has_value());
  const Result result = generator_.run(plan);
  ASSERT_EQ(result.frames, 5);
  ReadSettings reduced;
  reduced.width = small[0].width;
  reduced.height = small[0].height;
  reduced.fit = Fit::stretch;
  const auto large = read_first(*request_.output, {}, 100);
  const auto seen = read_first(*request_.output, reduced, 100);
  EXPECT_EQ(large.at(0).width, 130);
  EXPECT_EQ(large.at(0).height, 126);
  ASSERT_EQ(seen.size(), small.size());
  double squares = 0, count = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    for (std::size_t k = 0; k < seen[i].rgb.size(); ++k, ++count)
      squares += std::pow(static_cast<double>(seen[i].rgb[k]) - small[i].rgb[k], 2);
  }
  EXPECT_GT(10 * std::log10(255 * 255 * count / squares), 30);
  // The same again, and otherwise with another level.
  EXPECT_EQ(generator_.run(make_plan(request_)).sha256, result.sha256);
  request_.strength = 0.8;
  EXPECT_NE(generator_.run(make_plan(request_)).sha256, result.sha256);
}

TEST_F(FinishTest, FramesAreTakenWhereTheDraftCannotBeMadeAgain) {
  draft();
  EXPECT_THAT(notes(make_plan(request_)), HasSubstr("made again"));
  fs::rename(folder_ / "ti2v", folder_ / "moved");
  expect_error(ErrorKind::no_input, "--model \"ti2v\" (not installed here)");
  request_.model = (folder_ / "moved").string();
  EXPECT_THAT(notes(make_plan(request_)), HasSubstr("made again")) << "the same model, as its digest says";
  std::ofstream(folder_ / "moved/sora-gen.json")
      << R"({"native_width": 64, "native_height": 32, "native_frames": 9, "fps": 8, "steps": 3})";
  const Plan plan = make_plan(request_);
  EXPECT_THAT(notes(plan), HasSubstr("the frames in the draft's file are used: it cannot be made again"));
  EXPECT_EQ(plan.before.size() + 1,
            stages_between({plan.inputs.video->width, plan.inputs.video->height}, {128, 64}).size());
  ASSERT_EQ(generator_.run(plan).frames, 9);

  // A file that is not ours: without the metadata.
  VideoSettings settings;
  settings.width = settings.source_width = 64;
  settings.height = settings.source_height = 32;
  settings.fps = 8;
  settings.container = "matroska";
  settings.codec = "ffv1";
  settings.pix_fmt = "bgr0";
  request_.input = (folder_ / "foreign.mkv").string();
  auto writer = open_writer(settings, {*request_.input, true, 1});
  for (const VideoFrame& frame : read_first((folder_ / "draft.mkv").string(), {64, 32}, 5))
    writer->write(frame.rgb.data(), 64 * 3);
  writer->finish();
  const Plan foreign = make_plan(request_);
  EXPECT_THAT(notes(foreign), HasSubstr("it does not say how it was made"));
  EXPECT_THAT(notes(foreign), HasSubstr("there is no prompt"));
  EXPECT_EQ(foreign.timeline.frames, 5);
  EXPECT_EQ(generator_.run(foreign).frames, 5);
}

TEST_F(FinishTest, LongVideosHaveWindowsAndTilesInTime) {
  draft(38);
  const Plan plan = make_plan(request_);
  EXPECT_GT(plan.timeline.windows.size(), 1U);
  EXPECT_GT(plan.timeline.windows.front().count, 3) << "longer than the native length";
  EXPECT_EQ(plan.picture.tiling->frames.size, 3);
  EXPECT_EQ(generator_.run(plan).frames, 38);
  request_.frames = 11;
  EXPECT_EQ(generator_.run(make_plan(request_)).frames, 11);
  request_.frames = 39;
  expect_error(ErrorKind::usage, "at most the 38 frames that the draft shows");
}

TEST_F(FinishTest, GoesOnAfterAStopWithTheSameBytes) {
  draft(14);
  request_.steps = 2;
  const std::string whole = generator_.run(make_plan(request_)).sha256;
  Progress last;
  RunHooks hooks;
  hooks.checkpoint = {folder_ / "kept.safetensors", "k", 1, false};
  hooks.progress = [&](const Progress& progress) { last = progress; };
  // In the first stages nothing is kept, between the last one's steps and after them all is.
  for (const int left : {3, 1, 0}) {
    last = {};
    hooks.stop = [&] { return last.steps > 0 && last.step >= last.steps - left; };
    EXPECT_THROW(generator_.run(make_plan(request_), hooks), Error) << left;
    EXPECT_EQ(fs::exists(hooks.checkpoint.file), left < 3);
  }
  hooks.stop = {};
  EXPECT_EQ(generator_.run(make_plan(request_), hooks).sha256, whole);
  EXPECT_EQ(last.step, last.steps);
  EXPECT_EQ(last.frame, 14);
}

TEST_F(FinishTest, RefineIsDraftAndFinishInOneGo) {
  request_.frames = 9;
  request_.res = "192x96";
  const Plan enlarged = make_plan(request_);
  request_.refine = true;
  const Plan plan = make_plan(request_);
  EXPECT_TRUE(enlarged.picture.enlarged);
  EXPECT_FALSE(plan.picture.enlarged);
  EXPECT_EQ(plan.picture.model_width, 192);
  EXPECT_EQ(plan.before.front().picture.model_width, enlarged.picture.model_width);
  ASSERT_EQ(generator_.run(plan).frames, 9);
  // What the file says makes it again.
  Request again = request_;
  read_parameters(metadata_json(plan), "the file").options.apply(again);
  const Plan second = make_plan(again);
  EXPECT_EQ(metadata_json(second), metadata_json(plan));
  EXPECT_EQ(second.before.size(), plan.before.size());
  EXPECT_EQ(second.before.front().sampling.steps, plan.before.front().sampling.steps);
  // Within the native size there is nothing to refine.
  request_.res = "64x32";
  EXPECT_FALSE(make_plan(request_).upscale.active);
}

class RefiningTest : public FinishTest {
 protected:
  void SetUp() override {
    FinishTest::SetUp();
    std::ofstream(folder_ / "ti2v/sora-gen.json")
        << R"({"native_width": 64, "native_height": 32, "native_frames": 9, "fps": 8, "steps": 3,)"
        << R"( "guidance_scale": 1, "refine_level": 0.6, "refine_steps": 2})";
    request_.frames = 9;
  }
};

TEST_F(RefiningTest, WordsAreComposedAsADraftAndRefinedAtTheNativeArea) {
  const Plan plan = make_plan(request_);
  ASSERT_EQ(plan.before.size(), 1U);
  EXPECT_EQ(plan.before.front().picture.crop_width, 32);
  EXPECT_EQ(plan.before.front().sampling.steps, 3) << "not a draft's";
  EXPECT_EQ(plan.picture.model_width, 64);
  EXPECT_FALSE(plan.picture.enlarged);
  EXPECT_FALSE(plan.upscale.follows_draft);
  EXPECT_EQ(plan.sampling.steps - plan.sampling.first_step, 2);
  EXPECT_THAT(notes(plan), HasSubstr("composed at 32x16 and refined at 64x32 in 2 steps"));
  const Result result = generator_.run(plan);
  EXPECT_EQ(result.frames, 9);
  // What the file says makes it again.
  Request again = request_;
  read_parameters(metadata_json(plan), "the file").options.apply(again);
  const Plan second = make_plan(again);
  EXPECT_EQ(metadata_json(second), metadata_json(plan));
  EXPECT_EQ(second.before.front().sampling.steps, 3);
}

TEST_F(RefiningTest, ALargerFileIsResampledFromTheNativeAreaOrMadeInMoreStages) {
  request_.res = "192x96";
  const Plan resampled = make_plan(request_);
  EXPECT_EQ(resampled.before.size(), 1U);
  EXPECT_EQ(resampled.picture.crop_width, 64);
  EXPECT_EQ(resampled.picture.width, 192);
  EXPECT_TRUE(resampled.picture.enlarged);
  EXPECT_THAT(notes(resampled), HasSubstr("enlarged to 192x96"));
  generator_.run(resampled);
  EXPECT_EQ(read_first(*request_.output, {}, 1).at(0).width, 192);
  request_.refine = true;
  const Plan staged = make_plan(request_);
  ASSERT_GT(staged.before.size(), 2U);
  EXPECT_FALSE(staged.before[1].upscale.follows_draft);
  EXPECT_EQ(staged.before[1].picture.crop_width, 64);
  EXPECT_TRUE(staged.upscale.follows_draft);
  EXPECT_EQ(staged.picture.crop_width, 192);
  EXPECT_EQ(generator_.run(staged).frames, 9);
}

TEST_F(RefiningTest, WhatHasPicturesOrIsSmallIsMadeAtOnce) {
  request_.res = "32x16";
  EXPECT_TRUE(make_plan(request_).before.empty());
  request_.res.reset();
  request_.draft = true;
  EXPECT_TRUE(make_plan(request_).before.empty());
  request_.draft = false;
  generator_.run(make_plan(request_));
  request_.image = (folder_ / "draft.mkv").string();
  request_.verb = "animate";
  request_.output = (folder_ / "animated.mkv").string();
  const Plan animated = make_plan(request_);
  EXPECT_TRUE(animated.before.empty());
  EXPECT_EQ(animated.picture.model_width, 64);
}

TEST_F(RefiningTest, FinishGoesOnFromADraftAndFromWhatWasRefined) {
  const std::string whole = generator_.run(make_plan(request_)).sha256;
  draft();
  request_.res = "64x32";
  const Plan of_draft = make_plan(request_);
  EXPECT_FALSE(of_draft.upscale.follows_draft);
  EXPECT_EQ(of_draft.before.size(), 1U);
  EXPECT_EQ(generator_.run(of_draft).frames, 9);
  request_.input = (folder_ / "finished.mkv").string();
  EXPECT_THAT(notes(make_plan([&] {
                Request larger = request_;
                larger.res = "128x64";
                return larger;
              }())),
              HasSubstr("was finished already"));

  request_.input = (folder_ / "whole.mkv").string();
  Request all = lossless_request(folder_ / "whole.mkv");
  all.model = (folder_ / "ti2v").string();
  all.prompt = "a lighthouse";
  all.steps.reset();
  all.guidance.reset();
  all.threads = 1;
  all.frames = 9;
  EXPECT_EQ(generator_.run(make_plan(all)).sha256, whole);
  request_.res = "128x64";
  const Plan larger = make_plan(request_);
  ASSERT_EQ(larger.before.size(), 2U) << "composed, refined";
  EXPECT_FALSE(larger.before[1].upscale.follows_draft);
  EXPECT_TRUE(larger.upscale.follows_draft);
  EXPECT_EQ(generator_.run(larger).frames, 9);
  request_.latents = "some.safetensors";
  expect_error(ErrorKind::data, "its video was refined");
}

TEST_F(FinishTest, AStoryboardIsDraftedAndFinishedWithItsShots) {
  request_.prompt.clear();
  request_.verb = "storyboard";
  request_.shot = {"0:00 a lighthouse", "0:01 a red car"};
  request_.fade = 0.5;
  draft(17);
  const Plan plan = make_plan(request_);
  ASSERT_EQ(plan.inputs.shots.size(), 2U);
  EXPECT_EQ(plan.inputs.shots[1].prompt, "a red car");
  EXPECT_EQ(plan.inputs.fade, 0.5);
  EXPECT_THAT(notes(plan), Not(HasSubstr("there is no prompt")));
  EXPECT_THAT(metadata_json(plan), HasSubstr(R"("shots":["0:00 a lighthouse","0:01 a red car"])"));
  EXPECT_THAT(metadata_json(plan), Not(HasSubstr(R"("prompt":"")")));
  Request with_prompt = request_;
  with_prompt.prompt = "a boat";
  EXPECT_TRUE(make_plan(with_prompt).inputs.shots.empty());
  EXPECT_THAT(metadata_json(make_plan(with_prompt)), HasSubstr(R"("prompt":"a boat")"));
  const Result finished = generator_.run(plan);
  EXPECT_EQ(finished.frames, 17);
  Overrides draft_given;
  (void)draft_given.add("input", {Scalar::Kind::text, *request_.input, {}});
  Request again =
      reproducing_request(read_parameters(metadata_json(plan), "the file"), draft_given, "file", "rerun");
  again.device = "cpu";
  again.threads = 1;
  again.codec = "ffv1";
  again.pix_fmt = "bgr0";
  again.overwrite = true;
  again.output = request_.output;
  EXPECT_EQ(generator_.run(make_plan(again)).sha256, finished.sha256);
  // Another second shot makes other frames, above all from its time on.
  const auto frames = read_first(*request_.output, {}, 100);
  Plan other = plan;
  other.inputs.shots[1].prompt = "a green forest";
  other.output.path = other.request.output.emplace((folder_ / "other.mkv").string());
  generator_.run(other);
  const auto changed = read_first(other.output.path, {}, 100);
  ASSERT_EQ(changed.size(), frames.size());
  EXPECT_GT(difference(changed.back(), frames.back()), difference(changed.front(), frames.front()));
}

TEST_F(FinishTest, WhatItSaysOfItselfMakesItAgain) {
  draft();
  request_.strength = 0.4;
  request_.steps = 2;
  const Plan plan = make_plan(request_);
  Overrides draft_given;
  (void)draft_given.add("input", {Scalar::Kind::text, *request_.input, {}});
  Request again =
      reproducing_request(read_parameters(metadata_json(plan), "the file"), draft_given, "file", "rerun");
  again.device = "cpu";
  again.output = request_.output;
  const Plan second = make_plan(again);
  EXPECT_EQ(metadata_json(second), metadata_json(plan));
  EXPECT_EQ(second.sampling.first_step, plan.sampling.first_step);
  EXPECT_EQ(second.sampling.steps - second.sampling.first_step, 2);
}

TEST_F(FinishTest, MistakesAreFoundBeforeAnyWork) {
  draft();
  request_.res.reset();
  expect_error(ErrorKind::usage, "finish needs --res");
  request_.res = "16x16";
  expect_error(ErrorKind::usage, "is not larger than the draft");
  request_.res = "128x64";
  request_.strength = 1.5;
  expect_error(ErrorKind::usage, "--strength: expected a noise level");
  request_.strength.reset();
  request_.draft = true;
  expect_error(ErrorKind::usage, "--draft means nothing to finish");
  request_.draft = false;
  request_.input.reset();
  expect_error(ErrorKind::usage, "finish needs --input FILE");
  request_.input = (folder_ / "missing.mp4").string();
  expect_error(ErrorKind::no_input, "missing.mp4");
}

TEST(FinishStages, GrowByAboutTwo) {
  const auto stages = stages_between({85, 48}, {1280, 720});
  ASSERT_EQ(stages.size(), 4U);
  EXPECT_EQ(stages.back().size.width, 1280);
  EXPECT_EQ(stages.back().size.height, 720);
  for (std::size_t i = 1; i < stages.size(); ++i)
    EXPECT_LE(stages[i].size.width, 2.2 * stages[i - 1].size.width);
  EXPECT_EQ(stages_between({640, 360}, {1280, 720}).size(), 1U);
}

TEST(LedBack, LooksLikeTheDraftWhereItIsSmallAndKeepsDetail) {
  Plan plan;
  plan.upscale.draft_width = plan.upscale.draft_height = 8;
  plan.picture.crop_width = plan.picture.crop_height = plan.picture.model_width = plan.picture.model_height =
      64;
  const at::Tensor x = at::arange(64).to(at::kFloat);
  const at::Tensor slow = at::sin(x / 20).mul(0.5).view({1, 1, 1, 1, 64}).expand({1, 3, 1, 64, 64});
  const at::Tensor detail = at::sin(x * 2).mul(0.1).view({1, 1, 1, 1, 64}).expand({1, 3, 1, 64, 64});
  const at::Tensor made = -0.3 + 0.5 * slow + detail;  // other colours, and something new
  EXPECT_LT((matched_to_draft(made, slow, plan) - (slow + detail)).abs().mean().item<double>(), 0.02);
  EXPECT_GT((made - (slow + detail)).abs().mean().item<double>(), 0.2);
}

}  // namespace
}  // namespace sora
