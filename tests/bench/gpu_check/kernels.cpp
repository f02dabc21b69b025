// The fused kernels against their forms of ATen's operations, at the sizes of published models, and the time
// of both.
#include <vector>

#include "measures.h"
#include "models/wan/networks/transformer_ops.h"
#include "nn/cuda/launcher.h"
#include "nn/pixel_passes.h"

namespace sora::gpu_check {
namespace {

/// Runs `f` with the kernels, and with a launcher that has none.
void compare(const Options& options, const std::string& name, double bytes,
             const std::function<at::Tensor()>& f) {
  nn::cuda::Launcher none(
      at::kMeta, [] { return nn::cuda::Launcher::Tools(); }, nn::cuda::BinaryCache({}));
  at::Tensor plain;
  double plain_time = 0;
  {
    const nn::cuda::Launcher::Replaced replaced(none);
    plain = f();
    plain_time = best_seconds(options.device, 3, [&] { (void)f(); });
  }
  const at::Tensor fused = f();
  const double time = best_seconds(options.device, 3, [&] { (void)f(); });
  const double apart = relative_l2(fused, plain);
  const double limit = plain.scalar_type() == at::kFloat ? 1e-5 : 4e-3;
  print_line({{"part", "kernels"},
              {"name", name},
              {"apart", apart},
              {"limit", limit},
              {"ok", apart <= limit},
              {"seconds", time},
              {"seconds_aten", plain_time},
              {"gb_per_second", bytes / time / 1e9},
              {"on", nn::cuda::Launcher::instance().is_on()}});
}

void compare_transformer(const Options& options, at::ScalarType type, std::int64_t rows, std::int64_t heads) {
  const std::int64_t dim = heads * 128, groups = 3;
  const auto full = at::TensorOptions(options.device).dtype(at::kFloat);
  const at::Tensor x = at::randn({1, rows, dim}, full).to(type), y = at::randn({1, rows, dim}, full).to(type);
  const auto modulation = at::randn({1, groups, 6, dim}, full).unbind(2);
  const at::Tensor qkv = at::randn({1, rows, 3 * dim}, full).to(type), weight = at::randn({dim}, full);
  const at::Tensor angle = at::randn({rows, 1, 64}, full), table = at::complex(angle.cos(), angle.sin());
  const std::string text = std::string(type == at::kFloat ? " fp32 " : " bf16 ") + std::to_string(rows) +
                           "x" + std::to_string(dim);
  const double bytes = static_cast<double>(x.nbytes());
  compare(options, "norm and modulation" + text, 2 * bytes,
          [&] { return wan::modulated_norm(x, modulation[0], modulation[1], 1e-6); });
  compare(options, "norm and rotation" + text, 2 * bytes,
          [&] { return wan::norm_and_rotate(qkv.chunk(3, -1)[1], weight, 1e-6, heads, table); });
  at::Tensor sum = x.clone();
  compare(options, "gated residual" + text, 3 * bytes, [&] {
    sum.copy_(x);
    wan::add_gated(sum, y, modulation[2]);
    return sum.clone();
  });
}

void compare_pixels(const Options& options, std::int64_t height, std::int64_t width, std::int64_t channels) {
  const auto full = at::TensorOptions(options.device).dtype(at::kFloat);
  const at::Tensor x = at::randn({1, height, width, channels}, full), gamma = at::randn({channels}, full);
  const at::Tensor taps = at::randn({1, height, width, 3, channels}, full);
  const at::Tensor history = at::randn({2, height, width, channels}, full),
                   bias = at::randn({channels}, full);
  const std::string text =
      " " + std::to_string(width) + "x" + std::to_string(height) + "x" + std::to_string(channels);
  const double bytes = static_cast<double>(x.nbytes());
  compare(options, "norm of channels" + text, 2 * bytes,
          [&] { return nn::normalise_channels(x, gamma, true); });
  compare(options, "sum of taps" + text, 9 * bytes, [&] {
    nn::PixelEpilogue epilogue;
    epilogue.residual = x;
    epilogue.gamma = gamma;
    epilogue.silu = true;
    at::Tensor out = at::empty_like(x);
    const at::Tensor next = nn::sum_frames_of_stream(taps, bias, history, epilogue, out);
    return at::cat({out, next});
  });
}

}  // namespace

void check_kernels(const Options& options) {
  at::manual_seed(1);
  const std::int64_t tokens = options.is_tiny ? 30 : 32760;  // 832x480, 81 frames
  for (const at::ScalarType type : {at::kBFloat16, at::kFloat}) {
    for (const std::int64_t heads :
         options.is_tiny ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{12, 40})
      compare_transformer(options, type, tokens, heads);
  }
  for (const std::int64_t channels : {96, 192, 384}) {
    const std::int64_t scale = channels / 96;
    compare_pixels(options, options.is_tiny ? 6 : 480 / scale, options.is_tiny ? 10 : 832 / scale, channels);
  }
}

}  // namespace sora::gpu_check
