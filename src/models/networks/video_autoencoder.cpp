#include "models/networks/video_autoencoder.h"

#include <utility>
#include <vector>

namespace sora {

void EncodedChunks::add(const at::Tensor& frames) {
  if (at::Tensor made = stream_->next(frames); made.defined()) made_.push_back(std::move(made));
}

at::Tensor EncodedChunks::all() {
  if (at::Tensor made = stream_->finish(); made.defined()) made_.push_back(std::move(made));
  return at::cat(made_, 2);
}

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
  EncodedChunks latents(*stream);
  latents.add(video.narrow(2, 0, 1));
  for (std::int64_t t = 1; t + chunk <= video.size(2); t += chunk) latents.add(video.narrow(2, t, chunk));
  return latents.all();
}

}  // namespace sora
