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
#include "plan/verbs/file_frames.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {

const std::string kNoDigest(64, '0');
const char* const kDigestKey = "video_sha256";

namespace {

constexpr const char* kKind = "sora-gen latents 1";

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

}  // namespace

LatentsFacts latents_facts(const SafetensorsFile& file) {
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
  facts.continued = number_at<int>(file, "continued", 0, 10'000'000);
  return facts;
}

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

namespace {

std::string list_of(const std::vector<Window>& windows, int Window::*field) {
  std::string text;
  for (const Window& window : windows) {
    if (!text.empty()) text += ",";
    text += std::to_string(window.*field);
  }
  return text;
}

// Frames of the network that window `i` shows.
std::int64_t shown_by(const Window& window, std::int64_t scale) {
  const std::int64_t end = window.count - window.hidden_end;
  return window.hidden == 0 ? 1 + (end - 1) * scale : (end - window.hidden) * scale;
}

// Whether the video ends with frames as they are decoded: not led to a picture or a clip, and not corrected
// by drift control.
bool ends_freely(const Plan& plan) {
  const Request& request = plan.request;
  if (plan.timeline.windows.size() > 1 && plan.timeline.drift_control > 0) return false;
  if (plan.upscale.active || plan.timeline.windows.back().hidden_end > 0) return false;
  switch (verb_kind(request.verb)) {
    case VerbKind::generate:
    case VerbKind::remix:
      return true;
    case VerbKind::edit:
      return !plan.control.composite;
    case VerbKind::animate:
      return !request.last_image;
    case VerbKind::storyboard:
      return plan.inputs.shot_images.empty();
    case VerbKind::extend:
      return !request.backward;
    default:
      return false;
  }
}

// LatentsFacts::continued.
int continued_latents(const Plan& plan, std::int64_t scale) {
  const std::vector<Window>& windows = plan.timeline.windows;
  if (!ends_freely(plan)) return 0;
  std::int64_t rest = shown_model_frames(plan);
  for (std::size_t i = 0; i + 1 < windows.size(); ++i) rest -= shown_by(windows[i], scale);
  const Window& last = windows.back();
  if (last.hidden == 0) --rest;  // the first latent frame stands for one frame
  if (rest < 0 || rest % scale != 0) return 0;
  const std::int64_t latents = std::max(last.hidden, 1) + rest / scale;
  return latents >= kEndLatents && latents <= last.count ? static_cast<int>(latents) : 0;
}

}  // namespace

std::int64_t shown_model_frames(const Plan& plan) {
  const Timeline& timeline = plan.timeline;
  if (verb_kind(plan.request.verb) != VerbKind::extend) return timeline.model_frames;
  const double wanted = static_cast<double>(timeline.frames) * timeline.model_fps / timeline.fps;
  return std::clamp<std::int64_t>(std::llround(wanted), 1, timeline.model_frames);
}

std::string latents_name(const std::string& output) { return output + ".latents.safetensors"; }

std::map<std::string, std::string> latents_metadata(const Plan& plan, std::int64_t temporal_scale) {
  const Timeline& timeline = plan.timeline;
  const Picture& picture = plan.picture;
  const std::string windows = std::to_string(timeline.windows.size());
  return {{"kind", kKind},
          {"generator", "sora-gen " SORA_GEN_VERSION},
          {"parameters", file_metadata(plan)},
          {kDigestKey, kNoDigest},
          {"autoencoder", plan.model.vae_digest},
          {"model_digest", plan.model.digest},
          {"windows", windows},
          {"windows_done", windows},
          {"frames", std::to_string(file_frames(plan))},
          {"new_frames", std::to_string(timeline.frames)},
          {"fps", shortest_text(timeline.fps)},
          {"model_frames", std::to_string(timeline.model_frames)},
          {"model_fps", shortest_text(timeline.model_fps)},
          {"hidden", list_of(timeline.windows, &Window::hidden)},  // latent frames that are not shown again
          {"hidden_end", list_of(timeline.windows, &Window::hidden_end)},
          {"continued", std::to_string(continued_latents(plan, temporal_scale))},
          {"drift_control", number_text(timeline.drift_control)},
          {"crop_width", std::to_string(picture.crop_width)},
          {"crop_height", std::to_string(picture.crop_height)},
          {"width", std::to_string(picture.width)},
          {"height", std::to_string(picture.height)}};
}

LatentsFacts read_latents_facts(const fs::path& file) { return latents_facts(SafetensorsFile(file)); }

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

}  // namespace sora
