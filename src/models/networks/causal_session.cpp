#include "models/networks/causal_session.h"

#include "sora/error.h"

namespace sora {

std::unique_ptr<CausalSession> Denoiser::begin_video(const CausalWindow&) const {
  throw Error(ErrorKind::internal, "transformer", "the network is not one that makes a video block by block");
}

}  // namespace sora
