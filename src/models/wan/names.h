// Tables that rename Wan weights from the layout of the original repository to our names, which are those of
// diffusers. ComfyUI's single files and GGUF files have the original names, with or without a prefix. The
// tables are compared with diffusers' own conversion (scripts/goldens/layouts.py).
#pragma once

#include <span>
#include <string_view>

#include "checkpoint/checkpoint.h"
#include "checkpoint/name_rules.h"
#include "models/model_parts.h"

namespace sora::wan {

/// From original names of the transformer to ours; all can be reversed.
std::span<const NameRule> transformer_names();

/// Words in the names of modules that only the image-to-video models of Wan 2.1 have, in both layouts.
std::span<const std::string_view> image_modules();

/// Gives the tensors of a transformer in any known layout our names. Unknown names stay; check_schema()
/// reports them. Throws Error (data) if two tensors get the same name.
void name_transformer(Checkpoint& checkpoint);
void name_vae(Checkpoint& checkpoint);

using Contents = NetworksInFile;
Contents contents_of(const Checkpoint& checkpoint);

}  // namespace sora::wan
