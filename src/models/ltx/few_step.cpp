#include "core/text.h"
#include "models/ltx/facts.h"

namespace sora::ltx {

// Only names show that a model is distilled: ltxv-13b-0.9.7-distilled, LTX-Video-0.9.7-distilled.
std::optional<NamedFewStep> find_few_step(const std::vector<std::filesystem::path>& paths) {
  for (const std::filesystem::path& path : paths) {
    const auto whole = path.has_filename() ? path : path.parent_path();  // "folder/"
    for (const std::string& name : {whole.filename().string(), whole.parent_path().filename().string()}) {
      if (ascii_lower(name).find("distilled") == std::string::npos) continue;
      NamedFewStep found;
      found.name = name;
      found.settings.steps = 8;
      found.settings.guidance = 1;
      found.settings.flow_shift = 1;
      // Of Lightricks' configs and of diffusers' documentation.
      found.settings.timesteps = {1000, 993, 987, 981, 975, 909, 725, 0.03};
      return found;
    }
  }
  return {};
}

}  // namespace sora::ltx
