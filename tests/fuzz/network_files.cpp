// Networks in single files, which are recognised by names and shapes, and LoRAs. The first byte
// chooses; the rest is the header of a safetensors file, whose tensors are all zero.
#include "checkpoint/lora.h"
#include "fuzz.h"
#include "models/clip/files.h"
#include "models/t5/files.h"
#include "models/wan/components.h"
#include "models/wan/model_files.h"
#include "models/wan/names.h"
#include "places.h"
#include "safetensors_header.h"

namespace sora::fuzz {
namespace {

constexpr std::uint64_t kMostData = std::uint64_t{1} << 40;  // bytes; none of them is stored

void open(int which, const std::filesystem::path& path) {
  static const wan::TransformerFiles network =
      wan::open_transformer(ComponentSource(test_data() / "pipeline/wan21/transformer"));
  if (which == 0) (void)wan::open_transformer(ComponentSource(path));
  if (which == 1) (void)wan::open_vae(ComponentSource(path));
  if (which == 2) (void)open_text_encoder(ComponentSource(path));
  if (which == 3) (void)clip::open_image_encoder(ComponentSource(path), {});
  if (which == 4) {
    const Lora lora({path, 1}, {network.checkpoint, wan::transformer_names(), wan::image_modules()});
    for (const auto& [name, terms] : lora.terms())
      require(network.checkpoint.find(name) != nullptr, "changes what the network has not: " + name);
  }
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora::fuzz;
  static RamFile ram;
  Input input(data, size);
  const int which = input.choice(5);
  fill_from_header(ram, input.rest(), kMostData);
  survives([&] { open(which, ram.path()); }, {sora::ErrorKind::refused});  // a pickle
  return 0;
}
