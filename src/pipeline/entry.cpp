// The other side of the door: what the program calls in libsora (entry.h).
#include "pipeline/entry.h"

#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/headeronly/version.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/output_file.h"
#include "media/codecs.h"
#include "nn/cuda_loader.h"
#include "sora/error.h"
#include "sora/export.h"

namespace sora {
namespace {

// On the CPU libtorch reports a failed allocation as a plain c10::Error, told apart by its text alone.
bool is_out_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string(error.what_without_backtrace()).find("can't allocate memory") != std::string::npos;
}

Result run(Generator& generator, const Plan& plan, const ProgressSink& progress, const StopRequest& stop) {
  try {
    return generator.run(plan, progress, stop);
  } catch (const c10::Error& error) {
    log(LogLevel::debug, error.what());  // with its stack trace
    std::string text = error.what_without_backtrace();
    text.resize(std::min(text.find('\n'), text.size()));
    if (is_out_of_memory(error)) {
      throw Error(ErrorKind::unavailable, "memory",
                  text + "; ask for a smaller --res, fewer --frames, or a smaller model");
    }
    throw Error(ErrorKind::internal, "libtorch",
                text + "; this is a bug, please report it with the output of -vv");
  }
}

std::string report() {
  using Json = nlohmann::ordered_json;
  Json json;
  json["libtorch"] = std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
                     std::to_string(TORCH_VERSION_PATCH);
  json["devices"] = Json::array({{{"name", "cpu"}, {"kind", at::get_cpu_capability()}}});
  const int gpus = load_cuda_backend() ? at::detail::getCUDAHooks().deviceCount() : 0;
  for (int i = 0; i < gpus; ++i) {
    json["devices"].push_back({{"name", "cuda:" + std::to_string(i)}, {"kind", "NVIDIA GPU"}});
  }
  json["libav"] = media_versions();
  json["codecs"] = Json::object();
  for (const EncoderInfo& info : installed_encoders()) json["codecs"][info.codec] = info.encoder;
  return json.dump();
}

}  // namespace
}  // namespace sora

extern "C" SORA_API const sora::Entry* sora_entry() {
  static const sora::Entry entry{
      .build = {},
      .create = [] { return new sora::Generator; },
      .destroy = [](sora::Generator* generator) { delete generator; },
      .run = sora::run,
      .set_log_sink = [](sora::LogSink sink) { sora::set_log_sink(std::move(sink)); },
      .remove_temporaries = [] { sora::remove_temporaries(); },
      .report = sora::report};
  return &entry;
}
