// All ways to save memory give the same video on a device, whatever type the weights have.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "device_case.h"
#include "models/wan/networks/transformer.h"
#include "nn/device.h"
#include "places.h"
#include "weights/tensor_file.h"

namespace sora {
namespace {

const std::vector<std::string> kWays{"none", "text", "stored", "stream"};

class DeviceOffload : public DeviceCase {};

TEST_F(DeviceOffload, EveryWayGivesTheSameVideo) {
  for (const char* name : {"wan21", "a14b", "image/i2v"}) {
    for (const std::string& way : kWays) {
      SCOPED_TRACE(name + (": " + way));
      Request asked = request(name, std::string(name) == "image/i2v" ? "animate" : "generate");
      if (asked.verb == "animate") asked.image = clip("picture.mkv", 1);
      asked.offload = way;
      const Made made = expect_equal(asked);
      EXPECT_EQ(made.plan.machine.offload, way);
    }
  }
}

TEST_F(DeviceOffload, EveryWayTakesFp8WeightsAndLoras) {
  const std::string base = "diffusion_model.blocks.0.ffn.0.";
  write_tensors(folder_ / "lora.safetensors", {{base + "lora_down.weight", at::ones({1, 128})},
                                               {base + "lora_up.weight", at::ones({32, 1})}});
  for (const std::string& way : kWays) {
    SCOPED_TRACE(way);
    Request asked = request("layouts/original");
    asked.offload = way;
    asked.lora = {(folder_ / "lora.safetensors").string() + ":0.5"};
    expect_equal(asked);
    asked = request("layouts/comfy");  // fp8 with scales
    asked.offload = way;
    expect_equal(asked);
  }
}

at::Tensor prediction(const wan::WanTransformer& network, at::Device device) {
  const c10::InferenceMode inference;
  at::Generator numbers = at::detail::createCPUGenerator(1);
  const auto random = [&](at::IntArrayRef shape) { return at::randn(shape, numbers).to(device); };
  const auto& config = network.config();
  const at::Tensor latents = random({1, config.in_channels, 3, 8, 8});
  const auto text = network.prepare_text(random({1, 12, config.text_dim}), {});
  return network.forward(latents, at::full({1}, 700.0), text).to(at::kCPU);
}

TEST_F(DeviceOffload, QuantisedFilesAreWidenedForADeviceWhateverTheWay) {
  const ComponentSource file{test_data() / "layouts/transformer/plain.gguf",
                             test_data() / "transformer/plain"};
  Placement placement;
  const at::Tensor expected = prediction(wan::load_transformer(file, placement), placement.device);
  placement = make_placement("sim", "float32");
  for (const WeightStorage storage :
       {WeightStorage::widened, WeightStorage::stored, WeightStorage::streamed}) {
    placement.storage = storage;
    EXPECT_LT(relative(prediction(wan::load_transformer(file, placement), placement.device), expected), 1e-5);
  }
}

TEST_F(DeviceOffload, WeightsComeToTheDeviceFromPinnedMemoryAsTheyAreStored) {
  Request asked = request("wan21");
  asked.dump_tensors.reset();
  for (const std::string& way : kWays) {
    SCOPED_TRACE(way);
    asked.offload = way;
    const Made made = made_on("sim", asked);
    // Noise, embeddings, small tables: not the weights, which are more than a megabyte.
    EXPECT_LT(made.counters.pageable_bytes, 300'000);
    EXPECT_GT(made.counters.to_device_bytes, 400'000);
  }
}

}  // namespace
}  // namespace sora
