#include "plan/clip_latents.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

#include "checkpoint/safetensors.h"
#include "core/text.h"
#include "plan/kept_latents.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::size_t kShownDigits = 16;
constexpr float kLargestValue = 1e4F;   // normalised latents are about 1
constexpr std::size_t kMostStill = 64;  // latent frames of the still before `start`
constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;

using Shape = std::vector<std::int64_t>;

[[noreturn]] void bad(const fs::path& file, const std::string& message) {
  throw Error(ErrorKind::data, "latents", file.string() + ": " + message);
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
  if (info.end - info.begin > kMostBytes) return name + " is larger than 256 MB";
  std::vector<float> values(info.elements());
  if (!values.empty()) file.read(info, values.data());
  const bool fine =
      std::all_of(values.begin(), values.end(), [](float value) { return std::abs(value) <= kLargestValue; });
  return fine ? "" : name + " has values that are not finite, or far too large";
}

// Why the latents in `file` are not those of the clip, as this plan needs it; empty: they are.
std::string mismatch(const LatentsFacts& facts, const Plan& plan, double model_fps,
                     const std::string& video) {
  if (facts.autoencoder != plan.model.vae_digest)
    return "they are of another model than " + plan.model.name + ", or it has changed since";
  if (facts.crop_width != plan.picture.crop_width || facts.crop_height != plan.picture.crop_height)
    return "they are of a picture of " + std::to_string(facts.crop_width) + "x" +
           std::to_string(facts.crop_height) + ", and this plan makes " +
           std::to_string(plan.picture.crop_width) + "x" + std::to_string(plan.picture.crop_height);
  if (std::abs(facts.model_fps - model_fps) > 1e-6)
    return "they have " + number_text(facts.model_fps) + " frames a second, and this plan makes " +
           number_text(model_fps);
  if (!belong_to(facts, video)) return video + " has changed since they were kept, or is another video";
  return {};
}

// Which ends of a clip become conditioning frames.
struct Needs {
  bool end = false;
  bool start = false;
};

// Sets how many latent frames of the clip's last window stay while the window is made to its full length,
// where the clip ends in its first half: of a later window little would be new.
void continue_window(ClipLatents& latents, const SafetensorsFile& file, const LatentsFacts& facts,
                     const Plan& plan, const ModelFacts& model) {
  const int native = (model.frames - 1) / model.temporal_scale + 1;
  if (facts.continued < kEndLatents || facts.continued > (native + 1) / 2) return;
  const std::string name = "window." + std::to_string(facts.windows - 1);
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end() || found->second.shape.size() != 5) return;
  const std::int64_t count = found->second.shape[2];
  if (count < facts.continued || count > native || !fault_of(file, name, plan, count).empty()) return;
  latents.continued = facts.continued;
  latents.last_window = facts.windows - 1;
}

// The latents in `path` as far as they fit. Throws Error (data) that says why they cannot be used.
ClipLatents fitting(const Plan& plan, const ModelFacts& model, const std::string& path,
                    const std::string& video, const Needs& needs) {
  const SafetensorsFile file(path);
  const LatentsFacts facts = latents_facts(file);
  std::string why = mismatch(facts, plan, model.fps, video);
  if (!why.empty()) bad(path, why);
  ClipLatents latents;
  latents.path = path;
  latents.digest = known_sha256(path);
  const std::string end = fault_of(file, "end", plan, kEndLatents);
  std::string start = fault_of(file, "start", plan, kStartLatents);
  if (start.empty()) start = fault_of(file, "start.still", plan, 0);
  const bool used = (needs.end && end.empty()) || (needs.start && start.empty());
  if (!used) bad(path, needs.end ? end : start);
  latents.has_end = end.empty();
  latents.has_start = start.empty();
  if (needs.end && latents.has_end) continue_window(latents, file, facts, plan, model);
  return latents;
}

std::optional<ClipLatents> latents_of(Plan& plan, const ModelFacts& model, const std::string& video,
                                      const std::optional<std::string>& named, const Needs& needs) {
  if (named) return fitting(plan, model, *named, video, needs);
  const std::string path = latents_name(video);
  std::error_code code;
  if (!fs::is_regular_file(path, code)) return {};
  try {
    ClipLatents latents = fitting(plan, model, path, video, needs);
    plan.notes.push_back(video + ": its kept latents are used, " +
                         (latents.continued > 0 ? "the window that it ends in is continued, " : "") +
                         "and its frames are not encoded again (--latents none encodes them)");
    return latents;
  } catch (const Error& error) {
    plan.warnings.push_back("kept latents are not used, and frames are encoded: " + error.message());
    return {};
  }
}

// Why the windows of the draft cannot be taken from `path`; throws Error (data).
void check_draft(const Plan& draft, const std::string& path, const std::string& video) {
  const SafetensorsFile file(path);
  const LatentsFacts facts = latents_facts(file);
  const std::string why = mismatch(facts, draft, draft.timeline.model_fps, video);
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

void plan_clip_latents(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  if (request.latents == "none" || !adds_to_clip(request)) return;
  if (model.image.concat) return;  // such models are conditioned on pictures
  if (model.causal) {              // they see more of the clip than there are latents of its end
    if (request.latents)
      throw Error(ErrorKind::usage, "options",
                  "--latents means nothing to causal models, which go on from frames of the clip");
    return;
  }
  const bool two = request.input_2.has_value();
  const bool leads_to_clip = request.backward || verb_kind(request.verb) != VerbKind::extend;
  plan.inputs.latents =
      latents_of(plan, model, *request.input, request.latents, {!request.backward, leads_to_clip && !two});
  if (two) plan.inputs.latents_2 = latents_of(plan, model, *request.input_2, {}, {false, true});
}

void plan_draft_latents(Plan& draft, const std::string& video, const std::optional<std::string>& named,
                        std::vector<std::string>& warnings) {
  if (named == "none") return;
  const std::string path = named.value_or(latents_name(video));
  std::error_code code;
  if (!named && !fs::is_regular_file(path, code)) return;
  try {
    check_draft(draft, path, video);
    draft.inputs.latents.emplace();
    draft.inputs.latents->path = path;
    draft.inputs.latents->digest = known_sha256(path);
  } catch (const Error& error) {
    if (named) throw;
    warnings.push_back("kept latents are not used, and the draft is made again: " + error.message());
  }
}

std::string used_latents(const std::optional<ClipLatents>& latents) {
  return latents ? latents->digest.substr(0, kShownDigits) : "";
}

}  // namespace sora
