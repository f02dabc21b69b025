// The header of kept latents, and whether an extended clip goes on from them. The input is a byte that says
// in which direction, and a header or a whole file as in safetensors.cpp.
#include "plan/kept_latents.h"

#include <cmath>

#include "checkpoint/safetensors.h"
#include "fuzz.h"
#include "plan/clip_latents.h"
#include "safetensors_header.h"

namespace sora::fuzz {
namespace {

constexpr std::uint64_t kMostData = 1 << 20;

// The digests that the seeds have, so that an input gets past them.
const std::string kVideo = "a video\n";
const std::string kAutoencoder(64, 'a');

void check_facts(const LatentsFacts& facts) {
  require(facts.video_sha256.size() == 64 && facts.autoencoder.size() == 64, "a digest of another length");
  require(facts.frames >= 1 && facts.windows >= 1 && facts.continued >= 0, "a count out of its range");
  require(std::isfinite(facts.fps) && facts.fps > 0, "a rate that is none");
  require(std::isfinite(facts.model_fps) && facts.model_fps > 0, "a rate of the network that is none");
  require(facts.crop_width >= 1 && facts.crop_height >= 1, "a picture without pixels");
}

Plan extension(const RamFolder& folder, const std::filesystem::path& latents, bool backward) {
  Plan plan;
  plan.request.verb = "extend";
  plan.request.backward = backward;
  plan.request.input = (folder / "clip.mp4").string();
  plan.request.latents = latents.string();
  plan.model.vae_digest = kAutoencoder;
  plan.picture.latent_channels = 2;
  plan.picture.latent_height = 3;
  plan.picture.latent_width = 4;
  plan.picture.crop_width = 30;
  plan.picture.crop_height = 20;
  return plan;
}

void check_plan(const Plan& plan, const ModelFacts& model) {
  require(plan.inputs.latents.has_value(), "--latents was neither used nor refused");
  const ClipLatents& used = *plan.inputs.latents;
  require(used.path == *plan.request.latents, "the latents are another file's");
  require(plan.request.backward ? used.has_start : used.has_end, "the end that is needed is missing");
  require(used.continued >= 0 && used.continued <= model.frames, "more is continued than a window has");
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  static const RamFolder folder;
  static RamFile ram;
  Input input(data, size);
  const bool backward = input.choice(2) == 1;
  const std::string_view bytes = input.rest();
  bytes.starts_with('{') ? fill_from_header(ram, bytes, kMostData) : ram.fill(bytes);
  survives([&] { check_facts(latents_facts(SafetensorsFile(ram.path()))); }, {ErrorKind::refused});
  folder.write("clip.mp4", kVideo);
  ModelFacts model;
  model.frames = 17;
  model.temporal_scale = 4;
  model.fps = 8;
  Plan plan = extension(folder, ram.path(), backward);
  if (survives([&] { plan_clip_latents(plan, model); }, {ErrorKind::refused})) check_plan(plan, model);
  return 0;
}
