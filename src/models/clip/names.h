// The layouts of CLIP's image encoder, as tables that map their tensor names to ours, which are those of
// transformers (without the prefix `vision_model.`): open_clip's layout, and that of the Wan repository's
// copy.
#pragma once

#include "checkpoint/checkpoint.h"

namespace sora::clip {

/// Renames the tensors of an image encoder in any layout to our names; those of a text half are dropped.
/// Unknown names are kept. Throws Error (data) if two tensors get one name.
void name_image_encoder(Checkpoint& checkpoint);

/// Whether a tensor of that name, of any layout, belongs to an image encoder.
bool is_of_image_encoder(const std::string& name);

/// Whether only CLIP's text half needs the tensor of that name (ours).
bool is_left_over(const std::string& name);

}  // namespace sora::clip
