// Networks with stored or streamed weights predict the same, to the bit, as with weights that were widened
// when they were loaded: in every layout, quantised, and with LoRAs.
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "checkpoint/safetensors.h"
#include "models/t5/networks/text_encoder.h"
#include "models/wan/networks/transformer.h"
#include "places.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

const fs::path kData = test_data();

Placement kept(WeightStorage keeping) {
  Placement placement;
  placement.storage = keeping;
  placement.prefetch_bytes = 1 << 16;
  return placement;
}

struct Case {
  const char* file;  // of layouts/transformer, or "" for the folder
  const char* folder;
  const char* lora;
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.file << value.folder << value.lora; }

class Keepings : public testing::TestWithParam<Case> {};

TEST_P(Keepings, PredictTheSame) {
  const c10::InferenceMode inference;
  at::set_num_threads(1);  // small tensors gain nothing from threads
  const auto& [file, folder, lora] = GetParam();
  const fs::path config = kData / "transformer" / folder;
  const ComponentSource source =
      *file == '\0' ? ComponentSource(config) : ComponentSource(kData / "layouts/transformer" / file, config);
  std::vector<LoraSource> loras;
  if (*lora != '\0') loras.push_back({kData / "lora" / lora, 0.7});
  const fs::path golden = config / "golden.safetensors";
  const at::Tensor image = SafetensorsFile(golden).tensors().count("image_embeds")
                               ? read_tensor(golden, "image_embeds")
                               : at::Tensor();
  at::Tensor expected;
  for (const WeightStorage keeping :
       {WeightStorage::widened, WeightStorage::stored, WeightStorage::streamed}) {
    const WanTransformer transformer = load_transformer(source, kept(keeping), loras);
    const TextContext text = transformer.prepare_text(read_tensor(golden, "prompt_embeds"), image);
    for (int step = 0; step < 2; ++step) {
      const at::Tensor found =
          transformer.forward(read_tensor(golden, "latents"), read_tensor(golden, "timestep"), text);
      if (!expected.defined()) expected = found;
      EXPECT_TRUE(at::equal(found, expected)) << static_cast<int>(keeping);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Keepings,
                         testing::Values(Case{"", "plain", ""}, Case{"", "per_token", ""},
                                         Case{"", "image", ""}, Case{"", "plain", "kohya.safetensors"},
                                         Case{"plain.gguf", "plain", ""},
                                         Case{"plain.gguf", "plain", "comfy.safetensors"},
                                         Case{"batch.gguf", "batch", ""},
                                         Case{"two_images.safetensors", "two_images", ""},
                                         Case{"fp8_plain.safetensors", "patches", ""},
                                         Case{"fp8_comfy.safetensors", "patches", ""},
                                         Case{"fp8_other.safetensors", "patches", ""}));

TEST(LorasOfHeldWeights, AreReadOnce) {
  const c10::InferenceMode inference;
  at::set_num_threads(1);
  const TemporaryFolder folder;
  const fs::path config = kData / "transformer/plain", golden = config / "golden.safetensors";
  for (const char* name : {"kohya.safetensors", "differences.safetensors"}) {
    for (const WeightStorage keeping : {WeightStorage::stored, WeightStorage::streamed}) {
      const fs::path lora = folder / "lora.safetensors";
      fs::copy_file(kData / "lora" / name, lora, fs::copy_options::overwrite_existing);
      const ComponentSource source(kData / "layouts/transformer/plain.gguf", config);
      const WanTransformer transformer = load_transformer(source, kept(keeping), {{lora, 0.7}});
      const TextContext text = transformer.prepare_text(read_tensor(golden, "prompt_embeds"), {});
      const auto forward = [&] {
        return transformer.forward(read_tensor(golden, "latents"), read_tensor(golden, "timestep"), text);
      };
      const at::Tensor expected = forward();
      fs::resize_file(lora, 8);
      EXPECT_TRUE(at::equal(forward(), expected)) << name;
    }
  }
}

class TextKeepings : public testing::TestWithParam<const char*> {};

TEST_P(TextKeepings, EncodeTheSameFromTheFile) {
  const c10::InferenceMode inference;
  const fs::path tokenizer = kData / "text/tokenizers/plain";
  const ComponentSource source(kData / "layouts/text" / GetParam(), kData / "text/encoders/umt5");
  const at::Tensor expected =
      TextEncoder(source, tokenizer, kept(WeightStorage::stored)).encode("a red ball");
  const TextEncoder streamed(source, tokenizer, kept(WeightStorage::streamed));
  for (int use = 0; use < 2; ++use) EXPECT_TRUE(at::equal(streamed.encode("a red ball"), expected));
}

INSTANTIATE_TEST_SUITE_P(Files, TextKeepings,
                         testing::Values("original.safetensors", "comfy.safetensors", "umt5.gguf"),
                         [](const auto& info) {
                           return std::string(info.param).substr(0, std::string(info.param).find('.'));
                         });

}  // namespace
}  // namespace sora::wan
