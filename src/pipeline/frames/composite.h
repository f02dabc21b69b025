// edit: outside of the mask, the file has the pixels of the input. The new ones are laid over them, and the
// border is blended over a few pixels, which lie inside of the mask; around the input (--outpaint) there are
// none to blend with, and the pixels lie inside of its edge.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "media/write/video_writer.h"
#include "sora/plan.h"

namespace sora {

/// Takes frames of the plan's file, all new, and passes them on with the input's pixels where these are kept.
/// `plan` must outlive it. Throws Error: no_input, data, io.
std::unique_ptr<FrameWriter> with_input_outside(std::unique_ptr<FrameWriter> video, const Plan& plan);

/// The share of the new pixels: mask bytes [h, w] -> fp32 [h, w]; 0 where the mask is below 128, and from its
/// border on rising to 1 within `width` pixels, or within as many as it is thick.
at::Tensor new_share(const at::Tensor& mask, std::int64_t width);

}  // namespace sora
