// Decoding and encoding 81 frames of 832x480 with autoencoders of published sizes and random weights.
#include "measures.h"
#include "models/wan/networks/vae_networks.h"

namespace sora::gpu_check {
namespace {

struct Network {
  std::string name;
  wan::VaeConfig config;
};

std::vector<Network> networks(bool is_tiny) {
  wan::VaeConfig plain, residual;
  residual.base_dim = 160;
  residual.decoder_base_dim = 256;
  residual.z_dim = 48;
  residual.is_residual = true;
  residual.in_channels = residual.out_channels = 12;
  residual.patch_size = 2;
  residual.scale_factor_spatial = 16;
  residual.temperal_downsample = {false, true, true};
  if (is_tiny) {
    plain.base_dim = plain.decoder_base_dim = 8;
    residual.base_dim = residual.decoder_base_dim = 8;
  }
  return {{"Wan 2.1", plain}, {"Wan 2.2", residual}};
}

void measure(const Options& options, const Network& network) {
  const wan::VaeConfig& c = network.config;
  const std::int64_t frames = options.is_tiny ? 5 : 81, width = options.is_tiny ? 64 : 832,
                     height = options.is_tiny ? 32 : 480;
  const at::Device device = options.device;
  const Weights weights = random_weights(device, at::kFloat);
  const auto place = at::TensorOptions(device).dtype(at::kFloat);
  const auto report = [&](const char* what, const std::function<void()>& f) {
    reset_peak(device);
    const double first = seconds(device, f);
    const double time = options.is_tiny ? first : seconds(device, f);
    print_line({{"part", "autoencoders"},
                {"name", network.name + " " + what},
                {"seconds_first", first},
                {"seconds", time},
                {"frames", static_cast<double>(frames)},
                {"peak_bytes", peak_bytes(device)}});
  };
  {
    const wan::VaeDecoder decoder(weights, c);
    report("decode", [&] {
      nn::StreamState state;
      for (std::int64_t t = 0; t < (frames + 3) / 4; ++t) {
        (void)decoder(
            at::randn({1, height / c.scale_factor_spatial, width / c.scale_factor_spatial, c.z_dim}, place),
            state);
      }
    });
  }
  const wan::VaeEncoder encoder(weights, c);
  report("encode", [&] {
    nn::StreamState state;
    for (std::int64_t t = 0; t < (frames + 3) / 4; ++t) {
      (void)encoder(
          at::randn({t == 0 ? 1 : 4, height / c.patch_size, width / c.patch_size, c.in_channels}, place),
          state);
    }
  });
}

}  // namespace

void measure_autoencoders(const Options& options) {
  for (const Network& network : networks(options.is_tiny)) measure(options, network);
}

}  // namespace sora::gpu_check
