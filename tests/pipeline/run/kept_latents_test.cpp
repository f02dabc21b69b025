// --keep-latents: what a run writes beside its video, and what goes on from it.
#include "plan/kept_latents.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>

#include "checkpoint/safetensors.h"
#include "error_of.h"
#include "media/read/compare_videos.h"
#include "pipeline/tiny_model.h"
#include "plan/metadata.h"
#include "plan/verbs/parameters.h"
#include "plan/verbs/reproduce.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class KeptLatentsTest : public testing::Test {
 protected:
  void SetUp() override {
    model_ = copy_tiny_model(folder_, "ti2v");
    request_ = made("clip.mkv", 17);
  }

  // A video of its own, lossless, with its latents.
  Request made(const std::string& name, int frames, std::uint64_t seed = 7) const {
    Request request = lossless_request(folder_ / name);
    request.prompt = "a lighthouse";
    request.model = model_;
    request.res = "64x32";
    request.frames = frames;
    request.seed = seed;
    request.keep_latents = true;
    return request;
  }

  // Makes the clip, and turns the request into one that goes on from it.
  void go_on(const std::string& verb = "extend") {
    run();
    Request next = made("longer.mkv", 8, 9);
    next.verb = verb;
    next.input = clip();
    next.res.reset();
    request_ = next;
  }

  std::string clip() const { return (folder_ / "clip.mkv").string(); }
  std::string kept() const { return latents_name(clip()); }
  at::Tensor tensor(const std::string& video, const std::string& name) const {
    return read_tensor(latents_name((folder_ / video).string()), name);
  }

  Result run() { return generator_.run(make_plan(request_)); }

  // Writes the clip's latents again with changes, which whoever sends them might have made.
  void forge(const std::map<std::string, at::Tensor>& tensors,
             const std::map<std::string, std::string>& metadata = {}) {
    std::map<std::string, at::Tensor> all;
    std::map<std::string, std::string> texts;
    {
      const SafetensorsFile file(kept());
      texts = file.metadata();
      for (const auto& [name, info] : file.tensors()) all[name] = read_tensor(kept(), name);
    }
    for (const auto& [name, value] : tensors) all[name] = value;
    for (const auto& [name, value] : metadata) texts[name] = value;
    write_tensors(kept(), all, texts);
  }

  // The plan encodes the clip's frames, and says in one warning why. Where the latents are named, it is bad
  // data.
  void expect_unused(const std::string& why) {
    Request request = request_;
    const Plan plan = make_plan(request);
    EXPECT_FALSE(plan.inputs.latents) << why;
    EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr(why)));
    request.latents = kept();
    test::expect_error([&] { make_plan(request); }, ErrorKind::data, why);
    request.latents = "none";
    EXPECT_THAT(make_plan(request).warnings, IsEmpty());
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const TemporaryFolder folder_;
  std::string model_;
  Request request_;
  Generator generator_;
};

TEST_F(KeptLatentsTest, AreDecodedToTheSameFile) {
  request_.frames = 30;  // in windows
  const Result result = run();
  ASSERT_GT(make_plan(request_).timeline.windows.size(), 1U);
  const LatentsFacts facts = read_latents_facts(kept());
  EXPECT_EQ(facts.video_sha256, result.sha256);
  EXPECT_TRUE(belong_to(facts, clip()));
  request_.output = (folder_ / "again.mkv").string();
  RunHooks hooks;
  hooks.checkpoint.file = kept();
  hooks.checkpoint.only_decode = true;
  EXPECT_EQ(generator_.run(make_plan(request_), hooks).sha256, result.sha256);
  EXPECT_TRUE(fs::exists(kept()));
}

TEST_F(KeptLatentsTest, DoNotChangeTheVideo) {
  const std::string with = run().sha256;
  request_.keep_latents = false;
  EXPECT_EQ(run().sha256, with);
  EXPECT_TRUE(fs::exists(kept())) << "they are still those of the same bytes";
}

TEST_F(KeptLatentsTest, EndAsTheNextWindowOfALongerVideoWouldBegin) {
  run();
  request_ = made("long.mkv", 29);
  run();
  EXPECT_TRUE(at::equal(tensor("clip.mkv", "end"), tensor("long.mkv", "window.1").narrow(2, 0, 2)));
}

TEST_F(KeptLatentsTest, AreTheConditioningFramesOfWhatFollows) {
  go_on();
  const Plan plan = make_plan(request_);
  ASSERT_TRUE(plan.inputs.latents);
  EXPECT_TRUE(plan.inputs.latents->has_end);
  run();
  EXPECT_TRUE(at::equal(tensor("longer.mkv", "window.0").narrow(2, 0, 2), tensor("clip.mkv", "end")));
  EXPECT_TRUE(at::equal(tensor("longer.mkv", "start"), tensor("clip.mkv", "start"))) << "the clip's own";
  request_.latents = "none";
  EXPECT_FALSE(make_plan(request_).inputs.latents);
  run();
  EXPECT_FALSE(at::equal(tensor("longer.mkv", "window.0").narrow(2, 0, 2), tensor("clip.mkv", "end")));
}

TEST_F(KeptLatentsTest, ContinueTheWindowThatTheClipEndsIn) {
  request_.frames = 9;  // three latent frames of the five of a window
  go_on();
  const Plan plan = make_plan(request_);
  ASSERT_TRUE(plan.inputs.latents);
  EXPECT_EQ(plan.inputs.latents->continued, 3);
  EXPECT_EQ(plan.timeline.windows.front().conditioning, 3);
  EXPECT_EQ(plan.timeline.windows.front().hidden, 3);
  EXPECT_EQ(plan.timeline.windows.front().count, 5);
  const Result result = run();
  const at::Tensor window = tensor("longer.mkv", "window.0");
  EXPECT_TRUE(at::equal(window.narrow(2, 0, 3), tensor("clip.mkv", "window.0")));
  EXPECT_EQ(result.frames, 9 + 8);

  RunHooks hooks;  // and what was continued is decoded to the same file, with the clip beside it
  hooks.checkpoint.file = latents_name(*request_.output);
  hooks.checkpoint.only_decode = true;
  request_.output = (folder_ / "again.mkv").string();
  request_.keep_latents = false;
  EXPECT_EQ(generator_.run(make_plan(request_), hooks).sha256, result.sha256);
}

TEST_F(KeptLatentsTest, ContinueNoWindowThatIsNearlyFullOrEndsWithinALatentFrame) {
  for (const int frames : {13, 8, 17, 21}) {  // 21: its second window is corrected by drift control
    request_ = made("clip.mkv", frames);
    go_on();
    const Plan plan = make_plan(request_);
    ASSERT_TRUE(plan.inputs.latents) << frames;
    EXPECT_EQ(plan.inputs.latents->continued, 0) << frames;
    EXPECT_EQ(plan.timeline.windows.front().conditioning, 2) << frames;
  }
  request_ = made("clip.mkv", 9);
  go_on();
  forge({}, {{"continued", "5"}});  // more than there are
  EXPECT_EQ(make_plan(request_).inputs.latents->continued, 0);
  forge({}, {{"continued", "-1"}});
  expect_unused("continued is \"-1\"");
}

TEST_F(KeptLatentsTest, AreTheConditioningFramesOfWhatLeadsToTheClip) {
  go_on();
  request_.backward = true;
  run();
  const at::Tensor window = tensor("longer.mkv", "window.0");
  EXPECT_TRUE(at::equal(window.narrow(2, window.size(2) - 1, 1), tensor("clip.mkv", "start")));
  EXPECT_TRUE(at::equal(tensor("longer.mkv", "end"), tensor("clip.mkv", "end"))) << "the clip's own";
}

TEST_F(KeptLatentsTest, AreTheConditioningFramesOfATransition) {
  go_on("connect");
  const Request connect = request_;
  request_ = made("other.mkv", 17, 8);
  run();
  request_ = connect;
  request_.input_2 = (folder_ / "other.mkv").string();
  run();
  const at::Tensor window = tensor("longer.mkv", "window.0");
  EXPECT_TRUE(at::equal(window.narrow(2, 0, 2), tensor("clip.mkv", "end")));
  EXPECT_TRUE(at::equal(window.narrow(2, window.size(2) - 1, 1), tensor("other.mkv", "start")));
  EXPECT_TRUE(at::equal(tensor("longer.mkv", "end"), tensor("other.mkv", "end")));
}

TEST_F(KeptLatentsTest, StandForTheFramesThatTheFileShows) {
  for (const int frames : {15, 3}) {  // the network makes 17, and 5
    request_.frames = frames;
    run();
    EXPECT_EQ(tensor("clip.mkv", "end").size(2), 2) << frames;
    EXPECT_EQ(tensor("clip.mkv", "start").size(2), 1) << frames;
    EXPECT_EQ(read_latents_facts(kept()).frames, frames);
  }
  const at::Tensor three = tensor("clip.mkv", "end");
  request_.frames = 5;
  run();
  EXPECT_FALSE(at::equal(tensor("clip.mkv", "end"), three)) << "of the third frame, and not of the fifth";
}

TEST_F(KeptLatentsTest, GoWithTheVideoThatHasTheirDigest) {
  go_on();
  std::ofstream(clip(), std::ios::binary | std::ios::app) << "x";
  expect_unused("has changed since they were kept, or is another video");
}

TEST_F(KeptLatentsTest, GoWithTheAutoencoderThatTheyAreOf) {
  go_on();
  forge({}, {{"autoencoder", std::string(64, 'a')}});
  expect_unused("they are of another model than");
}

TEST_F(KeptLatentsTest, GoWithPicturesAndRatesOfTheSameKind) {
  go_on();
  forge({}, {{"crop_width", "32"}});
  expect_unused("they are of a picture of 32x32, and this plan makes 64x32");
  forge({}, {{"crop_width", "64"}, {"model_fps", "16"}});
  expect_unused("they have 16 frames a second, and this plan makes 8");
}

TEST_F(KeptLatentsTest, AreCheckedBeforeTheyAreUsed) {
  go_on();
  const at::Tensor end = tensor("clip.mkv", "end");
  forge({{"end", end.narrow(2, 0, 1).clone()}});
  expect_unused("end is F32");
  at::Tensor wild = end.clone();
  wild.view(-1)[3] = std::numeric_limits<float>::quiet_NaN();
  forge({{"end", wild}});
  expect_unused("end has values that are not finite");
  wild.view(-1)[3] = 1e30F;
  forge({{"end", wild}});
  expect_unused("end has values that are not finite, or far too large");
  forge({{"end", end}}, {{"video_sha256", "../../etc/passwd"}});
  expect_unused("video_sha256 is \"../../etc/passwd\", expected a SHA-256");
  forge({}, {{"video_sha256", std::string(64, '0')}, {"model_fps", "nan"}});
  expect_unused("model_fps is \"nan\"");
}

TEST_F(KeptLatentsTest, ThatAreBrokenAreSaidToBe) {
  go_on();
  fs::resize_file(kept(), fs::file_size(kept()) / 2);
  expect_unused("clip.mkv.latents.safetensors");
  std::ofstream(kept(), std::ios::trunc) << "no latents at all";
  expect_unused("clip.mkv.latents.safetensors");
  write_tensors(kept(), {{"latents", at::zeros({1})}}, {{"made", "elsewhere"}});
  expect_unused("has no kept latents of this program");
  fs::remove(kept());
  fs::create_directory(kept());
  EXPECT_THAT(make_plan(request_).warnings, IsEmpty()) << "a folder of that name is no file beside the clip";
}

TEST_F(KeptLatentsTest, OfAMissingFileAreAnErrorWhereTheyAreNamed) {
  go_on();
  request_.latents = (folder_ / "none.safetensors").string();
  test::expect_error([&] { make_plan(request_); }, ErrorKind::no_input, "none.safetensors");
  request_.verb = "remix";
  request_.latents = kept();
  test::expect_error([&] { make_plan(request_); }, ErrorKind::usage, "--latents means nothing to remix");
}

TEST_F(KeptLatentsTest, AppearWithTheVideoOrNotAtAll) {
  RunHooks hooks;
  int questions = 0;
  hooks.stop = [&] { return ++questions > 2; };
  EXPECT_EQ(test::thrown_by([&] { generator_.run(make_plan(request_), hooks); }).kind(),
            ErrorKind::interrupted);
  EXPECT_THAT(files(), IsEmpty());
  run();
  EXPECT_THAT(files(), ElementsAre("clip.mkv", "clip.mkv.latents.safetensors"));
}

TEST_F(KeptLatentsTest, OfAVideoThatIsReplacedAreRemoved) {
  run();
  request_.keep_latents = false;
  request_.seed = 8;
  run();
  EXPECT_FALSE(fs::exists(kept()));
  std::ofstream(kept()) << "a file of the user's that happens to have this name";
  run();
  EXPECT_TRUE(fs::exists(kept()));
}

TEST_F(KeptLatentsTest, AreNotReplacedWithoutOverwrite) {
  std::ofstream(kept()) << "precious";
  request_.overwrite = false;
  EXPECT_EQ(test::thrown_by([&] { run(); }).kind(), ErrorKind::cannot_create);
  EXPECT_THAT(files(), ElementsAre("clip.mkv.latents.safetensors"));
}

TEST_F(KeptLatentsTest, AreNamedByTheirDigestInTheVideoThatGoesOnFromThem) {
  go_on();
  const Plan plan = make_plan(request_);
  const RunParameters said = read_parameters(metadata_json(plan), "longer.mkv");
  EXPECT_EQ(said.input_latents, known_sha256(kept()).substr(0, 16));
  EXPECT_EQ(other_latents(said, plan.inputs), "");
  request_.latents = "none";
  const Plan encoded = make_plan(request_);
  EXPECT_EQ(read_parameters(metadata_json(encoded), "longer.mkv").input_latents, "");
  EXPECT_EQ(other_latents(said, encoded.inputs), "--input") << "so rerun says that the frames will differ";
}

class KeptDraftTest : public KeptLatentsTest {
 protected:
  void SetUp() override {
    ::setenv("SORA_GEN_MODELS", folder_.path().c_str(), 1);  // a draft's model is found by its name
    KeptLatentsTest::SetUp();
    request_.frames = 9;
    run();
    Request finish = lossless_request(folder_ / "finished.mkv");
    finish.verb = "finish";
    finish.input = clip();
    finish.res = "128x64";
    finish.steps.reset();
    request_ = finish;
  }
  void TearDown() override { ::unsetenv("SORA_GEN_MODELS"); }
};

TEST_F(KeptDraftTest, IsDecodedInsteadOfMadeAgain) {
  const Plan plan = make_plan(request_);
  ASSERT_TRUE(plan.before.front().inputs.latents);
  EXPECT_THAT(plan.notes.front(), HasSubstr("the draft is decoded from its kept latents"));
  const std::string from_latents = run().sha256;
  request_.latents = "none";
  EXPECT_FALSE(make_plan(request_).before.front().inputs.latents);
  EXPECT_EQ(run().sha256, from_latents);
}

TEST_F(KeptDraftTest, IsMadeAgainWhereItsLatentsAreBad) {
  request_.latents = "none";
  const std::string made_again = run().sha256;
  request_.latents.reset();
  at::Tensor window = tensor("clip.mkv", "window.0");
  window.view(-1)[0] = std::numeric_limits<float>::infinity();
  forge({{"window.0", window}});
  EXPECT_EQ(run().sha256, made_again);
  request_.latents = kept();
  EXPECT_EQ(test::thrown_by([&] { run(); }).kind(), ErrorKind::data);
  forge({{"window.0", window.narrow(2, 0, 1).clone()}});
  test::expect_error([&] { make_plan(request_); }, ErrorKind::data,
                     "window 0 is missing, or has another size");
  request_.latents.reset();
  EXPECT_THAT(make_plan(request_).warnings, ElementsAre(HasSubstr("the draft is made again")));
}

}  // namespace
}  // namespace sora
