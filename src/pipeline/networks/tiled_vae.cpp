#include "pipeline/networks/tiled_vae.h"

#include <utility>
#include <vector>

#include "sora/error.h"

namespace sora {
namespace {

constexpr std::int64_t kMostOnDevice = std::int64_t{2}
                                       << 30;  // bytes of a decoded clip; larger: in the host's memory

[[noreturn]] void too_few_frames() {
  throw Error(ErrorKind::internal, "vae", "the decoder gave fewer frames than its latents have");
}

at::Tensor weights_of(const Tile& rows, const Tile& columns, at::Device device) {  // [h, w]
  return (at::tensor(rows.weights, at::kFloat).view({-1, 1}) * at::tensor(columns.weights, at::kFloat))
      .to(device);
}

}  // namespace

at::Tensor encode_parts(const VideoAutoencoder& vae, const FrameParts& parts, std::int64_t frames,
                        std::int64_t height, std::int64_t width, const VaeTiling& tiling) {
  const std::int64_t scale = vae.spatial_scale();
  const auto rows = tiles_over(height / scale, tiling ? tiling->rows : TileAxis{height, 0}, 1, false);
  const auto columns = tiles_over(width / scale, tiling ? tiling->columns : TileAxis{width, 0}, 1, false);
  at::Tensor latents;  // [1, C, t, h, w]
  for (const Tile& r : rows) {
    for (const Tile& c : columns) {
      const auto stream = vae.encoder();
      EncodedChunks made(*stream);
      FramePart part{0, 1, r.first * scale, r.count * scale, c.first * scale, c.count * scale};
      for (; part.first + part.count <= frames; part.first += part.count, part.count = vae.encoder_chunk())
        made.add(parts(part));
      at::Tensor tile = made.all();  // [1, C, t, h, w] of the tile
      if (rows.size() * columns.size() == 1) return tile;
      if (!latents.defined())
        latents = at::zeros({1, tile.size(1), tile.size(2), height / scale, width / scale}, tile.options());
      latents.narrow(3, r.first, r.count)
          .narrow(4, c.first, c.count)
          .addcmul_(tile, weights_of(r, c, tile.device()));
    }
  }
  return latents;
}

at::Tensor encode_in_tiles(const VideoAutoencoder& vae, const at::Tensor& video, const VaeTiling& tiling) {
  return encode_parts(
      vae,
      [&](const FramePart& part) {
        return video.narrow(2, part.first, part.count)
            .narrow(3, part.top, part.height)
            .narrow(4, part.left, part.width);
      },
      video.size(2), video.size(3), video.size(4), tiling);
}

ClipDecoder::ClipDecoder(const VideoAutoencoder& vae, at::Tensor latents, const VaeTiling& tiling)
    : vae_(vae), latents_(std::move(latents)), tiling_(tiling), stream_(vae.decoder()) {}

void ClipDecoder::decode_all() {
  const std::int64_t scale = vae_.spatial_scale(), T = latents_.size(2);
  const std::int64_t h = latents_.size(3), w = latents_.size(4);
  const std::vector<std::int64_t> shape{1, 3, 1 + (T - 1) * vae_.temporal_scale(), h * scale, w * scale};
  for (const Tile& r : tiles_over(h, tiling_->rows, 1, false, scale)) {
    for (const Tile& c : tiles_over(w, tiling_->columns, 1, false, scale)) {
      const at::Tensor part = latents_.narrow(3, r.first, r.count).narrow(4, c.first, c.count);
      at::Tensor weights;
      const auto stream = vae_.decoder();
      std::int64_t frame = 0;
      for (std::int64_t t = 0; frame < shape[2]; ++t) {
        at::Tensor chunk = t < T ? stream->next(part.narrow(2, t, 1)) : stream->finish();  // [1, 3, n, H, W]
        if (!chunk.defined() && t >= T) too_few_frames();
        if (!chunk.defined()) continue;
        if (!decoded_.defined()) {
          const bool fits = c10::multiply_integers(shape) * 2 <= kMostOnDevice;
          decoded_ = at::zeros(shape, at::TensorOptions(fits ? chunk.device() : at::kCPU).dtype(at::kHalf));
        }
        chunk = chunk.to(decoded_.device());
        if (!weights.defined()) weights = weights_of(r, c, chunk.device());
        const at::Tensor there = decoded_.narrow(3, r.first * scale, r.count * scale)
                                     .narrow(4, c.first * scale, c.count * scale)
                                     .narrow(2, frame, chunk.size(2));
        there.copy_(chunk.mul(weights).add_(there));
        frame += chunk.size(2);
      }
    }
  }
}

// The next `count` frames, for which a decoder that looks ahead needs several latent frames.
at::Tensor ClipDecoder::decoded_frames(std::int64_t count) {
  while (!ahead_.defined() || ahead_.size(2) < count) {
    const bool more = fed_ < latents_.size(2);
    const at::Tensor chunk = more ? stream_->next(latents_.narrow(2, fed_++, 1)) : stream_->finish();
    if (!chunk.defined()) {
      if (!more) too_few_frames();
      continue;
    }
    ahead_ = ahead_.defined() ? at::cat({ahead_, chunk}, 2) : chunk;
  }
  const at::Tensor frames = ahead_.narrow(2, 0, count);
  const std::int64_t left = ahead_.size(2) - count;
  ahead_ = left > 0 ? ahead_.narrow(2, count, left).clone() : at::Tensor();
  return frames;
}

void ClipDecoder::go_on(const at::Tensor& latents) {
  if (tiling_) throw Error(ErrorKind::internal, "vae", "a clip is continued that is decoded in tiles");
  latents_ =
      fed_ < latents_.size(2)
          ? at::cat({latents_.narrow(2, fed_, latents_.size(2) - fed_), latents.to(latents_.device())}, 2)
          : latents;
  fed_ = 0;
}

at::Tensor ClipDecoder::next() {
  const std::int64_t t = next_++;
  const std::int64_t scale = vae_.temporal_scale();
  if (!tiling_) return decoded_frames(t == 0 ? 1 : scale);
  if (!decoded_.defined()) decode_all();
  return decoded_.narrow(2, t == 0 ? 0 : 1 + (t - 1) * scale, t == 0 ? 1 : scale).to(at::kFloat);
}

}  // namespace sora
