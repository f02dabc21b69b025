#include "sora/plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

Request tiny(const char* variant = "wan21") {
  Request request;
  request.model = test_data() / "pipeline" / variant;
  request.prompt = "a red ball";
  request.seed = 1;
  request.device = "cpu";
  request.output = "x.mp4";
  request.res = "64x48";
  return request;
}

ErrorKind kind_of(const Request& request) {
  try {
    make_plan(request);
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.kind();
  }
  return ErrorKind::internal;
}

TEST(Plan, TakesDefaultsFromTheCheckpoint) {
  const Plan plan = make_plan(tiny());
  EXPECT_EQ(plan.sampling.scheduler, "unipc");
  EXPECT_DOUBLE_EQ(plan.sampling.flow_shift, 3.0);
  EXPECT_EQ(plan.picture.latent_channels, 4);
  EXPECT_EQ(plan.picture.latent_height, 6);
  EXPECT_EQ(plan.picture.latent_width, 8);
  EXPECT_FALSE(plan.picture.enlarged);
  EXPECT_DOUBLE_EQ(*make_plan(tiny("a14b")).sampling.boundary_ratio, 0.875);
  EXPECT_TRUE(make_plan(tiny("ti2v")).sampling.expand_timesteps);
}

TEST(Plan, SecondsTimesFpsIsTheNumberOfFrames) {
  Request request = tiny();
  request.seconds = 20;
  EXPECT_EQ(make_plan(request).timeline.frames, 320);
  request.fps = 24;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.timeline.frames, 480);
  EXPECT_EQ(plan.timeline.model_frames, 320) << "another rate does not change the speed";
  EXPECT_GT(plan.timeline.windows.size(), 1u);
}

TEST(Plan, GuidanceOfTheSecondExpertFollowsTheFirst) {
  Request request = tiny("a14b");
  request.guidance = 2.5;
  EXPECT_DOUBLE_EQ(make_plan(request).sampling.guidance_2, 2.5);
  request.guidance_2 = 1.5;
  EXPECT_DOUBLE_EQ(make_plan(request).sampling.guidance_2, 1.5);
}

TEST(Plan, OptionsOutOfRangeAreUsageErrors) {
  const auto with = [](auto change) {
    Request request = tiny();
    change(request);
    return kind_of(request);
  };
  EXPECT_EQ(with([](Request& r) { r.steps = 0; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.steps = 100000; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.seconds = -1; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.seconds = 1e12; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.frames = 0; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.frames = 4, r.seconds = 1; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.fps = 0; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.guidance = -1; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.scheduler = "ddim"; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.device = "tpu"; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.dtype = "bfloat16"; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.crf = 90; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.output = "still.png", r.frames = 5; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.contact_sheet = "sheet.gif"; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.contact_sheet = "%05d.png"; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.thumbnail = "-"; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.thumbnail = "a.png", r.contact_sheet = "./a.png"; }), ErrorKind::usage);
  EXPECT_EQ(with([](Request& r) { r.max_memory = 0.01; }), ErrorKind::unavailable);
}

TEST(Plan, AWebpOrAvifIsOnePictureUnlessMoreFramesAreAskedFor) {
  for (const char* name : {"a.webp", "a.avif"}) {
    Request request = tiny();
    request.output = name;
    EXPECT_EQ(make_plan(request).timeline.frames, 1) << name;
    request.frames = 5;
    EXPECT_EQ(make_plan(request).timeline.frames, 5) << name;
    request.frames.reset();
    request.seconds = 1;
    EXPECT_EQ(make_plan(request).timeline.frames, 16) << name;
    request = tiny();
    request.contact_sheet = name;
    EXPECT_EQ(make_plan(request).output.container, "mp4") << name;
  }
}

TEST(Plan, AModelThatIsNotThereIsAMissingInput) {
  Request request = tiny();
  request.model = "no-such-model";
  EXPECT_EQ(kind_of(request), ErrorKind::no_input);
  request.model = "/no/such/folder";
  EXPECT_EQ(kind_of(request), ErrorKind::no_input);
}

// A copy of a tiny model that a test can damage.
class DamagedModel : public testing::Test {
 protected:
  void SetUp() override {
    fs::copy(test_data() / "pipeline/wan21", folder_.path(), fs::copy_options::recursive);
  }

  ErrorKind kind() const {
    Request request = tiny();
    request.model = folder_.path().string();
    return kind_of(request);
  }
  void write(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  const TemporaryFolder folder_;
};

TEST_F(DamagedModel, AModelMayNameTheSizeOfItsFiles) {
  write("sora-gen.json",
        R"({"native_width":64,"native_height":64,"smallest_area":4096,"default_res":"256x256"})");
  Request request = tiny();
  request.model = folder_.path().string();
  request.res.reset();
  Plan plan = make_plan(request);
  EXPECT_EQ(plan.picture.width, 256);
  EXPECT_EQ(plan.picture.model_width, 64);
  EXPECT_TRUE(plan.picture.enlarged);
  request.aspect = "16:9";
  plan = make_plan(request);
  EXPECT_NEAR(plan.picture.width * plan.picture.height, 256 * 256, 256 * 8);
  EXPECT_NEAR(static_cast<double>(plan.picture.width) / plan.picture.height, 16.0 / 9, 0.02);
  request.aspect.reset();
  request.res = "32x32";
  plan = make_plan(request);
  EXPECT_EQ(plan.picture.model_width, 64) << "below the smallest area the picture is made larger and reduced";
  EXPECT_EQ(plan.picture.width, 32);
}

TEST_F(DamagedModel, MissingWeightsAreAMissingInput) {
  fs::remove(folder_ / "vae/diffusion_pytorch_model.safetensors");
  EXPECT_EQ(kind(), ErrorKind::no_input);
}

TEST_F(DamagedModel, PickledWeightsAreRefusedByContent) {
  write("transformer/diffusion_pytorch_model.safetensors",
        std::string("PK\x03\x04", 4) + std::string(200, 'x'));
  EXPECT_EQ(kind(), ErrorKind::refused);
  write("transformer/diffusion_pytorch_model.safetensors",
        std::string("\x80\x02", 2) + std::string(200, 'x'));
  EXPECT_EQ(kind(), ErrorKind::refused);
  fs::rename(folder_ / "transformer/diffusion_pytorch_model.safetensors",
             folder_ / "transformer/diffusion_pytorch_model.bin");
  EXPECT_EQ(kind(), ErrorKind::refused);
}

TEST_F(DamagedModel, ATruncatedFileIsBadData) {
  fs::resize_file(folder_ / "transformer/diffusion_pytorch_model.safetensors", 100000);
  EXPECT_EQ(kind(), ErrorKind::data);
  fs::resize_file(folder_ / "transformer/diffusion_pytorch_model.safetensors", 3);
  EXPECT_EQ(kind(), ErrorKind::data);
}

TEST_F(DamagedModel, AConfigWithAWrongValueIsBadData) {
  write("transformer/config.json", R"({"num_attention_heads": "thirty"})");
  EXPECT_EQ(kind(), ErrorKind::data);
  write("transformer/config.json", "{");
  EXPECT_EQ(kind(), ErrorKind::data);
}

}  // namespace
}  // namespace sora
