#include "plan/watermark.h"

#include <cstdlib>
#include <string_view>

#include "watermark/embed.h"

namespace sora {
namespace {

// Why an output has no watermark; empty: it has one.
std::string obstacle(const Request& request, const Picture& picture, const Output& output) {
  if (request.no_watermark) return "by --no-watermark";
  const char* set = std::getenv("SORA_GEN_WATERMARK");
  if (set != nullptr && std::string_view(set) == "none") return "by SORA_GEN_WATERMARK";
  if (output.codec == "ffv1") return "ffv1 keeps the frames as they were made";
  if (request.init_noise || request.dump_tensors)
    return std::string(request.init_noise ? "--init-noise" : "--dump-tensors") + " is for comparisons";
  if (!WatermarkEmbedder::fits(picture.frame_width, picture.frame_height))
    return "pictures of less than 64 pixels are too small";
  return {};
}

}  // namespace

void plan_watermark(const Request& request, const Picture& picture, Output& output) {
  const std::string why = obstacle(request, picture, output);
  output.watermark = why.empty();
  if (!why.empty()) {
    output.watermark_text = "none: " + why;
    return;
  }
  output.watermark_text = "invisible, in the pixels";
  const bool keeps_clip = (request.verb == "extend" || request.verb == "connect" || request.verb == "loop") &&
                          request.input && !request.only_new;
  if (keeps_clip) output.watermark_text += " of the new frames; those of the input stay as they are";
}

}  // namespace sora
