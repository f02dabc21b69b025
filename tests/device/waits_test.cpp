// The host does not wait for the device where it need not: Note [No waits] in denoise.cpp, and Note [Frames
// leave the device] in host_frames.h.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "device_case.h"
#include "pipeline/frames/host_frames.h"

namespace sora {
namespace {

class DeviceWaits : public DeviceCase {
 protected:
  /// The most host waits between two steps, of a run with `steps` steps.
  std::int64_t waits_of_a_step(Request asked, const RunHooks& more = {}) {
    asked.dump_tensors.reset();
    std::int64_t before = 0, most = 0;
    int last = 0;
    RunHooks hooks = more;
    hooks.progress = [&](const Progress& progress) {
      if (progress.step == last) return;
      const std::int64_t now = sim::counters().host_waits;
      if (progress.step == last + 1 && last > 0) most = std::max(most, now - before);
      last = progress.step;
      before = now;
    };
    EXPECT_GT(made_on("sim", asked, nullptr, hooks).counters.launches, 0);
    EXPECT_EQ(last, *asked.steps);
    return most;
  }
};

TEST_F(DeviceWaits, AStepWaitsOnceForItsCheckOfNumbers) {
  for (const char* name : {"wan21", "ti2v", "a14b", "skyreels/t2v", "skyreels/df"}) {
    for (const char* scheduler : {"unipc", "euler", "dpm++"}) {
      SCOPED_TRACE(std::string(name) + " " + scheduler);
      Request asked = request(name);
      asked.steps = 5;
      asked.scheduler = scheduler;
      EXPECT_EQ(waits_of_a_step(asked), 1);
    }
  }
}

TEST_F(DeviceWaits, AStepWithPicturesAndLaterWindowsWaitsOnceToo) {
  Request asked = request("ti2v", "animate");
  asked.steps = 5;
  asked.image = clip("picture.mkv", 1);
  EXPECT_EQ(waits_of_a_step(asked), 1);
  asked = request("image/i2v", "animate");
  asked.steps = 5;
  asked.image = clip("picture.mkv", 1);
  EXPECT_EQ(waits_of_a_step(asked), 1);
}

TEST_F(DeviceWaits, AStepOverTilesWaitsOnceToo) {
  std::ofstream(std::filesystem::path(model("wan21")) / "sora-gen.json")
      << R"({"native_width": 64, "native_height": 32, "native_frames": 5, "fps": 8})";
  Request asked = request("wan21", "finish");
  asked.input = clip("draft.mkv", 9);
  asked.res = "128x64";
  asked.frames = 9;
  asked.steps = 4;
  EXPECT_EQ(waits_of_a_step(asked), 1);
}

TEST_F(DeviceWaits, StreamedWeightsDoNotMakeTheHostWaitForResults) {
  Request asked = request("wan21");
  asked.steps = 5;
  asked.offload = "stream";
  EXPECT_EQ(waits_of_a_step(asked), 1);
}

TEST_F(DeviceWaits, FramesLeaveTheDeviceOnceAsBytes) {
  for (const char* name : {"wan21", "ti2v"}) {
    SCOPED_TRACE(name);
    Request asked = request(name);
    asked.dump_tensors.reset();
    asked.frames = 17;
    const Made made = made_on("sim", asked);
    const std::int64_t frames = made.frames.numel();
    // Besides: the checks of numbers, which are a number each, and the latents of the window for a
    // checkpoint.
    const auto& picture = made.plan.picture;
    const std::int64_t latents = std::int64_t{4} * picture.latent_channels * picture.latent_width *
                                 picture.latent_height * made.plan.timeline.latent_frames;
    EXPECT_LE(made.counters.to_host_bytes, frames + latents + 4096);
    EXPECT_GE(made.counters.to_host_bytes, frames);
    EXPECT_GE(made.counters.to_host_queued, 5) << "a chunk each, by a copy that nobody waits for at once";
  }
}

TEST_F(DeviceWaits, TheNextChunkIsQueuedBeforeTheHostUsesTheLastOne) {
  const c10::InferenceMode inference;
  HostFrames frames;
  std::vector<int> used;
  const auto bring = [&](int value) {
    frames.bring(
        at::full({2, 4, 4, 3}, value, at::TensorOptions(at::Device(at::kPrivateUse1, 0)).dtype(at::kByte)),
        [&used, value](const at::Tensor& bytes) {
          EXPECT_TRUE(bytes.is_cpu());
          EXPECT_TRUE(bytes.eq(value).all().item<bool>());
          used.push_back(value);
        });
  };
  sim::reset_counters();
  bring(1);
  EXPECT_EQ(sim::counters().host_waits, 0);
  EXPECT_TRUE(used.empty());
  bring(2);
  EXPECT_EQ(used, std::vector<int>{1});
  bring(3);
  frames.finish();
  EXPECT_EQ(used, (std::vector<int>{1, 2, 3}));

  frames.bring(at::zeros({1, 2, 2, 3}, at::kByte), [&](const at::Tensor&) { used.push_back(4); });
  EXPECT_EQ(used.back(), 4) << "on the CPU at once";
}

}  // namespace
}  // namespace sora
