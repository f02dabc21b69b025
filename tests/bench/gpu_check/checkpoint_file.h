// Weight files of a network's own names and shapes, with weights that mean nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "checkpoint/schema.h"
#include "models/family.h"
#include "weights/weights.h"

namespace sora::gpu_check {

/// What the network that `build` makes asks for.
std::vector<TensorSpec> schema_of(const std::function<void(const Weights&)>& build);

/// Writes a safetensors file: matrices in bf16 or, `in_fp8`, as fp8 (E4M3); all else in bf16. Returns its
/// sizes as a plan counts them; `table` is a tensor that is read by rows.
NetworkSize write_checkpoint(const std::filesystem::path& path, const std::vector<TensorSpec>& schema,
                             bool in_fp8, const std::string& table = "");

}  // namespace sora::gpu_check
