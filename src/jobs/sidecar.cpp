#include "jobs/sidecar.h"

#include <nlohmann/json.hpp>

#include "checkpoint/safetensors.h"
#include "core/file.h"
#include "core/json/json_text.h"
#include "core/output/output_file.h"
#include "plan/metadata.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kLargestSidecar = 16'000'000;

bool starts_with_brace(const fs::path& file) {
  const File opened(file, "inspect");
  char first = 0;
  if (opened.size() > 0) opened.read_at(&first, 1, 0);
  return first == '{';
}

// A safetensors file begins with the length of its header, and the header with a brace.
bool looks_like_safetensors(const fs::path& file) {
  const File opened(file, "inspect");
  char start[9] = "";
  if (opened.size() < sizeof start) return false;
  opened.read_at(start, sizeof start, 0);
  return start[8] == '{' && start[7] == 0;
}

std::string parameters_of_sidecar(const fs::path& file) {
  Json json;
  if (const JsonFault fault = parse_json(read_text(file, "inspect", kLargestSidecar), json)) {
    if (!fault.over_limit) return {};  // not JSON
    throw Error(ErrorKind::data, "inspect", file.string() + ": " + fault.message);
  }
  if (!json.is_object() || !json.contains("parameters")) return {};
  return json["parameters"].dump();
}

}  // namespace

std::string sidecar_name(const std::string& output) { return output + ".json"; }

void write_sidecar(const Plan& plan, const Result& result) {
  Json json;
  const JsonLimits no_limits{SIZE_MAX, SIZE_MAX, true};
  if (const JsonFault fault = parse_json(file_metadata(plan), json["parameters"], no_limits)) {
    throw Error(ErrorKind::internal, "sidecar", "the parameters of the run: " + fault.message);
  }
  json["output"] = fs::path(result.output).filename().string();
  json["bytes"] = result.bytes;
  json["frames"] = result.frames;
  json["sha256"] = result.sha256;
  json["signed"] = result.is_signed;
  json["watermark"] = result.watermark.empty() ? Json() : Json(result.watermark);
  json["seconds"] = result.seconds;
  // JSON must be UTF-8, which file names need not be.
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  OutputFile file(sidecar_name(result.output), plan.request.overwrite);
  file.write(text.data(), text.size());
  file.commit();
}

std::string recorded_parameters(const fs::path& file) {
  if (looks_like_safetensors(file)) {
    const SafetensorsFile tensors(file);
    const auto found = tensors.metadata().find("parameters");
    return found == tensors.metadata().end() ? "" : found->second;
  }
  if (starts_with_brace(file)) return parameters_of_sidecar(file);
  std::error_code code;
  const std::string beside = sidecar_name(file.string());
  return fs::is_regular_file(beside, code) ? parameters_of_sidecar(beside) : "";
}

}  // namespace sora
