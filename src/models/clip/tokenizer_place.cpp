#include "models/clip/tokenizer_place.h"

namespace fs = std::filesystem;

namespace sora::clip {

bool holds_clip_tokenizer(const fs::path& folder) {
  return fs::exists(folder / "tokenizer.json") ||
         (fs::exists(folder / "vocab.json") && fs::exists(folder / "merges.txt"));
}

}  // namespace sora::clip
