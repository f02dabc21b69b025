// The names and shapes by which files are refused early are those of the networks.
#include "models/t5/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "error_of.h"
#include "file_contents.h"
#include "models/family.h"
#include "models/t5/files.h"
#include "models/t5/networks/encoder.h"
#include "models/wan/components.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae_networks.h"
#include "models/wan/transformer_schema.h"
#include "models/wan/vae_schema.h"
#include "places.h"
#include "temporary_folder.h"
#include "weights/weights.h"

namespace sora::wan {
namespace {

std::map<std::string, std::vector<std::int64_t>> as_map(const std::vector<TensorSpec>& schema) {
  std::map<std::string, std::vector<std::int64_t>> out;
  for (const TensorSpec& spec : schema) EXPECT_TRUE(out.emplace(spec.name, spec.shape).second) << spec.name;
  return out;
}

TEST(TransformerSchema, IsThatOfTheNetwork) {
  for (const char* folder :
       {"transformer/plain", "transformer/image", "transformer/two_images", "transformer/patches",
        "vace/transformer", "skyreels/df/transformer", "skyreels/i2v/transformer", "anyflow/transformer"}) {
    SCOPED_TRACE(folder);
    const auto [config, checkpoint] = open_transformer(test_data() / folder);
    const auto recorder = std::make_shared<SchemaRecorder>(&checkpoint);
    (void)WanTransformer(Weights(recorder), config);
    EXPECT_EQ(as_map(transformer_schema(config)), as_map(recorder->schema()));
  }
}

TEST(VaeSchema, IsThatOfTheNetworks) {
  for (const char* file : {"vae/plain", "vae/plain_once", "vae/residual", "vae/residual_small",
                           "pipeline/wan21/vae", "pipeline/ti2v/vae"}) {
    SCOPED_TRACE(file);
    const auto [config, checkpoint] = open_vae(test_data() / file);
    const auto recorder = std::make_shared<SchemaRecorder>(&checkpoint);
    (void)VaeDecoder(Weights(recorder), config);
    (void)VaeEncoder(Weights(recorder), config);
    EXPECT_EQ(as_map(vae_schema(config)), as_map(recorder->schema()));
  }
}

TEST(TextEncoderSchema, IsThatOfTheNetwork) {
  for (const char* file : {"layouts/text/comfy.safetensors", "layouts/text/original.safetensors",
                           "layouts/text/umt5.gguf", "pipeline/wan21/text_encoder"}) {
    SCOPED_TRACE(file);
    const T5Files files = open_text_encoder(test_data() / file);
    for (const bool shared_bias : {false, true}) {
      T5Config config = files.config;
      config.shared_bias = shared_bias;
      config.gated = shared_bias;
      const auto recorder = std::make_shared<SchemaRecorder>(&files.checkpoint);
      (void)T5Encoder(Weights(recorder), config, at::kFloat);
      EXPECT_EQ(as_map(t5_schema(config, files.checkpoint)), as_map(recorder->schema()));
    }
  }
}

// Before any work: a plan reads headers alone.
TEST(Schemas, RefuseEachPartOfAModelThatDoesNotFit) {
  for (const auto& [component, stem, tensor] :
       {std::tuple("vae", "diffusion_pytorch_model", "decoder.conv_out.bias"),
        std::tuple("text_encoder", "model", "encoder.final_layer_norm.weight")}) {
    SCOPED_TRACE(component);
    const TemporaryFolder folder;
    const auto model = folder / "model";
    std::filesystem::copy(test_data() / "pipeline/wan21", model, std::filesystem::copy_options::recursive);
    const auto file = model / component / (std::string(stem) + ".safetensors");
    std::string bytes = contents(file);
    const std::string name = std::string("\"") + tensor;
    ASSERT_NE(bytes.find(name), std::string::npos);
    bytes[bytes.find(name) + name.size() - 1] = 'X';
    std::ofstream(file, std::ios::binary) << bytes;
    const std::string message = test::error_of([&] { (void)read_model(model); }, ErrorKind::data);
    EXPECT_THAT(message, testing::HasSubstr((model / component).string()));
    EXPECT_THAT(message, testing::HasSubstr(std::string("missing: ") + tensor));
  }
}

}  // namespace
}  // namespace sora::wan
