#include "device_case.h"

#include <cmath>
#include <filesystem>

#include "media/read/video_reader.h"
#include "media/write/video_writer.h"
#include "pipeline/tiny_model.h"
#include "places.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// The same kernels on the same numbers: what differs is the order of a few sums, where tiles go through a
// network in larger batches or a convolution takes another method.
constexpr double kTolerance = 1e-5;

at::Tensor frames_of(const std::string& path) {
  std::vector<at::Tensor> frames;
  for (VideoFrame& frame : read_first(path, {}, 10000)) {
    frames.push_back(at::from_blob(frame.rgb.data(), {frame.height, frame.width, 3}, at::kByte).clone());
  }
  return at::stack(frames);
}

}  // namespace

double relative(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).norm().item<double>() / std::max(b.norm().item<double>(), 1e-12);
}

DeviceCase::DeviceCase() {
  sim::register_device();
  (void)sim::take_faults();
}

DeviceCase::~DeviceCase() {
  sim::set_memory(0);
  EXPECT_EQ(sim::take_faults(), std::vector<std::string>{});
}

std::string DeviceCase::model(const std::string& name) {
  if (name.find('/') != std::string::npos) return (test_data() / name).string();
  const fs::path copy = folder_ / name;
  return fs::exists(copy) ? copy.string() : copy_tiny_model(folder_, name);
}

Request DeviceCase::request(const std::string& model_name, const std::string& verb) {
  Request request = lossless_request(folder_ / "video.mkv");
  request.verb = verb;
  request.model = model(model_name);
  request.prompt = "a lighthouse";
  request.res = "64x32";
  request.frames = 9;
  request.guidance = 3;
  request.threads = 1;
  request.dtype = "float32";
  request.text_cache = "off";
  request.dump_tensors = (folder_ / "dump.safetensors").string();
  return request;
}

std::string DeviceCase::clip(const std::string& name, int frames, int phase) {
  VideoSettings settings;
  settings.width = settings.source_width = 64;
  settings.height = settings.source_height = 32;
  settings.fps = 8;
  settings.container = "matroska";
  settings.codec = "ffv1";
  settings.pix_fmt = "bgr0";
  const std::string path = (folder_ / name).string();
  const auto writer = open_writer(settings, {path, true, 1});
  std::vector<std::uint8_t> rgb(64 * 32 * 3 + 64);
  for (int t = 0; t < frames; ++t) {
    for (std::size_t i = 0; i < 64 * 32 * 3; ++i) {
      const auto x = static_cast<int>(i / 3 % 64), c = static_cast<int>(i % 3);
      rgb[i] = static_cast<std::uint8_t>(128 + 100 * std::sin((x - 2 * t + 9 * c + phase) / 10.0));
    }
    writer->write(rgb.data(), 64 * 3);
  }
  writer->finish();
  return path;
}

DeviceCase::Made DeviceCase::made_on(const std::string& device, Request request, Generator* generator,
                                     const RunHooks& hooks) {
  request.device = device;
  Made made;
  made.plan = make_plan(request);
  if (change_plan_) change_plan_(made.plan);
  Generator own;
  sim::reset_counters();
  (generator != nullptr ? *generator : own).run(made.plan, hooks);
  made.counters = sim::counters();
  if (request.dump_tensors) {
    made.noise_pred = read_tensor(*request.dump_tensors, "noise_pred_0");
    made.latents = read_tensor(*request.dump_tensors, "latents");
    made.video = read_tensor(*request.dump_tensors, "video");
  }
  made.frames = frames_of(*request.output);
  return made;
}

DeviceCase::Made DeviceCase::expect_equal(const Request& request, double bytes) {
  const Made here = made_on("cpu", request);
  Made there = made_on("sim", request);
  EXPECT_GT(there.counters.launches, 0);
  if (request.dump_tensors) {
    EXPECT_LT(relative(there.noise_pred, here.noise_pred), kTolerance);
    EXPECT_LT(relative(there.latents, here.latents), kTolerance);
    EXPECT_LT(relative(there.video, here.video), kTolerance);
  }
  EXPECT_EQ(there.frames.sizes(), here.frames.sizes());
  // A value beside the middle between two bytes may be rounded to either; beside a clip twice.
  const at::Tensor difference = (there.frames.to(at::kInt) - here.frames.to(at::kInt)).abs();
  EXPECT_LE(difference.max().item<int>(), bytes > 1e-3 ? 8 : 2);
  EXPECT_LT(difference.to(at::kFloat).mean().item<double>(), bytes);
  EXPECT_EQ(sim::take_faults(), std::vector<std::string>{});
  return there;
}

}  // namespace sora
