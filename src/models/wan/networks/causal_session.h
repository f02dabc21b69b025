// A Wan transformer that makes a video block by block: networks that were trained so (Self-Forcing,
// 2506.08009; CausVid, 2412.07772; LongLive, 2509.22622) have the weights of Wan 2.1 under the same names.
#pragma once

#include "models/networks/causal_session.h"
#include "models/wan/networks/key_value_cache.h"
#include "models/wan/networks/transformer.h"

namespace sora::wan {

class WanCausalSession final : public CausalSession {
 public:
  WanCausalSession(const WanTransformer& network, const CausalWindow& window, const at::TensorOptions& place);

  at::Tensor predict(const at::Tensor& latents, double timestep, const PreparedText& text) override;
  void commit(const at::Tensor& latents, double timestep, const PreparedText& text) override;
  void restart(std::int64_t first, std::int64_t valid) override;

 private:
  const WanTransformer& network_;
  KeyValueCache cache_;
};

}  // namespace sora::wan
