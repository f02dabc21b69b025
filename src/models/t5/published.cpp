#include "models/t5/published.h"

namespace sora {

T5Config umt5_xxl() {
  T5Config config;
  config.vocab_size = 256384;
  config.d_model = 4096;
  config.d_kv = 64;
  config.d_ff = 10240;
  config.num_layers = 24;
  config.num_heads = 64;
  config.activation = T5Config::Activation::gelu_tanh;
  config.gated = true;
  return config;
}

T5Config t5_xxl() {
  T5Config config = umt5_xxl();
  config.vocab_size = 32128;
  config.shared_bias = true;
  return config;
}

}  // namespace sora
