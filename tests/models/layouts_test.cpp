// All layouts of weights (scripts/goldens/layouts.py) give exactly the numbers that the same weights give in
// a diffusers folder.
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "checkpoint/safetensors.h"
#include "core/file.h"
#include "models/golden_transformer.h"
#include "models/t5/files.h"
#include "models/t5/networks/text_encoder.h"
#include "models/wan/components.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const fs::path kData = test_data();
const fs::path kLayouts = kData / "layouts";

struct TransformerCase {
  const char* file;
  const char* folder;    // of the config, and of the weights unless the file rounds them
  const char* expected;  // the rounded weights, or ""
};

void PrintTo(const TransformerCase& value, std::ostream* out) { *out << value.file; }

class TransformerLayouts : public testing::TestWithParam<TransformerCase> {};

TEST_P(TransformerLayouts, PredictWhatTheDiffusersFolderDoes) {
  const auto& [file, folder, expected] = GetParam();
  const fs::path reference = transformer_folder(folder);
  const WanTransformer found = load_transformer({kLayouts / "transformer" / file, reference}, {});
  const ComponentSource same = *expected == '\0'
                                   ? ComponentSource(reference)
                                   : ComponentSource(kLayouts / "transformer" / expected, reference);
  EXPECT_TRUE(at::equal(predict_golden(found, folder), predict_golden(load_transformer(same, {}), folder)));
}

// plain: original names; image, two_images: behind ComfyUI's prefixes; gguf: with 5 and with 4 dimensions of
// the patch embedding, and quantised.
INSTANTIATE_TEST_SUITE_P(
    Files, TransformerLayouts,
    testing::Values(TransformerCase{"plain.safetensors", "plain", ""},
                    TransformerCase{"image.safetensors", "image", ""},
                    TransformerCase{"two_images.safetensors", "two_images", ""},
                    TransformerCase{"plain.gguf", "plain", ""},
                    TransformerCase{"batch.gguf", "batch", "batch.expected.safetensors"},
                    TransformerCase{"fp8_plain.safetensors", "patches", "fp8_plain.expected.safetensors"},
                    TransformerCase{"fp8_comfy.safetensors", "patches", "fp8_comfy.expected.safetensors"},
                    TransformerCase{"fp8_other.safetensors", "patches", "fp8_other.expected.safetensors"}),
    [](const auto& info) {
      std::string name = info.param.file;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(TransformerShapes, TellTheConfigThatTheFolderHas) {
  for (const auto& [file, folder] :
       {std::pair("plain", "plain"), {"image", "image"}, {"two_images", "two_images"}}) {
    SCOPED_TRACE(file);
    const fs::path reference = transformer_folder(folder);
    const TransformerConfig known = read_transformer_config(reference / "config.json");
    const TransformerConfig found =
        open_transformer({kLayouts / "transformer" / (std::string(file) + ".safetensors"), reference}).config;
    EXPECT_EQ(found.patch_size, known.patch_size);
    EXPECT_EQ(found.num_attention_heads, known.num_attention_heads);
    EXPECT_EQ(found.in_channels, known.in_channels);
    EXPECT_EQ(found.out_channels, known.out_channels);
    EXPECT_EQ(found.text_dim, known.text_dim);
    EXPECT_EQ(found.freq_dim, known.freq_dim);
    EXPECT_EQ(found.ffn_dim, known.ffn_dim);
    EXPECT_EQ(found.num_layers, known.num_layers);
    EXPECT_EQ(found.cross_attn_norm, known.cross_attn_norm);
    EXPECT_EQ(found.image_dim, known.image_dim);
    EXPECT_EQ(found.added_kv_proj_dim, known.added_kv_proj_dim);
    EXPECT_EQ(found.pos_embed_seq_len, known.pos_embed_seq_len);
  }
}

TEST(TransformerShapes, GivePublishedHeadsWhereNothingElseDoes) {
  const TransformerConfig config = open_transformer(kLayouts / "original").config;
  EXPECT_EQ(config.attention_head_dim, 128);
  EXPECT_EQ(config.num_attention_heads, 1);
  const fs::path file = kLayouts / "transformer/plain.safetensors";  // 40 wide
  EXPECT_THAT([&] { (void)open_transformer(file); },
              ThrowsMessage<Error>(AllOf(HasSubstr("40 wide"), HasSubstr("published heads of 128"))));
}

class VaeLayouts : public testing::TestWithParam<const char*> {
 protected:
  VaeLayouts() { at::set_num_threads(1); }

 private:
  const c10::InferenceMode inference_;
};

TEST_P(VaeLayouts, DecodeAndEncodeWhatTheDiffusersFolderDoes) {
  const fs::path folder = kData / "vae" / GetParam();
  const auto known = load_vae(folder, {});
  const auto found = load_vae({kLayouts / "vae" / (std::string(GetParam()) + ".safetensors"), folder}, {});
  EXPECT_EQ(found->config().dim_mult, known->config().dim_mult);
  EXPECT_EQ(found->config().decoder_base_dim, known->config().decoder_base_dim);
  EXPECT_EQ(found->config().temperal_downsample, known->config().temperal_downsample);
  const at::Tensor latents = read_tensor(folder / "golden.safetensors", "latents");
  const at::Tensor video = read_tensor(folder / "golden.safetensors", "video");
  EXPECT_TRUE(at::equal(found->decode(latents), known->decode(latents)));
  EXPECT_TRUE(at::equal(found->encode(video), known->encode(video)));
}

// Of Wan 2.1: two resnets a stage, one; of 2.2.
INSTANTIATE_TEST_SUITE_P(Files, VaeLayouts,
                         testing::Values("plain", "plain_once", "residual", "residual_small"),
                         [](const auto& info) { return std::string(info.param); });

class TextLayouts : public testing::TestWithParam<const char*> {};

TEST_P(TextLayouts, EncodeWhatTheTransformersFolderDoes) {
  const fs::path folder = kData / "text/encoders/umt5", tokenizer = kData / "text/tokenizers/plain";
  const fs::path file = kLayouts / "text" / GetParam();
  const auto inside = tokenizer_beside(file);
  EXPECT_EQ(inside.has_value(), std::string(GetParam()) != "original.safetensors");
  const TextEncoder known(folder, tokenizer, {});
  const TextEncoder found(ComponentSource(file, folder), inside.value_or(tokenizer), {});
  for (const char* prompt : {"a lighthouse in a storm", "", "Ein Haus am See, 2 Boote"}) {
    EXPECT_TRUE(at::equal(found.encode(prompt), known.encode(prompt))) << prompt;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TextLayouts,
                         testing::Values("original.safetensors", "comfy.safetensors", "umt5.gguf"),
                         [](const auto& info) {
                           return std::string(info.param).substr(0, std::string(info.param).find('.'));
                         });

TEST(Layouts, AFileOfAnotherKindIsNamed) {
  EXPECT_THAT([] { (void)open_transformer(kLayouts / "vae/plain.safetensors"); },
              ThrowsMessage<Error>(HasSubstr("has a VAE, expected a Wan transformer")));
  EXPECT_THAT([] { (void)open_vae(kLayouts / "text/umt5.gguf"); },
              ThrowsMessage<Error>(HasSubstr("has a text encoder, expected a Wan VAE")));
}

// Scales of fp8 files: a number that is none would make every frame black.
TEST(Layouts, ScalesThatAreNoNumbersAreBadData) {
  const fs::path good = kLayouts / "transformer/fp8_comfy.safetensors";
  const SafetensorsFile file(good);
  const std::string scale = "blocks.0.self_attn.q.scale_weight";
  const std::uint64_t place = file.tensors().at(scale).begin;
  const TemporaryFolder folder;
  const fs::path bad = folder / "bad.safetensors";
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 0.0f, -1.0f}) {
    std::string bytes = read_text(good, "test");
    std::memcpy(bytes.data() + place, &value, sizeof value);
    std::ofstream(bad, std::ios::binary) << bytes;
    EXPECT_THAT([&] { (void)Checkpoint(bad); }, ThrowsMessage<Error>(HasSubstr(scale))) << value;
  }
}

}  // namespace
}  // namespace sora::wan
