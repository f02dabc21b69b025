// Tables that rename LTX-Video weights from Lightricks' own layout to our names, which are those of
// diffusers. The published single files (ltx-video-2b-v0.9*.safetensors) hold a transformer and an
// autoencoder.
#pragma once

#include <span>

#include "checkpoint/checkpoint.h"
#include "checkpoint/name_rules.h"
#include "models/model_parts.h"

namespace sora::ltx {

/// From original names of the transformer to ours; all can be reversed.
std::span<const NameRule> transformer_names();

/// Gives the tensors of a transformer in any known layout our names. Unknown names stay; check_schema()
/// reports them. Throws Error (data) if two tensors get the same name.
void name_transformer(Checkpoint& checkpoint);
void name_vae(Checkpoint& checkpoint);

/// The networks in a file, by the names of its tensors; all-in-one files have several.
struct Contents : NetworksInFile {
  bool makes_sound = false;  ///< LTX-2's networks, which are others
};
Contents contents_of(const Checkpoint& checkpoint);

}  // namespace sora::ltx
