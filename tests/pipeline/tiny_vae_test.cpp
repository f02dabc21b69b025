// --tiny-vae in whole runs, with tiny models of random weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "error_of.h"
#include "media/read/video_reader.h"
#include "pipeline/tiny_model.h"
#include "places.h"
#include "plan/metadata.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace sora {
namespace {

using testing::HasSubstr;
using testing::Not;

class TinyVaeTest : public testing::Test {
 protected:
  TinyVaeTest() {
    request_.model = (test_data() / "pipeline/wan21").string();
    request_.prompt = "a lighthouse";
    request_.frames = 9;
    request_.res = "64x48";
    request_.threads = 1;
    request_.tiny_vae = (test_data() / "tiny/taew2_1.safetensors").string();
  }

  const TemporaryFolder folder_;
  Request request_ = lossless_request(folder_ / "video.mkv");
  Generator generator_;
};

TEST_F(TinyVaeTest, ChangesTheFileOnlyWhereItIsAskedTo) {
  Request large = request_;
  large.tiny_vae.reset();
  const std::string usual = generator_.run(make_plan(large)).sha256;
  const Plan previews = make_plan(request_);
  EXPECT_FALSE(previews.picture.tiny.decodes_file);
  EXPECT_THAT(metadata_json(previews), Not(HasSubstr("tiny")));
  EXPECT_EQ(generator_.run(previews).sha256, usual);

  request_.tiny_result = true;
  request_.dump_tensors = (folder_ / "dump.safetensors").string();
  const Plan plan = make_plan(request_);
  EXPECT_THAT(metadata_json(plan), HasSubstr(R"("tiny_result":true)"));
  EXPECT_THAT(metadata_json(plan), HasSubstr("taew2_1.safetensors"));
  EXPECT_EQ(generator_.run(plan).frames, 9);
  const auto shown = read_first(*request_.output, {}, 100);
  ASSERT_EQ(shown.size(), 9U);
  const Result again = generator_.run(make_plan(large));
  EXPECT_EQ(again.sha256, usual) << "after a run with the tiny decoder";
  EXPECT_NE(read_first(*request_.output, {}, 1).at(0).rgb, shown[0].rgb);
}

TEST_F(TinyVaeTest, DraftsAreDecodedByIt) {
  request_.draft = true;
  EXPECT_TRUE(make_plan(request_).picture.tiny.decodes_file);
  request_.draft = false;
  request_.refine = true;
  request_.res = "2000x1600";
  request_.tiny_result = true;
  const Plan plan = make_plan(request_);
  ASSERT_FALSE(plan.before.empty());
  EXPECT_TRUE(plan.picture.tiny.decodes_file);
  EXPECT_FALSE(plan.before.front().picture.tiny.decodes_file) << "stages are encoded again";
}

TEST_F(TinyVaeTest, ADraftIsFinishedFromItsSeedAndNotFromItsPicture) {
  request_.model = copy_tiny_model(folder_, "wan21");
  ::setenv("SORA_GEN_MODELS", folder_.path().c_str(), 1);
  request_.draft = true;
  generator_.run(make_plan(request_));
  Request finish = lossless_request(folder_ / "large.mkv");
  finish.verb = "finish";
  finish.input = request_.output;
  finish.res = "1000x752";
  finish.steps.reset();
  const Plan plan = make_plan(finish);
  ::unsetenv("SORA_GEN_MODELS");
  ASSERT_FALSE(plan.before.empty());
  std::string notes;
  for (const std::string& note : plan.notes) notes += note + "\n";
  EXPECT_THAT(notes, HasSubstr("made again from its seed"));
  EXPECT_FALSE(plan.before.front().picture.tiny.decodes_file);
}

TEST_F(TinyVaeTest, APreviewIsAVideo) {
  request_.steps = 12;
  std::vector<Preview> previews;
  RunHooks hooks;
  hooks.preview = [&](const Preview& preview) { previews.push_back(preview); };
  generator_.run(make_plan(request_), hooks);
  ASSERT_FALSE(previews.empty());
  for (const Preview& preview : previews) {
    for (const auto& frame : preview.next) EXPECT_EQ(frame.size(), preview.rgb.size());
    if (!preview.next.empty()) EXPECT_GT(preview.fps, 0);
  }
}

TEST_F(TinyVaeTest, MistakesAreFoundBeforeAnyWork) {
  request_.tiny_vae = (test_data() / "tiny/taew2_2.safetensors").string();
  test::expect_error([&] { make_plan(request_); }, ErrorKind::data, "decodes other latents");
  request_.tiny_vae = (folder_ / "none.safetensors").string();
  test::expect_error([&] { make_plan(request_); }, ErrorKind::no_input, "none.safetensors");
  request_.tiny_vae.reset();
  request_.tiny_result = true;
  test::expect_error([&] { make_plan(request_); }, ErrorKind::usage, "--tiny-result needs --tiny-vae");
}

}  // namespace
}  // namespace sora
