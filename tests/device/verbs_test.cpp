// Every family and every verb on a device with memory of its own gives what the CPU gives, and waits where it
// must.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "device_case.h"
#include "places.h"
#include "sora/error.h"

namespace sora {
namespace {

class DeviceVerbs : public DeviceCase {};

TEST_F(DeviceVerbs, EveryFamilyMakesAVideoFromWords) {
  for (const char* name : {"wan21", "ti2v", "a14b", "skyreels/t2v", "skyreels/df"}) {
    SCOPED_TRACE(name);
    expect_equal(request(name));
  }
}

TEST_F(DeviceVerbs, EveryModelWithImageConditioningAnimatesAPicture) {
  for (const char* name : {"image/i2v", "image/flf2v", "image/i2v_a14b", "skyreels/i2v"}) {
    SCOPED_TRACE(name);
    Request asked = request(name, "animate");
    asked.image = clip("picture.mkv", 1);
    if (std::string(name) == "image/flf2v") asked.last_image = clip("last.mkv", 1, 31);
    expect_equal(asked);
  }
}

TEST_F(DeviceVerbs, ALastImageOfALaterWindowIsNotOnTheDeviceYet) {
  std::filesystem::copy(test_data() / "image/i2v_a14b", folder_ / "i2v",
                        std::filesystem::copy_options::recursive);
  std::ofstream(folder_ / "i2v" / "sora-gen.json") << R"({"native_frames": 17, "fps": 8})";
  Request asked = request("wan21", "animate");
  asked.model = (folder_ / "i2v").string();
  asked.image = clip("picture.mkv", 1);
  asked.last_image = clip("last.mkv", 1, 31);
  asked.frames = 25;
  EXPECT_GT(expect_equal(asked).plan.timeline.windows.size(), 1U);
}

TEST_F(DeviceVerbs, WindowsContinueEachOther) {
  for (const char* name : {"wan21", "ti2v"}) {
    SCOPED_TRACE(name);
    Request asked = request(name);
    asked.frames = 40;
    EXPECT_GT(expect_equal(asked).plan.timeline.windows.size(), 2U);
  }
}

TEST_F(DeviceVerbs, APictureBeginsAndEndsAVideo) {
  Request asked = request("ti2v", "animate");
  asked.image = clip("picture.mkv", 1);
  asked.frames = 25;
  asked.last_image = clip("last.mkv", 1, 31);
  expect_equal(asked);
}

TEST_F(DeviceVerbs, ClipsAreExtendedLoopedConnectedAndRemixed) {
  for (const char* name : {"ti2v", "wan21"}) {
    for (const std::string verb :
         {"extend", "extend backward", "loop", "connect", "remix", "loop of a prompt"}) {
      SCOPED_TRACE(name + (": " + verb));
      Request asked = request(name, verb.substr(0, verb.find(' ')));
      asked.backward = verb == "extend backward";
      asked.frames = 20;
      if (verb != "loop of a prompt") {
        asked.input = clip("a.mkv", 12);
        asked.res.reset();
      }
      if (verb == "connect") asked.input_2 = clip("b.mkv", 9, 31);
      if (verb == "remix") {
        asked.frames.reset();
        asked.steps = 4;
        asked.strength = 0.5;
      }
      expect_equal(asked);
    }
  }
}

TEST_F(DeviceVerbs, AStoryboardMixesPromptsAndShowsPictures) {
  Request asked = request("ti2v", "storyboard");
  asked.prompt.clear();
  asked.frames = 30;
  asked.shot = {"0:00 a lighthouse", "0:02 a storm"};
  asked.shot_image = {"0:01 " + clip("picture.mkv", 1)};
  expect_equal(asked);
}

TEST_F(DeviceVerbs, AStillIsOneFrame) {
  Request asked = request("wan21");
  asked.frames = 1;
  asked.codec.reset();
  asked.pix_fmt.reset();
  asked.output = (folder_ / "still.png").string();
  asked.dump_tensors.reset();
  expect_equal(asked);
}

TEST_F(DeviceVerbs, ADraftIsFinishedInTiles) {
  std::ofstream(std::filesystem::path(model("wan21")) / "sora-gen.json")
      << R"({"native_width": 64, "native_height": 32, "native_frames": 5, "fps": 8})";
  for (const bool vae_in_tiles : {false, true}) {
    SCOPED_TRACE(vae_in_tiles);
    Request asked = request("wan21");
    asked.refine = true;
    asked.res = "224x112";
    asked.frames = 9;
    asked.steps = 4;
    asked.dump_tensors.reset();
    change_plan_ = [&](Plan& plan) {
      if (vae_in_tiles) plan.picture.vae_tiling = Tiling{{1, 0}, {10, 4}, {16, 6}};
    };
    // The second stage begins from the bytes of the first.
    EXPECT_TRUE(expect_equal(asked, 1e-2).plan.picture.tiling);
  }
}

TEST_F(DeviceVerbs, APreviewChangesNothing) {
  Request asked = request("ti2v");
  asked.steps = 4;
  const Made plain = made_on("sim", asked);
  int shown = 0;
  RunHooks hooks;
  hooks.preview = [&](const Preview& preview) { shown += preview.width > 0; };
  const Made made = made_on("sim", asked, nullptr, hooks);
  EXPECT_GT(shown, 0);
  EXPECT_TRUE(at::equal(made.video, plain.video));
}

TEST_F(DeviceVerbs, AJobContinuesFromItsCheckpoint) {
  Request asked = request("wan21");
  asked.steps = 6;
  asked.frames = 25;
  asked.dump_tensors.reset();  // a run with it has no checkpoint
  const Made whole = made_on("sim", asked);
  ASSERT_GT(whole.plan.timeline.windows.size(), 1U);
  for (const int stops_after : {3, 8}) {  // in the first window, and in the second
    SCOPED_TRACE(stops_after);
    RunHooks hooks;
    hooks.checkpoint = {folder_ / "job.safetensors", "key", 1};
    int steps = 0;
    hooks.progress = [&](const Progress& progress) { steps = progress.step; };
    hooks.stop = [&] { return steps >= stops_after; };
    EXPECT_THROW(made_on("sim", asked, nullptr, hooks), Error);
    ASSERT_TRUE(std::filesystem::exists(hooks.checkpoint.file));
    hooks.stop = {};
    EXPECT_TRUE(at::equal(made_on("sim", asked, nullptr, hooks).frames, whole.frames));
  }
}

TEST_F(DeviceVerbs, TheCpuAndTheDeviceTakeTurnsInOneProcess) {
  Generator generator;
  const Request asked = request("wan21");
  const at::Tensor first = made_on("cpu", asked, &generator).video;
  for (const char* device : {"sim", "cpu", "sim:1", "sim:0"}) {
    SCOPED_TRACE(device);
    const Made made = made_on(device, asked, &generator);
    EXPECT_LT(relative(made.video, first), 1e-5);
    EXPECT_EQ(made.counters.launches > 0, std::string(device) != "cpu");
  }
}

TEST_F(DeviceVerbs, Bfloat16IsTheUsualTypeOfADevice) {
  Request asked = request("wan21");
  const Made exact = made_on("cpu", asked);
  asked.dtype.reset();
  const Made made = made_on("sim", asked);
  EXPECT_EQ(made.plan.machine.dtype, "bfloat16");
  EXPECT_LT(relative(made.noise_pred, exact.noise_pred), 2e-2);
  EXPECT_GT(relative(made.noise_pred, exact.noise_pred), 1e-6);
}

}  // namespace
}  // namespace sora
