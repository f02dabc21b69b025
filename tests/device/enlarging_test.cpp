// Frames are enlarged to the size of the file on the device, and leave it as bytes.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "device_case.h"
#include "media/rgb_picture.h"
#include "pipeline/frames/device_resize.h"

namespace sora {
namespace {

class DeviceEnlarging : public DeviceCase {
 protected:
  /// A model that makes 32 x 16.
  std::string small_model() {
    const std::string folder = model("wan21");
    std::ofstream(std::filesystem::path(folder) / "sora-gen.json")
        << R"({"native_width": 32, "native_height": 16, "native_frames": 9, "fps": 8})";
    return folder;
  }
};

at::Tensor smooth_picture(std::int64_t height, std::int64_t width) {
  const at::Tensor x = at::arange(width, at::kFloat), y = at::arange(height, at::kFloat).unsqueeze(1);
  const at::Tensor wave = at::sin(x / 7 + y / 5) * 100 + 128;
  return at::stack({wave, 255 - wave, wave.flip({1})}, -1).round().to(at::kByte).contiguous();
}

TEST_F(DeviceEnlarging, GivesLibswscalesPixelsWithinItsRounding) {
  const c10::InferenceMode inference;
  const at::Tensor picture = smooth_picture(48, 64);
  for (const auto& [height, width] : {std::pair(96, 128), {108, 192}, {48, 100}, {30, 40}, {48, 64}}) {
    SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
    DeviceResize resize(height, width);
    const at::Tensor made = resize(picture.unsqueeze(0).to(at::Device(at::kPrivateUse1, 0)))[0].to(at::kCPU);
    const RgbPicture expected =
        resampled(picture.const_data_ptr<std::uint8_t>(), 64 * 3, 64, 48, width, height);
    const at::Tensor there =
        at::from_blob(const_cast<std::uint8_t*>(expected.rgb.data()), {height, width, 3}, at::kByte);
    const at::Tensor difference = (made.to(at::kInt) - there.to(at::kInt)).abs();
    EXPECT_LT(difference.to(at::kFloat).mean().item<double>(), 0.8);
    EXPECT_LE(difference.max().item<int>(), 4);
  }
}

TEST_F(DeviceEnlarging, AVideoLargerThanTheModelsLeavesTheDeviceAtItsOwnSize) {
  small_model();
  Request asked = request("wan21");
  asked.res = "64x32";
  asked.dump_tensors.reset();
  const Made here = made_on("cpu", asked), there = made_on("sim", asked);
  ASSERT_TRUE(there.plan.picture.enlarged);
  EXPECT_EQ(there.plan.picture.frame_width, 64);
  EXPECT_EQ(here.plan.picture.frame_width, 32) << "a CPU leaves it to the video encoder";
  EXPECT_EQ(there.frames.sizes(), here.frames.sizes());
  EXPECT_GE(there.counters.to_host_bytes, there.frames.numel());
  const at::Tensor difference = (there.frames.to(at::kInt) - here.frames.to(at::kInt)).abs();
  EXPECT_LT(difference.to(at::kFloat).mean().item<double>(), 1.5);
  EXPECT_LE(difference.max().item<int>(), 12);
}

TEST_F(DeviceEnlarging, NewFramesBesideAClipTakeItsSizeAndColoursOnTheDevice) {
  small_model();
  for (const char* verb : {"extend", "connect", "loop"}) {
    SCOPED_TRACE(verb);
    Request asked = request("wan21", verb);
    asked.res.reset();
    asked.dump_tensors.reset();
    asked.only_new = true;
    asked.input = clip("clip.mkv", 9);
    if (asked.verb == "connect") asked.input_2 = clip("clip2.mkv", 9, 20);
    const Made here = made_on("cpu", asked), there = made_on("sim", asked);
    ASSERT_TRUE(there.plan.picture.enlarged);
    EXPECT_EQ(there.frames.sizes(), here.frames.sizes());
    const at::Tensor difference = (there.frames.to(at::kInt) - here.frames.to(at::kInt)).abs();
    EXPECT_LT(difference.to(at::kFloat).mean().item<double>(), 1.5);
    EXPECT_LE(difference.max().item<int>(), 16);
  }
}

}  // namespace
}  // namespace sora
