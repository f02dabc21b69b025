// Few-step models: a Wan model, or a LoRA of one, that was distilled to make a video in a few steps and
// without guidance.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/family.h"

namespace sora::wan {

/// What a name says: the publishers of few-step models put the method, or the number of steps, into the names
/// of their files and folders ("lightx2v_T2V_14B_cfg_step_distill_v2_lora_rank64", "Wan2.2-Lightning",
/// "..-4steps-lora-rank64-Seko-V1.1/high_noise_model"); nothing else in the file tells.
std::optional<FewStep> few_step_by_name(const std::string& name);

/// The first path whose own name, or that of the folder it lies in, says so.
std::optional<NamedFewStep> find_few_step(const std::vector<std::filesystem::path>& paths);

}  // namespace sora::wan
