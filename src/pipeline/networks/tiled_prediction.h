// A denoiser's prediction for latents of any size, tile by tile; Note [Tiles] in plan/geometry/tiles.h.
#pragma once

#include <ATen/ATen.h>

#include "models/networks/denoiser.h"
#include "plan/geometry/tiles.h"

namespace sora {

/// As denoiser.predict(latents, timestep, text), blended over tiles: latents [1, C, T, h, w] on the
/// device, timestep [1] or [1, L] on the CPU. Returns fp32 on the latents' device. `shifted` chooses the
/// second layout, used in every other step. A single tile that covers everything gives the plain prediction.
/// Beside the latents it needs memory for a few tiles.
at::Tensor predict_in_tiles(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& timestep,
                            const PreparedText& text, const Tiling& tiling, bool shifted);

}  // namespace sora
