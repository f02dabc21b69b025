// LTX-Video in the published single files, with Lightricks' own names, which diffusers converts to its own
// (scripts/goldens/ltx.py).
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "checkpoint/checkpoint.h"
#include "core/file.h"
#include "models/family.h"
#include "models/ltx/components.h"
#include "models/ltx/golden_ltx.h"
#include "models/networks/family_networks.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora::ltx {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using Tensors = std::map<std::string, at::Tensor>;

Tensors originals(const std::string& model, const std::string& component) {
  const auto names = nlohmann::json::parse(read_text(model_folder(model) / "original_names.json", "test"));
  const fs::path file = model_folder(model) / component / "diffusion_pytorch_model.safetensors";
  Tensors tensors;
  for (const auto& [name, original] : names[component].items())
    tensors[original.get<std::string>()] = read_tensor(file, name);
  return tensors;
}

// A folder as people have it: the published file, a text encoder and its tokenizer.
void write_single_files(const std::string& model, const fs::path& folder) {
  Tensors all = originals(model, "transformer");
  all.merge(originals(model, "vae"));
  // Statistics that nothing uses.
  all["vae.per_channel_statistics.channel"] = at::zeros({1});
  all["vae.per_channel_statistics.mean-of-stds"] = at::zeros({1});
  write_tensors(folder / "ltx-video-2b-v0.9.5.safetensors", all);
  fs::copy_file(model_folder(model) / "text_encoder/model.safetensors", folder / "t5xxl_fp16.safetensors");
  fs::copy_file(model_folder(model) / "tokenizer/spiece.model", folder / "spiece.model");
  fs::copy_file(model_folder(model) / "tokenizer/tokenizer_config.json", folder / "tokenizer_config.json");
}

class LtxSingleFile : public testing::TestWithParam<const char*> {};

// The layers are seen in the shapes, for each version of the autoencoder.
TEST_P(LtxSingleFile, AutoencoderDecodesAndEncodesAsFromTheFolder) {
  const c10::InferenceMode inference;
  at::set_num_threads(1);
  const TemporaryFolder work;
  write_tensors(work / "vae.safetensors", originals(GetParam(), "vae"));
  const VaeConfig config = open_vae(ComponentSource(work / "vae.safetensors")).config;
  EXPECT_EQ(config.timestep_conditioning, std::string(GetParam()) != "v090");
  EXPECT_EQ(config.spatial_scale, 32);
  EXPECT_EQ(config.temporal_scale, 8);
  ModelFolder folder;
  folder.elsewhere["vae"] = ComponentSource(work / "vae.safetensors");
  const auto vae = networks_of(family_named("LTX-Video")).load_autoencoder(folder, {});
  EXPECT_LE(relative_l2(seen_pixels(vae->decode(golden(GetParam(), "clip_latents"))),
                        golden(GetParam(), "clip_decoded")),
            1e-5);
  EXPECT_LE(relative_l2(vae->encode(golden(GetParam(), "video")), golden(GetParam(), "encoded")), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Models, LtxSingleFile, testing::Values("v090", "v091", "v095"),
                         [](const auto& info) { return std::string(info.param); });

TEST(LtxSingleFiles, AreRecognisedInAFolder) {
  const c10::InferenceMode inference;
  at::set_num_threads(1);
  const TemporaryFolder work;
  write_single_files("v095", work.path());
  const ModelFacts facts = read_model(work.path());
  EXPECT_EQ(facts.family->name(), "LTX-Video");
  EXPECT_EQ(facts.latent_channels, 9);
  EXPECT_EQ(facts.text_rows, 256);
  EXPECT_EQ(facts.scheduler, "euler");
  EXPECT_EQ(facts.folder.pipeline, "LTXConditionPipeline");  // as the autoencoder is of 0.9.5
  EXPECT_FALSE(facts.flow_shift_of_tokens);
  EXPECT_EQ(facts.flow_shift, 1);
  ASSERT_TRUE(facts.timesteps_of_steps);
  EXPECT_THAT(facts.timesteps_of_steps(2), testing::ElementsAre(1000, testing::DoubleNear(975, 1e-9)));

  // LTXPipeline's positions, as those of the golden.
  ModelFolder folder = facts.folder;
  folder.pipeline = "LTXPipeline";
  const auto denoiser = networks_of(*facts.family).load_denoiser(folder, "transformer", {}, /*loras=*/{});
  denoiser->set_frame_rate(golden("v095", "fps").item<double>());
  const auto text = denoiser->prepare(golden("v095", "prompt_embeds"), {});
  EXPECT_LE(relative_l2(denoiser->predict(golden("v095", "latents"), golden("v095", "timestep"), *text),
                        golden("v095", "sample")),
            1e-5);
}

TEST(LtxSingleFiles, AreAWholeModelWithoutAFolder) {
  const TemporaryFolder work;
  write_single_files("v095", work.path());
  Replacements files{{"transformer", work / "ltx-video-2b-v0.9.5.safetensors"}};
  EXPECT_FALSE(is_whole_model(files));
  files["text_encoder"] = work / "t5xxl_fp16.safetensors";
  EXPECT_TRUE(is_whole_model(files));
  EXPECT_EQ(read_model({}, files).family->name(), "LTX-Video");
  // Without an autoencoder in it, that has to be given too.
  write_tensors(work / "ltx-video-2b-v0.9.5.safetensors", originals("v095", "transformer"));
  EXPECT_FALSE(is_whole_model(files));
}

TEST(LtxSingleFiles, WhatIsMissingIsNamed) {
  const TemporaryFolder work;
  write_single_files("v095", work.path());
  fs::remove(work / "t5xxl_fp16.safetensors");
  EXPECT_THAT([&] { (void)read_model(work.path()); },
              ThrowsMessage<Error>(HasSubstr("has no text_encoder; add its .safetensors or .gguf file, or "
                                             "give it with --text-encoder FILE")));
}

TEST(LtxSingleFiles, TheirNamesShowWhichAreDistilled) {
  const Family& family = family_named("LTX-Video");
  EXPECT_FALSE(family.find_few_step({"models/ltx-video-2b-v0.9.5.safetensors"}));
  for (const char* path : {"ltxv-13b-0.9.7-distilled.safetensors", "LTX-Video-0.9.7-Distilled/transformer"}) {
    const auto found = family.find_few_step({path});
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->settings.steps, 8);
    EXPECT_EQ(found->settings.timesteps.size(), 8u);
    EXPECT_EQ(found->settings.guidance, 1);
  }
}

}  // namespace
}  // namespace sora::ltx
