#include "plan/kept_latents.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <tuple>

#include "checkpoint/safetensors.h"
#include "core/amounts.h"
#include "core/file.h"
#include "core/text.h"
#include "plan/metadata.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {

const std::string kNoDigest(64, '0');
const char* const kDigestKey = "video_sha256";

namespace {

constexpr const char* kKind = "sora-gen latents 1";
constexpr std::size_t kShownDigits = 16;
constexpr float kLargestValue = 1e4F;   // normalised latents are about 1
constexpr std::size_t kMostStill = 64;  // latent frames of the still before `start`
constexpr std::uint64_t kMostEndBytes = std::uint64_t{256} << 20;

using Shape = std::vector<std::int64_t>;

[[noreturn]] void bad(const fs::path& file, const std::string& message) {
  throw Error(ErrorKind::data, "latents", file.string() + ": " + message);
}

std::string text_at(const SafetensorsFile& file, const std::string& name) {
  const auto found = file.metadata().find(name);
  if (found == file.metadata().end()) bad(file.path(), name + " is missing from its metadata");
  return found->second;
}

template <class T>
T number_at(const SafetensorsFile& file, const std::string& name, T least, T most) {
  T value{};
  const std::string text = text_at(file, name);
  if (!set_from_text(value, text).empty() || !(value >= least && value <= most))
    bad(file.path(), name + " is \"" + one_line(text.substr(0, 40)) + "\", expected a number in its range");
  return value;
}

std::string digest_at(const SafetensorsFile& file, const std::string& name) {
  const std::string text = text_at(file, name);
  const bool hex =
      text.size() == kNoDigest.size() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex) bad(file.path(), name + " is \"" + one_line(text.substr(0, 40)) + "\", expected a SHA-256");
  return text;
}

LatentsFacts facts_of(const SafetensorsFile& file) {
  const auto kind = file.metadata().find("kind");
  if (kind == file.metadata().end() || kind->second != kKind)
    bad(file.path(), "has no kept latents of this program; --keep-latents writes them");
  LatentsFacts facts;
  facts.video_sha256 = digest_at(file, kDigestKey);
  facts.autoencoder = digest_at(file, "autoencoder");
  facts.frames = number_at<std::int64_t>(file, "frames", 1, 1'000'000'000);
  facts.fps = number_at<double>(file, "fps", 1e-3, 1e4);
  facts.model_fps = number_at<double>(file, "model_fps", 1e-3, 1e4);
  facts.crop_width = number_at<int>(file, "crop_width", 1, 1 << 20);
  facts.crop_height = number_at<int>(file, "crop_height", 1, 1 << 20);
  facts.windows = number_at<int>(file, "windows", 1, 10'000'000);
  return facts;
}

// Digests of files that plans asked for before, since a batch plans a job several times.
std::string known_sha256(const fs::path& file) {
  static std::mutex mutex;
  static std::map<std::tuple<std::string, std::uint64_t, std::int64_t>, std::string> known;
  std::error_code code;
  const std::tuple key(fs::absolute(file, code).string(), File(file, "latents").size(),
                       static_cast<std::int64_t>(fs::last_write_time(file, code).time_since_epoch().count()));
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  return found != known.end() ? found->second
                              : known.emplace(key, file_sha256(file, "latents")).first->second;
}

Shape shape_for(const Plan& plan, std::int64_t latents) {
  return {1, plan.picture.latent_channels, latents, plan.picture.latent_height, plan.picture.latent_width};
}

// Why the tensor is not [1, C, n, h, w] in fp32 with sensible values; empty: it is. `latents` 0: any number.
std::string fault_of(const SafetensorsFile& file, const std::string& name, const Plan& plan,
                     std::int64_t latents) {
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end()) return "it has no \"" + name + "\"";
  const TensorInfo& info = found->second;
  const bool any = latents == 0 && info.shape.size() == 5 && info.shape[2] > 0 &&
                   static_cast<std::size_t>(info.shape[2]) <= kMostStill;
  const Shape wanted = shape_for(plan, any ? info.shape[2] : latents);
  if (info.dtype != DType::f32 || info.shape != wanted)
    return name + " is " + dtype_name(info.dtype) + " " + shape_text(info.shape) + ", the plan needs F32 " +
           shape_text(wanted);
  if (info.end - info.begin > kMostEndBytes) return name + " is larger than " + "256 MB";
  std::vector<float> values(info.elements());
  if (!values.empty()) file.read(info, values.data());
  const bool fine =
      std::all_of(values.begin(), values.end(), [](float value) { return std::abs(value) <= kLargestValue; });
  return fine ? "" : name + " has values that are not finite, or far too large";
}

// Why the latents in `file` are not those of the clip, as this plan needs it; empty: they are.
std::string mismatch(const LatentsFacts& facts, const Plan& plan, const std::string& video) {
  if (facts.autoencoder != plan.model.vae_digest)
    return "they are of another model than " + plan.model.name + ", or it has changed since";
  if (facts.crop_width != plan.picture.crop_width || facts.crop_height != plan.picture.crop_height)
    return "they are of a picture of " + std::to_string(facts.crop_width) + "x" +
           std::to_string(facts.crop_height) + ", and this plan makes " +
           std::to_string(plan.picture.crop_width) + "x" + std::to_string(plan.picture.crop_height);
  if (std::abs(facts.model_fps - plan.timeline.model_fps) > 1e-6)
    return "they have " + number_text(facts.model_fps) + " frames a second, and this plan makes " +
           number_text(plan.timeline.model_fps);
  if (!belong_to(facts, video)) return video + " has changed since they were kept, or is another video";
  return {};
}

struct Needs {
  int end = 0;    // latent frames of the clip's end that are conditioning frames of the plan
  int start = 0;  // of its start
};

// The latents in `path` as far as they fit. Throws Error (data) that says why they cannot be used.
ClipLatents fitting(const Plan& plan, const std::string& path, const std::string& video, const Needs& needs) {
  const SafetensorsFile file(path);
  std::string why = mismatch(facts_of(file), plan, video);
  if (!why.empty()) bad(path, why);
  ClipLatents latents{path, known_sha256(path), false, false};
  const std::string end = fault_of(file, "end", plan, std::max(needs.end, kEndLatents));
  std::string start = fault_of(file, "start", plan, std::max(needs.start, kStartLatents));
  if (start.empty()) start = fault_of(file, "start.still", plan, 0);
  if (needs.end > 0 && !end.empty()) why = end;
  if (needs.start > 0 && !start.empty()) why = start;
  const bool none = (needs.end == 0 || !end.empty()) && (needs.start == 0 || !start.empty());
  if (none) bad(path, why);
  latents.has_end = end.empty();
  latents.has_start = start.empty();
  return latents;
}

std::optional<ClipLatents> latents_of(Plan& plan, const std::string& video,
                                      const std::optional<std::string>& named, const Needs& needs) {
  if (named) return fitting(plan, *named, video, needs);
  const std::string path = latents_name(video);
  std::error_code code;
  if (!fs::is_regular_file(path, code)) return {};
  try {
    ClipLatents latents = fitting(plan, path, video, needs);
    plan.notes.push_back(video +
                         ": its kept latents are used, and its frames are not encoded again (--latents "
                         "none encodes them)");
    return latents;
  } catch (const Error& error) {
    plan.warnings.push_back("kept latents are not used, and frames are encoded: " + error.message());
    return {};
  }
}

std::string list_of(const std::vector<Window>& windows, int Window::*field) {
  std::string text;
  for (const Window& window : windows) text += (text.empty() ? "" : ",") + std::to_string(window.*field);
  return text;
}

// Why the windows of the draft cannot be taken from `path`; throws Error (data).
void check_draft(const Plan& draft, const std::string& path, const std::string& video) {
  const SafetensorsFile file(path);
  const LatentsFacts facts = facts_of(file);
  const std::string why = mismatch(facts, draft, video);
  if (!why.empty()) bad(path, why);
  const std::vector<Window>& windows = draft.timeline.windows;
  if (static_cast<std::size_t>(facts.windows) != windows.size())
    bad(path,
        "has " + std::to_string(facts.windows) + " windows, the draft has " + std::to_string(windows.size()));
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const auto found = file.tensors().find("window." + std::to_string(i));
    if (found == file.tensors().end() || found->second.dtype != DType::f32 ||
        found->second.shape != shape_for(draft, windows[i].count))
      bad(path, "window " + std::to_string(i) + " is missing, or has another size than the draft's");
  }
}

}  // namespace

std::string latents_name(const std::string& output) { return output + ".latents.safetensors"; }

std::map<std::string, std::string> latents_metadata(const Plan& plan) {
  const Timeline& timeline = plan.timeline;
  const Picture& picture = plan.picture;
  const std::string windows = std::to_string(timeline.windows.size());
  return {{"kind", kKind},
          {"generator", "sora-gen " SORA_GEN_VERSION},
          {"parameters", metadata_json(plan)},
          {kDigestKey, kNoDigest},
          {"autoencoder", plan.model.vae_digest},
          {"model_digest", plan.model.digest},
          {"windows", windows},
          {"windows_done", windows},
          {"frames", std::to_string(timeline.frames)},
          {"fps", shortest_text(timeline.fps)},
          {"model_frames", std::to_string(timeline.model_frames)},
          {"model_fps", shortest_text(timeline.model_fps)},
          {"hidden", list_of(timeline.windows, &Window::hidden)},  // latent frames that are not shown again
          {"hidden_end", list_of(timeline.windows, &Window::hidden_end)},
          {"drift_control", number_text(timeline.drift_control)},
          {"crop_width", std::to_string(picture.crop_width)},
          {"crop_height", std::to_string(picture.crop_height)},
          {"width", std::to_string(picture.width)},
          {"height", std::to_string(picture.height)}};
}

LatentsFacts read_latents_facts(const fs::path& file) { return facts_of(SafetensorsFile(file)); }

std::optional<LatentsFacts> find_latents_facts(const fs::path& file) noexcept {
  try {
    if (!fs::is_regular_file(file)) return {};
    return read_latents_facts(file);
  } catch (const std::exception&) {
    return {};
  }
}

bool belong_to(const LatentsFacts& latents, const fs::path& video) {
  return known_sha256(video) == latents.video_sha256;
}

void plan_clip_latents(Plan& plan, bool image_channels) {
  const Request& request = plan.request;
  if (request.latents == "none" || !adds_to_clip(request) || plan.timeline.windows.empty()) return;
  if (image_channels) return;  // such models are conditioned on pictures
  const Needs needs{request.backward ? 0 : plan.timeline.windows.front().conditioning,
                    request.backward ? plan.timeline.windows.front().conditioning_end
                                     : plan.timeline.windows.back().conditioning_end};
  const bool two = request.input_2.has_value();
  plan.inputs.latents = latents_of(plan, *request.input, request.latents, {needs.end, two ? 0 : needs.start});
  if (two) plan.inputs.latents_2 = latents_of(plan, *request.input_2, {}, {0, needs.start});
}

void plan_draft_latents(Plan& draft, const std::string& video, const std::optional<std::string>& named,
                        std::vector<std::string>& warnings) {
  if (named == "none") return;
  const std::string path = named.value_or(latents_name(video));
  std::error_code code;
  if (!named && !fs::is_regular_file(path, code)) return;
  try {
    check_draft(draft, path, video);
    draft.inputs.latents = ClipLatents{path, known_sha256(path), false, false};
  } catch (const Error& error) {
    if (named) throw;
    warnings.push_back("kept latents are not used, and the draft is made again: " + error.message());
  }
}

std::string used_latents(const std::optional<ClipLatents>& latents) {
  return latents ? latents->digest.substr(0, kShownDigits) : "";
}

}  // namespace sora
