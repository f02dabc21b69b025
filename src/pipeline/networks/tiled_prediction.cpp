#include "pipeline/networks/tiled_prediction.h"

#include <algorithm>
#include <vector>

namespace sora {
namespace {

struct Place {
  const Tile* frames;
  const Tile* rows;
  const Tile* columns;
};

at::Tensor part_of(const at::Tensor& x, const Place& place, std::int64_t patch_rows,
                   std::int64_t patch_columns) {  // [.., T, h, w], a cell for each such patch
  return x.narrow(-3, place.frames->first, place.frames->count)
      .narrow(-2, place.rows->first / patch_rows, place.rows->count / patch_rows)
      .narrow(-1, place.columns->first / patch_columns, place.columns->count / patch_columns);
}

at::Tensor tensor_of(const std::vector<float>& values, at::IntArrayRef shape, at::Device device) {
  return at::tensor(values, at::kFloat).view(shape).to(device, at::kFloat, /*non_blocking=*/true);
}

}  // namespace

at::Tensor predict_in_tiles(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& timestep,
                            const PreparedText& text, const Tiling& tiling, bool shifted) {
  const auto patch = denoiser.patch_size();
  const std::int64_t T = latents.size(2), h = latents.size(3), w = latents.size(4);
  const auto frames = tiles_over(T, tiling.frames, patch[0], shifted);
  const auto rows = tiles_over(h, tiling.rows, patch[1], shifted);
  const auto columns = tiles_over(w, tiling.columns, patch[2], shifted);
  std::vector<Place> places;
  for (const Tile& f : frames) {
    for (const Tile& r : rows) {
      for (const Tile& c : columns) places.push_back({&f, &r, &c});
    }
  }
  const auto device = latents.device();
  if (places.size() == 1) return denoiser.predict(latents, timestep, text).to(device, at::kFloat);

  const bool per_token = timestep.dim() == 2;
  const at::Tensor times =
      per_token ? timestep.view({1, T / patch[0], h / patch[1], w / patch[2]}) : at::Tensor();
  const std::int64_t tokens =
      frames[0].count / patch[0] * (rows[0].count / patch[1]) * (columns[0].count / patch[2]);
  const std::int64_t at_once = std::max<std::int64_t>(1, tokens_at_once(latents.is_cpu()) / tokens);
  const auto texts = text.for_batch(at_once);
  at::Tensor blended =
      at::zeros({1, denoiser.out_channels(), T, h, w}, at::TensorOptions(at::kFloat).device(device));
  for (std::size_t first = 0; first < places.size(); first += static_cast<std::size_t>(at_once)) {
    const std::size_t last = std::min(places.size(), first + static_cast<std::size_t>(at_once));
    const auto batch = static_cast<std::int64_t>(last - first);
    std::vector<at::Tensor> inputs, steps;
    for (std::size_t i = first; i < last; ++i) {
      inputs.push_back(part_of(latents, places[i], 1, 1));
      if (per_token) steps.push_back(part_of(times, places[i], patch[1], patch[2]).flatten(1));
    }
    const at::Tensor predicted =
        denoiser
            .predict(at::cat(inputs), per_token ? at::cat(steps) : timestep.expand({batch}),
                     batch == at_once ? *texts : *text.for_batch(batch))
            .to(device, at::kFloat);  // [batch, C, t, h, w] of a tile
    for (std::int64_t i = 0; i < batch; ++i) {
      const Place& place = places[first + static_cast<std::size_t>(i)];
      const at::Tensor weights = tensor_of(place.frames->weights, {-1, 1, 1}, device) *
                                 tensor_of(place.rows->weights, {-1, 1}, device) *
                                 tensor_of(place.columns->weights, {-1}, device);  // [t, h, w]
      part_of(blended[0], place, 1, 1).addcmul_(predicted[i], weights);
    }
  }
  return blended;
}

}  // namespace sora
