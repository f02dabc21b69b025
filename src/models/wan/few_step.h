// Few-step models: Wan models, or LoRAs for them, that were distilled to make a video in a few steps without
// guidance.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/family.h"

namespace sora::wan {

/// The settings of a few-step model or LoRA, by its name; empty: it is none. Publishers put the method or the
/// number of steps into the names of files and folders ("lightx2v_T2V_14B_cfg_step_distill_v2_lora_rank64",
/// "Wan2.2-Lightning",
/// "..-4steps-lora-rank64-Seko-V1.1/high_noise_model"); nothing inside the file shows it.
std::optional<FewStep> few_step_by_name(const std::string& name);

/// FastWan (distribution matching distillation, github.com/hao-ai-lab/FastVideo): three noise levels of its
/// own, fresh noise in each step; `name` says which of its models it is.
FewStep fast_wan(const std::string& name);

/// The first path that is few-step by its own name or that of its folder.
std::optional<NamedFewStep> find_few_step(const std::vector<std::filesystem::path>& paths);

}  // namespace sora::wan
