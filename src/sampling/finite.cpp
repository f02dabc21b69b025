#include "sampling/finite.h"

#include "sora/error.h"

namespace sora {

void check_finite(const at::Tensor& latents, int step, int steps) {
  const auto good = at::isfinite(latents).sum().item<std::int64_t>();
  if (good == latents.numel()) return;
  throw Error(
      ErrorKind::internal, "denoise",
      "step " + std::to_string(step + 1) + " of " + std::to_string(steps) + ": " +
          std::to_string(latents.numel() - good) + " of " + std::to_string(latents.numel()) +
          " latent values are NaN or infinite, expected numbers; try --dtype float32, a lower --guidance, "
          "or another --scheduler, and check that the weights are whole");
}

}  // namespace sora
