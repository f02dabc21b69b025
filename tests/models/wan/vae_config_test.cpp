#include "models/wan/vae_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "sora/error.h"
#include "temporary_folder.h"

namespace sora::wan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

VaeConfig read(const std::string& json) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "config.json";
  std::ofstream(path) << json;
  return read_vae_config(path);
}

TEST(VaeConfig, WhatIsAbsentOrNullTakesTheClassDefaults) {
  const VaeConfig config = read(R"({"patch_size": null, "decoder_base_dim": null})");
  EXPECT_EQ(config.base_dim, 96);
  EXPECT_EQ(config.decoder_base_dim, 96);
  EXPECT_EQ(config.z_dim, 16);
  EXPECT_THAT(config.dim_mult, ElementsAre(1, 2, 4, 4));
  EXPECT_EQ(config.num_res_blocks, 2);
  EXPECT_THAT(config.temperal_downsample, ElementsAre(false, true, true));
  EXPECT_FALSE(config.is_residual);
  EXPECT_EQ(config.in_channels, 3);
  EXPECT_EQ(config.out_channels, 3);
  EXPECT_EQ(config.patch_size, 1);
  EXPECT_EQ(config.scale_factor_temporal, 4);
  EXPECT_EQ(config.scale_factor_spatial, 8);
  EXPECT_EQ(config.latents_mean.front(), -0.7571);
  EXPECT_EQ(config.latents_std.back(), 1.9160);
}

TEST(VaeConfig, ReadsWhatIsThere) {
  const VaeConfig config = read(R"({
      "_class_name": "AutoencoderKLWan", "base_dim": 160, "decoder_base_dim": 256, "z_dim": 2,
      "dim_mult": [1, 2, 4, 4], "num_res_blocks": 3, "temperal_downsample": [true, false, true],
      "attn_scales": [], "is_residual": true, "in_channels": 12, "out_channels": 12, "patch_size": 2,
      "scale_factor_temporal": 4, "scale_factor_spatial": 16, "latents_mean": [0.5, 1],
      "latents_std": [2, 0.25], "clip_output": false, "dropout": 0.0})");
  EXPECT_EQ(config.base_dim, 160);
  EXPECT_EQ(config.decoder_base_dim, 256);
  EXPECT_EQ(config.num_res_blocks, 3);
  EXPECT_THAT(config.temperal_downsample, ElementsAre(true, false, true));
  EXPECT_TRUE(config.is_residual);
  EXPECT_EQ(config.in_channels, 12);
  EXPECT_EQ(config.patch_size, 2);
  EXPECT_EQ(config.scale_factor_spatial, 16);
  EXPECT_THAT(config.latents_mean, ElementsAre(0.5, 1));
  EXPECT_THAT(config.latents_std, ElementsAre(2, 0.25));
}

TEST(VaeConfig, WildValuesAreErrorsThatNameTheKey) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"_class_name": "AutoencoderKL"})", "_class_name is \"AutoencoderKL\", expected AutoencoderKLWan"},
      {R"({"base_dim": "wide"})", "base_dim is \"wide\", expected an integer"},
      {R"({"base_dim": 0})", "base_dim is 0"},
      {R"({"z_dim": 1000000})", "z_dim is 1000000"},
      {R"({"dim_mult": []})", "dim_mult is []"},
      {R"({"dim_mult": [1, 0, 1, 1]})", "dim_mult is [1,0,1,1]"},
      {R"({"dim_mult": [1, 2]})", "temperal_downsample is missing, expected 1 of true and false"},
      {R"({"temperal_downsample": [true, true, true]})", "at most two of them true"},
      {R"({"num_res_blocks": 0})", "num_res_blocks is 0"},
      {R"({"attn_scales": [0.5]})", "attn_scales is [0.5], expected an empty list"},
      {R"({"patch_size": 2})", "in_channels is missing, expected 12"},
      {R"({"out_channels": 4})", "out_channels is 4, expected 3"},
      {R"({"scale_factor_spatial": 16})", "scale_factor_spatial is 16, expected 8"},
      {R"({"scale_factor_temporal": 2})", "scale_factor_temporal is 2, expected 4"},
      {R"({"latents_mean": [1]})", "latents_mean is [1], expected 16 numbers"},
      {R"({"z_dim": 1, "latents_mean": [1], "latents_std": [0]})", "latents_std is [0], expected 1 positive"},
      {R"({"is_residual": true, "dim_mult": [1, 3, 3, 3]})",
       "dim_mult is [1,3,3,3], expected stages that grow"},
      {R"({"is_residual": true, "dim_mult": [1, 1, 1, 2]})",
       "dim_mult is [1,1,1,2], expected stages that grow"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_THAT([json = json] { read(json); }, ThrowsMessage<Error>(HasSubstr(message))) << json;
  }
}

}  // namespace
}  // namespace sora::wan
