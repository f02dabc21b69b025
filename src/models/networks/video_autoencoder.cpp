#include "models/networks/video_autoencoder.h"

#include <vector>

namespace sora {

at::Tensor VideoAutoencoder::decode(const at::Tensor& latents) const {
  const auto stream = decoder();
  std::vector<at::Tensor> chunks;
  for (std::int64_t t = 0; t < latents.size(2); ++t) {
    if (at::Tensor chunk = stream->next(latents.narrow(2, t, 1)); chunk.defined()) chunks.push_back(chunk);
  }
  for (at::Tensor chunk = stream->finish(); chunk.defined(); chunk = stream->finish())
    chunks.push_back(chunk);
  return at::cat(chunks, 2);
}

at::Tensor VideoAutoencoder::encode(const at::Tensor& video) const {
  const auto stream = encoder();
  const std::int64_t chunk = encoder_chunk();
  std::vector<at::Tensor> latents{stream->next(video.narrow(2, 0, 1))};
  for (std::int64_t t = 1; t + chunk <= video.size(2); t += chunk)
    latents.push_back(stream->next(video.narrow(2, t, chunk)));
  return at::cat(latents, 2);
}

}  // namespace sora
