#include "pipeline/run/tensor_dump.h"

#include <map>
#include <string>

#include "weights/tensor_file.h"

namespace sora {

TensorDump::TensorDump(const Request& request) {
  if (request.dump_tensors) file_.emplace(*request.dump_tensors, request.overwrite);
}

void TensorDump::first_prediction(const at::Tensor& noise_pred) {
  if (file_ && !noise_pred_.defined()) noise_pred_ = noise_pred;
}

void TensorDump::latents(const at::Tensor& latents) {
  if (file_) latents_.push_back(latents.to(at::kCPU));
}

void TensorDump::frames(const at::Tensor& pixels) {
  if (file_) video_.push_back(pixels.to(at::kCPU));
}

void TensorDump::write(const Plan& plan, const Conditioning& text) {
  if (!file_) return;
  std::map<std::string, at::Tensor> tensors{
      {"prompt_embeds", text.prompts.front().embeds},
      {"noise_pred_0", noise_pred_},
      {"latents", at::cat(latents_, 2)},
      {"video", at::cat(video_, 0).narrow(0, 0, plan.timeline.model_frames)}};
  if (plan.sampling.guidance > 1) tensors["negative_prompt_embeds"] = text.negative.embeds;
  write_tensors(*file_, tensors);
}

}  // namespace sora
