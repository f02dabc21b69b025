// The JSON files of a model folder. The first byte chooses which; the rest is the file.
#include "checkpoint/model_folder.h"
#include "fuzz.h"
#include "models/clip/config.h"
#include "models/family.h"
#include "models/t5/config.h"
#include "models/wan/transformer_config.h"
#include "models/wan/vae_config.h"
#include "places.h"
#include "sampling/config/scheduler_config.h"

namespace sora::fuzz {
namespace {

const RamFolder& folder() {
  static const RamFolder made;
  return made;
}

// A model's own settings are read last, over what its other files say: these stay the same, and are read
// once.
void read_settings(const std::filesystem::path& path) {
  static const ModelFacts model = read_model(test_data() / "pipeline/wan21");
  ModelFacts facts = model;
  facts.folder.dir = path.parent_path();
  read_own_defaults(facts);
  require(facts.width >= 16 && facts.width <= 4096 && facts.height >= 16 && facts.height <= 4096, "sizes");
  require(facts.frames >= 1 && facts.steps >= 1 && facts.fps >= 0.1 && facts.fps <= 1000, "counts, or fps");
}

void read(int which, const std::filesystem::path& path) {
  if (which == 0) (void)wan::read_transformer_config(path);
  if (which == 1) {
    const wan::VaeConfig config = wan::read_vae_config(path);
    require(config.latents_mean.size() == static_cast<std::size_t>(config.z_dim), "latents_mean");
    require(config.latents_std.size() == static_cast<std::size_t>(config.z_dim), "latents_std");
    require(config.temperal_downsample.size() + 1 == config.stages(), "temperal_downsample");
  }
  if (which == 2) (void)clip::read_vision_config(path);
  if (which == 3) (void)clip::read_image_processor_config(path);
  if (which == 4) (void)read_scheduler_config(path);
  if (which == 5) (void)read_t5_config(path.parent_path());
  if (which == 6) (void)open_model_folder(path.parent_path());
  if (which == 7) read_settings(path);
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora::fuzz;
  constexpr const char* kNames[] = {
      "ram", "ram", "ram", "ram", "ram", "t5/config.json", "index/model_index.json", "model/sora-gen.json"};
  static RamFile ram;
  Input input(data, size);
  const int which = input.choice(8);
  const bool in_memory = which < 5;
  in_memory ? ram.fill(input.rest()) : folder().write(kNames[which], input.rest());
  survives([&] { read(which, in_memory ? ram.path() : folder() / kNames[which]); });
  return 0;
}
