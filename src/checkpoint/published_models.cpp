#include "checkpoint/published_models.h"

#include "core/text.h"

namespace sora {

const std::vector<PublishedModel>& published_models() {
  static const std::vector<PublishedModel> all{
      {"wan2.1-t2v-1.3b", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"},
      {"wan2.1-t2v-14b", "Wan-AI/Wan2.1-T2V-14B-Diffusers"},
      {"wan2.1-i2v-14b-480p", "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers"},
      {"wan2.1-i2v-14b-720p", "Wan-AI/Wan2.1-I2V-14B-720P-Diffusers"},
      {"wan2.1-flf2v-14b", "Wan-AI/Wan2.1-FLF2V-14B-720P-diffusers"},
      {"wan2.1-vace-1.3b", "Wan-AI/Wan2.1-VACE-1.3B-diffusers"},
      {"wan2.1-vace-14b", "Wan-AI/Wan2.1-VACE-14B-diffusers"},
      {"wan2.2-ti2v-5b", "Wan-AI/Wan2.2-TI2V-5B-Diffusers"},
      {"wan2.2-t2v-a14b", "Wan-AI/Wan2.2-T2V-A14B-Diffusers"},
      {"wan2.2-i2v-a14b", "Wan-AI/Wan2.2-I2V-A14B-Diffusers"},
      {"ltx-video-2b-0.9.5", "Lightricks/LTX-Video-0.9.5"},
      {"ltx-video-13b-0.9.7", "Lightricks/LTX-Video-0.9.7-dev"},
      {"ltx-video-13b-0.9.7-distilled", "Lightricks/LTX-Video-0.9.7-distilled"},
      {"ltx-video-13b-0.9.8-distilled", "Lightricks/LTX-Video-0.9.8-13B-distilled"},
  };
  return all;
}

const PublishedModel* published_model(const std::string& name) {
  const std::string wanted = ascii_lower(name);
  for (const PublishedModel& model : published_models()) {
    if (wanted == model.short_name || wanted == ascii_lower(model.folder()) ||
        wanted == ascii_lower(model.repository))
      return &model;
  }
  return nullptr;
}

}  // namespace sora
