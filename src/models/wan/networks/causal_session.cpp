#include "models/wan/networks/causal_session.h"

#include "sora/error.h"

namespace sora::wan {

WanCausalSession::WanCausalSession(const WanTransformer& network, const CausalWindow& window,
                                   const at::TensorOptions& place)
    : network_(network), cache_(window, network.config(), place) {}

at::Tensor WanCausalSession::predict(const at::Tensor& latents, double timestep, const PreparedText& text) {
  const auto* own = dynamic_cast<const TextContext*>(&text);
  if (own == nullptr)
    throw Error(ErrorKind::internal, "transformer", "the text was prepared by another family");
  return network_.forward(latents, at::full({1}, timestep, at::kFloat), *own, nullptr, &cache_);
}

// The pass that writes keys and values is like any other; the next pass begins after its frames.
void WanCausalSession::commit(const at::Tensor& latents, double timestep, const PreparedText& text) {
  (void)predict(latents, timestep, text);
  cache_.commit();
}

void WanCausalSession::restart(std::int64_t first, std::int64_t valid) { cache_.restart(first, valid); }

std::unique_ptr<CausalSession> WanTransformer::begin_video(const CausalWindow& window) const {
  if (config_.patch_size[0] != 1 || config_.image_dim || config_.target_time)
    throw Error(ErrorKind::internal, "transformer",
                "a causal network with patches in time, of images, or with a target time");
  return std::make_unique<WanCausalSession>(*this, window, scale_shift_table_.options().dtype(dtype()));
}

}  // namespace sora::wan
