#include "pipeline/inputs/input_facts.h"

#include "media/read/video_reader.h"
#include "pipeline/inputs/mask_frames.h"
#include "plan/verbs/verb.h"

namespace sora {

InputFacts read_input_facts(const std::filesystem::path& path) {
  const MediaFacts facts = read_facts(path);
  InputFacts result;
  result.width = facts.width;
  result.height = facts.height;
  result.fps = facts.fps;
  result.steady_rate = facts.fps > 0 && !facts.variable_frame_rate;
  result.duration = facts.duration;
  result.frames = facts.frames;
  result.is_image = facts.is_image;
  result.has_audio = facts.has_audio;
  result.audio_codec = facts.audio_codec;
  result.audio_kind = facts.audio_kind;
  result.codec = facts.codec;
  result.pix_fmt = facts.pix_fmt;
  result.turned = facts.rotation != 0 || facts.mirrored || facts.pixel_aspect != 1;
  const auto comment = facts.metadata.find("comment");
  if (comment != facts.metadata.end() && !comment->second.empty() && comment->second.front() == '{')
    result.parameters = comment->second;
  return result;
}

void use_own_probe() {
  set_probe(read_input_facts);
  set_mask_probe(read_mask_facts);
}

namespace {

[[maybe_unused]] const bool installed = (use_own_probe(), true);

}  // namespace
}  // namespace sora
