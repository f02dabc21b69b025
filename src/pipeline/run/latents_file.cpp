#include "pipeline/run/latents_file.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "core/log.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "pipeline/networks/tiled_vae.h"
#include "plan/kept_latents.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr std::uint64_t kMostHeader = 100'000'000;

class WriterWithLatents : public FrameWriter {
 public:
  WriterWithLatents(LatentsFile& latents, std::unique_ptr<FrameWriter> video)
      : latents_(latents), video_(std::move(video)) {}

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override { video_->write(rgb, stride); }
  void begin_sound(std::size_t index) override { video_->begin_sound(index); }
  void end_sound() override { video_->end_sound(); }
  void copy(std::size_t index) override { video_->copy(index); }
  Written finish() override {
    Written written = video_->finish();
    latents_.finish(written);
    return written;
  }

 private:
  LatentsFile& latents_;
  std::unique_ptr<FrameWriter> video_;
};

using Tensors = std::map<std::string, at::Tensor>;

// The clip's own latents, for an end of the new file at which the clip lies.
void copy_from_clip(Tensors& tensors, const std::optional<ClipLatents>& clip, bool start) {
  if (!clip || !(start ? clip->has_start : clip->has_end)) return;
  for (const char* name : {"start", "start.still", "end"}) {
    if ((std::string(name) == "end") != start) tensors[name] = read_tensor(clip->path, name);
  }
}

void encode_start(Tensors& tensors, const ShownEnds& ends, const VideoAutoencoder& vae) {
  const StartLatents start = encode_start_of_clip(vae, ends.first());
  tensors["start"] = start.latents;
  tensors["start.still"] = start.still;
}

void encode_end(Tensors& tensors, const ShownEnds& ends, const VideoAutoencoder& vae, const Plan& plan) {
  tensors["end"] = encode_in_tiles(vae, ends.last(), plan.picture.vae_tiling);
}

// `end`, `start` and `start.still`, as far as the video has them: the new frames of a loop and of a
// transition are blended after they are decoded, and an upscale stage has a size that no other plan makes.
void add_ends(Tensors& tensors, const Plan& plan, const ShownEnds& ends, const VideoAutoencoder& vae) {
  const Request& request = plan.request;
  const VerbKind kind = verb_kind(request.verb);
  if (plan.upscale.active || ends.empty()) return;
  if (kind == VerbKind::connect || (kind == VerbKind::loop && request.input)) {
    if (request.only_new) return;
    copy_from_clip(tensors, plan.inputs.latents, true);
    if (kind == VerbKind::connect) copy_from_clip(tensors, plan.inputs.latents_2, false);
  } else if (kind == VerbKind::extend) {
    const bool clip_first = !request.only_new && !request.backward;
    const bool clip_last = !request.only_new && request.backward;
    clip_first ? copy_from_clip(tensors, plan.inputs.latents, true) : encode_start(tensors, ends, vae);
    clip_last ? copy_from_clip(tensors, plan.inputs.latents, false) : encode_end(tensors, ends, vae, plan);
  } else if (kind != VerbKind::loop) {
    encode_start(tensors, ends, vae);
    encode_end(tensors, ends, vae, plan);
  }
}

}  // namespace

LatentsFile::LatentsFile(const Plan& plan) : plan_(plan) {
  if (plan.request.keep_latents) file_.emplace(latents_name(plan.output.path), plan.request.overwrite);
}

void LatentsFile::write(const std::vector<at::Tensor>& windows, const ShownEnds& ends,
                        const VideoAutoencoder& vae) {
  if (!file_) return;
  Tensors tensors;
  for (std::size_t i = 0; i < windows.size(); ++i) tensors["window." + std::to_string(i)] = windows[i];
  add_ends(tensors, plan_, ends, vae);
  put_tensors(*file_, tensors, latents_metadata(plan_, vae.temporal_scale()));
  written_ = true;
}

void LatentsFile::finish(const Written& video) {
  if (!file_) return remove_old(video);
  // In the text of a value the quotes of this key would be escaped, so it is found once.
  const std::string key = std::string("\"") + kDigestKey + "\":\"";
  std::string header(std::min<std::uint64_t>(file_->size(), kMostHeader), '\0');
  header.resize(file_->read_at(header.data(), header.size(), 0));
  const std::size_t place = header.find(key + kNoDigest);
  if (!written_ || place == std::string::npos)
    throw Error(ErrorKind::internal, "latents",
                file_->path().string() + ": was not written before the video");
  file_->write_at(video.sha256.data(), kNoDigest.size(), place + key.size());
  try {
    file_->commit();
  } catch (const Error& error) {
    throw Error(error.kind(), error.component(),
                error.message() + "; the video " + plan_.output.path + " is complete, without kept latents");
  }
}

void LatentsFile::remove_old(const Written& video) const {
  if (!plan_.request.overwrite || plan_.output.path == "-" || plan_.output.path.empty()) return;
  const fs::path old = latents_name(plan_.output.path);
  const auto facts = find_latents_facts(old);
  if (!facts || facts->video_sha256 == video.sha256) return;
  std::error_code code;
  fs::remove(old, code);
  log(code ? LogLevel::warning : LogLevel::info,
      old.string() + ": belongs to the video that was replaced, and " +
          (code ? "cannot be removed: " + code.message() : "is removed"));
}

std::unique_ptr<FrameWriter> with_latents(LatentsFile& latents, std::unique_ptr<FrameWriter> video) {
  return std::make_unique<WriterWithLatents>(latents, std::move(video));
}

}  // namespace sora
