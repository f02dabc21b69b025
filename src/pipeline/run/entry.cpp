// The functions of libsora that the program calls (entry.h).
#include "pipeline/run/entry.h"

#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/output/output_file.h"
#include "media/codecs.h"
#include "media/read/media_info.h"
#include "nn/device.h"
#include "nn/device_check.h"
#include "pipeline/inputs/input_facts.h"
#include "pipeline/inputs/mask_frames.h"
#include "pipeline/run/device_facts.h"
#include "pipeline/run/find_watermark.h"
#include "sora/export.h"

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

Json tests_of(const std::string& device) {
  Json tests = Json::array();
  for (const DeviceTest& test : check_device(device)) {
    tests.push_back({{"name", test.name}, {"ok", test.problem.empty()}});
    if (test.problem.empty())
      tests.back().update({{"rate", test.rate}, {"unit", test.unit}});
    else
      tests.back()["problem"] = test.problem;
  }
  return tests;
}

std::string report() {
  Json json;
  json["libtorch"] = std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
                     std::to_string(TORCH_VERSION_PATCH);
  json["devices"] =
      Json::array({{{"name", "cpu"}, {"kind", at::get_cpu_capability()}, {"tests", tests_of("cpu")}}});
  for (const UsableDevice& device : usable_devices()) {
    json["devices"].push_back({{"name", device.name},
                               {"kind", device.title},
                               {"memory", device.memory},
                               {"free", device.free},
                               {"tests", tests_of(device.name)}});
  }
  json["libav"] = media_versions();
  json["codecs"] = Json::object();
  for (const EncoderInfo& info : installed_encoders()) json["codecs"][info.codec] = info.encoder;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string inspect(const std::filesystem::path& path) {
  const MediaInfo info = read_media_info(path);
  nlohmann::ordered_json json;
  json["container"] = info.container;
  json["codec"] = info.codec;
  json["width"] = info.width;
  json["height"] = info.height;
  json["fps"] = info.fps;
  json["duration"] = info.duration;
  json["frames"] = info.frames;
  json["metadata"] = info.metadata;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace
}  // namespace sora

extern "C" SORA_API const sora::Entry* sora_entry() {
  static const sora::Entry entry{
      .build = {},
      .create = [] { return new sora::Generator; },
      .destroy = [](sora::Generator* generator) { delete generator; },
      .run = [](sora::Generator& generator, const sora::Plan& plan,
                const sora::RunHooks& hooks) { return generator.run(plan, hooks); },
      .set_log_sink = [](sora::LogSink sink) { sora::set_log_sink(std::move(sink)); },
      .remove_temporaries = [] { sora::remove_temporaries(); },
      .report = sora::report,
      .inspect = sora::inspect,
      .probe = sora::read_input_facts,
      .probe_mask = sora::read_mask_facts,
      .find_watermark = sora::find_watermark,
      .compare = sora::compare_videos,
      .devices = sora::read_device_facts};
  return &entry;
}
