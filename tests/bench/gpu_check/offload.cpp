// A transformer whose weights stay in the host's memory (--offload stream) beside one whose weights are on
// the device.
#include <fstream>
#include <map>

#include "measures.h"
#include "models/wan/networks/transformer.h"
#include "weights/tensor_file.h"

namespace sora::gpu_check {
namespace {

/// Records the names and shapes of a network and writes random weights of them in bf16.
void write_checkpoint(const std::filesystem::path& folder, const wan::TransformerConfig& config) {
  auto recorder = std::make_shared<SchemaRecorder>(nullptr);
  (void)wan::WanTransformer(Weights(recorder), config);
  std::map<std::string, at::Tensor> tensors;
  for (const TensorSpec& spec : recorder->schema())
    tensors[spec.name] = at::empty(spec.shape, at::kBFloat16).fill_(0.01);
  std::filesystem::create_directories(folder);
  write_tensors(folder / "diffusion_pytorch_model.safetensors", tensors);
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  std::ofstream(folder / "config.json")
      << "{\"_class_name\": \"WanTransformer3DModel\", \"num_attention_heads\": "
      << number(config.num_attention_heads)
      << ", \"attention_head_dim\": " << number(config.attention_head_dim)
      << ", \"ffn_dim\": " << number(config.ffn_dim) << ", \"num_layers\": " << number(config.num_layers)
      << ", \"text_dim\": " << number(config.text_dim) << "}\n";
}

}  // namespace

void measure_offload(const Options& options) {
  wan::TransformerConfig config;  // 14B's width, 6 of its 40 layers: 4.4 GB
  config.num_layers = options.is_tiny ? 2 : 6;
  if (options.is_tiny) {
    config.num_attention_heads = 2;
    config.attention_head_dim = 12;
    config.ffn_dim = 32;
    config.text_dim = 16;
  }
  const std::filesystem::path folder = options.folder / "transformer";
  write_checkpoint(folder, config);
  Placement placement;
  placement.device = options.device;
  placement.dtype = is_cpu(options.device) ? at::kFloat : at::kBFloat16;
  for (const bool is_streamed : {false, true}) {
    placement.storage = is_streamed ? WeightStorage::streamed : WeightStorage::widened;
    placement.stream_from_host = is_streamed && !is_cpu(options.device);
    reset_peak(options.device);
    const auto network = wan::load_transformer(folder, placement);
    const auto text = network.prepare_text(at::randn({1, 512, config.text_dim}));
    const at::Tensor latents =
        options.is_tiny ? at::randn({1, 16, 2, 4, 8}) : at::randn({1, 16, 21, 60, 104});
    const auto forward = [&] { (void)network.forward(latents, at::full({1}, 500.0, at::kFloat), text); };
    const double time = best_seconds(options.device, 1, forward);
    print_line({{"part", "offload"},
                {"name", is_streamed ? "stream" : "none"},
                {"seconds", time},
                {"peak_bytes", peak_bytes(options.device)}});
  }
}

}  // namespace sora::gpu_check
