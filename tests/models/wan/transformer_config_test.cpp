#include "models/wan/transformer_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "sora/error.h"
#include "temporary_folder.h"

namespace sora::wan {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TransformerConfig read(const std::string& json) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "config.json";
  std::ofstream(path) << json;
  return read_transformer_config(path);
}

TEST(TransformerConfig, WhatIsAbsentOrNullTakesTheClassDefaults) {
  const TransformerConfig config = read(R"({"eps": null, "patch_size": null, "image_dim": null})");
  EXPECT_EQ(config.patch_size, (std::array<std::int64_t, 3>{1, 2, 2}));
  EXPECT_EQ(config.dim(), 5120);
  EXPECT_EQ(config.in_channels, 16);
  EXPECT_EQ(config.out_channels, 16);
  EXPECT_EQ(config.text_dim, 4096);
  EXPECT_EQ(config.freq_dim, 256);
  EXPECT_EQ(config.ffn_dim, 13824);
  EXPECT_EQ(config.num_layers, 40);
  EXPECT_TRUE(config.cross_attn_norm);
  EXPECT_EQ(config.eps, 1e-6);
  EXPECT_EQ(config.rope_max_seq_len, 1024);
  EXPECT_FALSE(config.image_dim || config.added_kv_proj_dim || config.pos_embed_seq_len);
}

TEST(TransformerConfig, ReadsWhatIsThere) {
  const TransformerConfig config = read(R"({
      "_class_name": "WanTransformer3DModel", "patch_size": [2, 4, 3], "num_attention_heads": 3,
      "attention_head_dim": 20, "in_channels": 36, "out_channels": 7, "text_dim": 9, "freq_dim": 10,
      "ffn_dim": 11, "num_layers": 12, "cross_attn_norm": false, "eps": 1e-05, "image_dim": 1280,
      "added_kv_proj_dim": 60, "rope_max_seq_len": 64, "pos_embed_seq_len": 514,
      "qk_norm": "rms_norm_across_heads", "window_size": [-1, -1]})");
  EXPECT_EQ(config.patch_size, (std::array<std::int64_t, 3>{2, 4, 3}));
  EXPECT_EQ(config.patch_volume(), 24);
  EXPECT_EQ(config.dim(), 60);
  EXPECT_EQ(config.in_channels, 36);
  EXPECT_EQ(config.out_channels, 7);
  EXPECT_EQ(config.text_dim, 9);
  EXPECT_EQ(config.freq_dim, 10);
  EXPECT_EQ(config.ffn_dim, 11);
  EXPECT_EQ(config.num_layers, 12);
  EXPECT_FALSE(config.cross_attn_norm);
  EXPECT_EQ(config.eps, 1e-5);
  EXPECT_EQ(config.image_dim, 1280);
  EXPECT_EQ(config.added_kv_proj_dim, 60);
  EXPECT_EQ(config.rope_max_seq_len, 64);
  EXPECT_EQ(config.pos_embed_seq_len, 514);
}

TEST(TransformerConfig, NullOutChannelsAreThoseThatGoIn) {
  EXPECT_EQ(read(R"({"in_channels": 48, "out_channels": null})").out_channels, 48);
  EXPECT_EQ(read(R"({"in_channels": 48})").out_channels, 16);
}

TEST(TransformerConfig, WildValuesAreErrorsThatNameTheKey) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"_class_name": "UNet2DModel"})", "_class_name is \"UNet2DModel\", expected WanTransformer3DModel"},
      {R"({"num_layers": "thirty"})", "num_layers is \"thirty\", expected an integer"},
      {R"({"num_layers": 0})", "num_layers is 0"},
      {R"({"num_layers": 1000000000})", "num_layers is 1000000000"},
      {R"({"num_attention_heads": -1})", "num_attention_heads is -1"},
      {R"({"num_attention_heads": 1000, "attention_head_dim": 1000})", "num_attention_heads is 1000"},
      {R"({"attention_head_dim": 33})", "attention_head_dim is 33, expected an even integer"},
      {R"({"patch_size": [1, 2]})", "patch_size is [1,2], expected three integers"},
      {R"({"patch_size": [1, 0, 2]})", "patch_size is [1,0,2]"},
      {R"({"freq_dim": 7})", "freq_dim is 7, expected an even integer"},
      {R"({"eps": -1})", "eps is -1"},
      {R"({"eps": "small"})", "eps is \"small\", expected a number"},
      {R"({"cross_attn_norm": 1})", "cross_attn_norm is 1, expected true or false"},
      {R"({"added_kv_proj_dim": 5120})", "image_dim is missing"},
      {R"({"image_dim": 1280, "added_kv_proj_dim": 1280})", "added_kv_proj_dim is 1280, expected 5120"},
      {R"({"pos_embed_seq_len": 514})", "image_dim is missing"},
      {R"({"image_dim": 9999999999})", "image_dim is 9999999999"},
      {R"({"in_channels": 1e3})", "in_channels is 1000.0"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_THAT([json = json] { read(json); }, ThrowsMessage<Error>(HasSubstr(message))) << json;
  }
}

}  // namespace
}  // namespace sora::wan
