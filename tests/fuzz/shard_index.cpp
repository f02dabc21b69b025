// The index of a checkpoint in shards, beside two shards and a file outside, which no index may name.
#include "checkpoint/checkpoint.h"
#include "fuzz.h"

namespace sora::fuzz {
namespace {

std::string shard_with(const std::string& tensors) {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(tensors.size());
  return bytes + tensors + std::string(4, '\0');
}

const RamFolder& folder() {
  static const RamFolder made;
  static const bool once = [] {
    made.write("model/a.safetensors",
               shard_with(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"));
    made.write("model/b.safetensors",
               shard_with(R"({"b.weight":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})"));
    made.write("outside.safetensors",
               shard_with(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"));
    made.link("model/link.safetensors", made / "outside.safetensors");
    return true;
  }();
  (void)once;
  return made;
}

}  // namespace
}  // namespace sora::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  folder().write("model/model.safetensors.index.json", Input(data, size).rest());
  survives([&] {
    const Checkpoint checkpoint(folder() / "model", "model");
    for (const std::string& name : checkpoint.names()) {
      require(name == "a" || name == "b.weight", "a tensor that no shard has: " + name);
      char bytes[4];
      checkpoint.read(name, bytes);
    }
  });
  return 0;
}
