// Tables that rename CLIP's image encoder from the layouts of open_clip and of the Wan repository's copy of
// it to our names, which are those of transformers without the prefix `vision_model.`.
#pragma once

#include "checkpoint/checkpoint.h"

namespace sora::clip {

/// Gives the tensors of an image encoder in any known layout our names. Unknown names stay. Throws Error
/// (data) if two tensors get the same name.
void name_image_encoder(Checkpoint& checkpoint);

/// The same for a text encoder, alone or within a whole CLIP in the layout of transformers: other parts are
/// dropped.
void name_text_encoder(Checkpoint& checkpoint);

/// Whether a tensor with this name, in any known layout, belongs to an image encoder.
bool is_of_image_encoder(const std::string& name);

/// Whether a tensor with this name (ours) is not used here, only by the rest of CLIP.
bool is_unused(const std::string& name);

}  // namespace sora::clip
