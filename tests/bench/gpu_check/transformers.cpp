// Forward passes of published sizes with random weights, over the time of their arithmetic.
#include <string>
#include <vector>

#include "measures.h"
#include "models/wan/networks/transformer.h"
#include "sampling/guidance.h"
#include "sampling/scheduler.h"

namespace sora::gpu_check {
namespace {

struct Network {
  std::string name;
  wan::TransformerConfig config;
  std::int64_t spatial = 8;  // of its autoencoder
};

wan::TransformerConfig config_of(std::int64_t heads, std::int64_t ffn, std::int64_t layers,
                                 std::int64_t channels) {
  wan::TransformerConfig config;
  config.num_attention_heads = heads;
  config.ffn_dim = ffn;
  config.num_layers = layers;
  config.in_channels = config.out_channels = channels;
  return config;
}

std::vector<Network> networks(bool is_tiny) {
  if (is_tiny) {
    wan::TransformerConfig config = config_of(2, 32, 2, 4);
    config.attention_head_dim = 12;
    config.text_dim = 16;
    config.freq_dim = 16;
    return {{"tiny", config, 8}};
  }
  return {{"Wan 1.3B", config_of(12, 8960, 30, 16), 8},
          {"Wan 5B", config_of(24, 14336, 30, 48), 16},
          {"Wan 14B", config_of(40, 13824, 40, 16), 8}};
}

struct Size {
  std::int64_t width, height, frames;
};

/// Multiplications and additions of a forward pass without what is computed once a prompt.
double operations(const wan::TransformerConfig& c, double tokens, double text) {
  const auto dim = static_cast<double>(c.dim()), ffn = static_cast<double>(c.ffn_dim);
  const double products = 2 * tokens * dim * (6 * dim + 2 * ffn);
  const double attention = 4 * tokens * dim * (tokens + text);
  const double ends =
      2 * tokens * dim * static_cast<double>((c.in_channels + c.out_channels) * c.patch_volume());
  return static_cast<double>(c.num_layers) * (products + attention) + ends;
}

/// Operations a second of one large product in bf16.
double product_rate(const Options& options) {
  const std::int64_t n = options.is_tiny ? 64 : 8192;
  const auto type = at::TensorOptions(options.device).dtype(at::kBFloat16);
  const at::Tensor a = at::randn({n, n}, type), b = at::randn({n, n}, type);
  const double time = best_seconds(options.device, 5, [&] { (void)at::mm(a, b); });
  const double cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  print_line({{"part", "transformers"}, {"name", "product"}, {"tflops", 2 * cube / time / 1e12}});
  return 2 * cube / time;
}

class Run {
 public:
  Run(const Options& options, const Network& network, const wan::WanTransformer& transformer,
      const Size& size)
      : options_(options), network_(network), transformer_(transformer), size_(size) {
    const auto bf16 = at::TensorOptions(options.device).dtype(at::kBFloat16);
    latents_ = at::randn({1, network.config.in_channels, (size.frames + 3) / 4, size.height / network.spatial,
                          size.width / network.spatial},
                         bf16);
    text_ = transformer.prepare_text(at::randn({1, 512, network.config.text_dim}, bf16));
  }

  void measure(double rate) {
    const at::Device device = options_.device;
    const auto forward = [this] { (void)transformer_.forward(latents_, timestep_, text_); };
    reset_peak(device);
    const double first = seconds(device, forward);
    const double peak = peak_bytes(device);
    const double time = seconds(device, forward);
    const double tokens = static_cast<double>(latents_.numel() / latents_.size(1) / 4);
    const double floor = operations(network_.config, tokens, 512) / rate;
    std::map<std::string, Value> line{
        {"part", "transformers"}, {"name", network_.name},      {"size", size_text()},
        {"tokens", tokens},       {"seconds_first", first},     {"seconds", time},
        {"floor", floor},         {"over_floor", time / floor}, {"peak_bytes", peak}};
    print_line(line);
    const Shares shares = shares_of(device, forward);
    const double known = shares.products + shares.attention;
    line["share_products"] = shares.products / time;
    line["share_attention"] = shares.attention / time;
    line["share_rest"] = 1 - known / time;
    if (size_.height < 720) line["waits_a_step"] = static_cast<double>(waits_of_a_step());
    line["name"] = network_.name + " shares";
    print_line(line);
  }

 private:
  std::string size_text() const {
    return std::to_string(size_.width) + "x" + std::to_string(size_.height) + "x" +
           std::to_string(size_.frames);
  }

  // A step as the program takes it: two predictions, guidance, the solver.
  std::int64_t waits_of_a_step() const {
    const auto scheduler = make_scheduler("unipc", flow_matching(), 4, 3);
    const at::Tensor latents = at::randn(latents_.sizes());
    return shares_of(options_.device,
                     [&] {
                       const at::Tensor input = latents.to(options_.device, at::kBFloat16);
                       const at::Tensor t =
                           at::full({1}, scheduler->timestep(0), at::kFloat).to(options_.device);
                       const at::Tensor flow = guided(transformer_.forward(input, t, text_),
                                                      transformer_.forward(input, t, text_), 4);
                       (void)scheduler->step(flow.to(at::kCPU), 0, latents);
                     })
        .waits;
  }

  const Options& options_;
  const Network& network_;
  const wan::WanTransformer& transformer_;
  Size size_;
  at::Tensor latents_, timestep_ = at::full({1}, 500.0, at::kFloat);
  wan::TextContext text_;
};

void measure(const Options& options, const Network& network, const Size& size, double rate) {
  const wan::WanTransformer transformer(random_weights(options.device, at::kBFloat16), network.config);
  Run(options, network, transformer, size).measure(rate);
}

}  // namespace

void measure_transformers(const Options& options) {
  const double start = seconds(options.device, [&] { (void)at::ones({1}, options.device); });
  print_line({{"part", "transformers"}, {"name", "start of the device"}, {"seconds", start}});
  const double rate = product_rate(options);
  std::vector<Size> sizes{{832, 480, 81}, {1280, 720, 81}};
  if (options.part != "transformers") sizes.pop_back();
  if (options.is_tiny) sizes = {{64, 32, 5}};
  for (const Size& size : sizes) {  // all networks at the small size before any at the large one
    for (const Network& network : networks(options.is_tiny)) measure(options, network, size, rate);
  }
}

void measure_small(const Options& options) {
  wan::TransformerConfig config = config_of(4, 1024, options.is_tiny ? 1 : 8, 16);
  config.attention_head_dim = options.is_tiny ? 12 : 64;
  config.text_dim = 256;
  if (options.is_tiny) config.ffn_dim = 64;
  measure(options, {"small", config, 8}, {64, 64, 17}, product_rate(options));
}

}  // namespace sora::gpu_check
