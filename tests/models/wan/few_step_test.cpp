// Few-step models are recognised by the names that their publishers give them.
#include "models/wan/few_step.h"

#include <gtest/gtest.h>

namespace sora::wan {
namespace {

TEST(FewStep, NamesOfPublishedModelsAndLorasSayIt) {
  for (const char* name : {"lightx2v_T2V_14B_cfg_step_distill_v2_lora_rank64_bf16.safetensors",
                           "Wan21_I2V_14B_lightx2v_cfg_step_distill_lora_rank64.safetensors",
                           "Wan2.2-Lightning", "Wan2.2-T2V-A14B-4steps-lora-rank64-Seko-V1.1",
                           "wan2.2_t2v_lightx2v_4steps_lora_v1.1_high_noise.safetensors",
                           "Wan2.1-T2V-14B-StepDistill-CfgDistill", "Wan2.2-TI2V-5B-Turbo-Q4_K_M.gguf",
                           "wan_8-step.safetensors"}) {
    EXPECT_TRUE(few_step_by_name(name).has_value()) << name;
  }
  EXPECT_EQ(few_step_by_name("x-4steps-lora")->steps, 4);
  EXPECT_EQ(few_step_by_name("wan_8-step.safetensors")->steps, 8);
}

TEST(FewStep, NamesOfOthersDoNot) {
  for (const char* name : {"", "Wan2.1-T2V-14B-Diffusers", "wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors",
                           "default", "my-lora-epoch4-step400.safetensors",
                           "style_000001000_steps.safetensors", "lightning-strike-effect.safetensors",
                           "wan-14-steps.safetensors", "steps", "4", "footsteps.safetensors"}) {
    EXPECT_FALSE(few_step_by_name(name).has_value()) << name;
  }
}

TEST(FewStep, TheFolderThatAFileLiesInMaySayIt) {
  const auto found =
      find_few_step({"/loras/style.safetensors", "/loras/A14B-4steps-lora/high_noise_model.safetensors"});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "A14B-4steps-lora");
  EXPECT_FALSE(find_few_step({"/models/4steps/Wan2.1/transformer/"}).has_value())
      << "only the nearest folder";
}

}  // namespace
}  // namespace sora::wan
