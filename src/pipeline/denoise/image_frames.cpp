#include "pipeline/denoise/image_frames.h"

#include <utility>
#include <vector>

#include "media/read/video_reader.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "pipeline/inputs/image_condition.h"

namespace sora {
namespace {

RgbPicture read_picture(const std::string& path) {
  VideoFrame frame = read_image(path);
  return {frame.width, frame.height, std::move(frame.rgb)};
}

}  // namespace

bool takes_image_condition(const Model& model) {
  if (!model.denoiser) return false;
  return model.denoiser->in_channels() != model.denoiser->out_channels();
}

ImageFrames::ImageFrames(const Plan& plan, const Model& model, Conditioning& text)
    : plan_(plan), model_(model) {
  std::vector<RgbPicture> pictures{read_picture(*plan.request.image)};
  first_ = image_frame(plan, *plan.request.image);
  if (plan.request.last_image) {
    pictures.push_back(read_picture(*plan.request.last_image));
    last_ = image_frame(plan, *plan.request.last_image);
  }
  if (!model.image_encoder) return;
  const at::Tensor tokens = image_tokens(*model.image_encoder, pictures);
  const bool same = text.image_tokens.defined() && at::equal(text.image_tokens, tokens);
  if (!same) text = {};  // the texts were prepared together with the tokens of the old image
  text.image_tokens = tokens;
}

at::Tensor ImageFrames::condition(std::size_t window, const WindowConditioning& conditioning) const {
  const Window& here = plan_.timeline.windows[window];
  const at::Tensor begins = window == 0 ? first_ : conditioning.preceding_frames(here);
  const bool ends = window + 1 == plan_.timeline.windows.size();
  const bool known = model_.denoiser->condition_form() == ConditionForm::known_frames;
  return (known ? known_frames_condition : image_condition)(*model_.vae, begins, ends ? last_ : at::Tensor(),
                                                            here.count);
}

}  // namespace sora
