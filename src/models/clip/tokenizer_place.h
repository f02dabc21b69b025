// Where the tokenizer of CLIP's text encoder is.
#pragma once

#include <filesystem>

namespace sora::clip {

/// Whether there is a tokenizer in `folder`: tokenizer.json, or vocab.json and merges.txt.
bool holds_clip_tokenizer(const std::filesystem::path& folder);

}  // namespace sora::clip
