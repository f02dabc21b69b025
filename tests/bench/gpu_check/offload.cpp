// Every value of --offload from the files to the first step, and the peak of the device's memory against the
// plan's: text encoder, two forward passes of a step with guidance, and a few decoded frames, in the order in
// which the program has them in memory.
#include <algorithm>
#include <fstream>
#include <memory>
#include <string>

#include "checkpoint_file.h"
#include "measures.h"
#include "models/t5/files.h"
#include "models/t5/schema.h"
#include "models/t5/networks/encoder.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae_networks.h"
#include "models/wan/vae_memory.h"
#include "plan/machine/memory_estimate.h"
#include "sampling/guidance.h"
#include "sampling/scheduler.h"

namespace sora::gpu_check {
namespace {

// 14B's width with 6 of its 40 layers, UMT5-XXL's with 2 of its 24 and an eighth of its vocabulary.
struct Shape {
  wan::TransformerConfig transformer;
  wan::VaeConfig vae;
  T5Config text;
  std::int64_t width = 832, height = 480, latent_frames = 21, prompt = 512;
};

Shape shape_of(bool is_tiny) {
  Shape shape;
  shape.transformer.num_layers = 6;
  shape.text.vocab_size = 32000;
  shape.text.d_model = 4096;
  shape.text.d_kv = 64;
  shape.text.d_ff = 10240;
  shape.text.num_layers = 2;
  shape.text.num_heads = 64;
  shape.text.gated = true;
  if (!is_tiny) return shape;
  shape.transformer.num_layers = 4;
  shape.transformer.num_attention_heads = 4;
  shape.transformer.attention_head_dim = 64;
  shape.transformer.ffn_dim = 1024;
  shape.transformer.text_dim = 256;
  shape.vae.base_dim = shape.vae.decoder_base_dim = 16;
  shape.text.vocab_size = 1000;
  shape.text.d_model = 256;
  shape.text.d_ff = 512;
  shape.text.num_heads = 4;
  shape.width = 96;
  shape.height = 64;
  shape.latent_frames = 2;
  return shape;
}

std::string number(std::int64_t value) { return std::to_string(value); }

void write_transformer_config(const std::filesystem::path& folder, const wan::TransformerConfig& config) {
  std::ofstream(folder / "config.json")
      << "{\"_class_name\": \"WanTransformer3DModel\", \"num_attention_heads\": "
      << number(config.num_attention_heads)
      << ", \"attention_head_dim\": " << number(config.attention_head_dim)
      << ", \"ffn_dim\": " << number(config.ffn_dim) << ", \"num_layers\": " << number(config.num_layers)
      << ", \"text_dim\": " << number(config.text_dim) << "}\n";
}

void write_text_config(const std::filesystem::path& folder, const T5Config& config) {
  std::ofstream(folder / "config.json")
      << "{\"model_type\": \"umt5\", \"vocab_size\": " << number(config.vocab_size)
      << ", \"d_model\": " << number(config.d_model) << ", \"d_kv\": " << number(config.d_kv)
      << ", \"d_ff\": " << number(config.d_ff) << ", \"num_layers\": " << number(config.num_layers)
      << ", \"num_heads\": " << number(config.num_heads)
      << ", \"feed_forward_proj\": \"gated-gelu\", \"dense_act_fn\": \"gelu_new\"}\n";
}

/// What the plan would know of this model, and the plan of a run of it.
struct Planned {
  ModelFacts facts;
  Plan plan;
};

Planned planned(const Options& options, const Shape& shape) {
  Planned made;
  ModelFacts& facts = made.facts;
  facts.transformer = write_checkpoint(
      options.folder / "transformer/diffusion_pytorch_model.safetensors",
      schema_of([&](const Weights& w) { (void)wan::WanTransformer(w, shape.transformer); }), true);
  write_transformer_config(options.folder / "transformer", shape.transformer);
  facts.text_encoder =
      write_checkpoint(options.folder / "text_encoder/model.safetensors",
                       schema_of([&](const Weights& w) { (void)T5Encoder(w, shape.text, at::kFloat); }),
                       false, "shared.weight");
  write_text_config(options.folder / "text_encoder", shape.text);
  for (const TensorSpec& spec : schema_of([&](const Weights& w) { (void)wan::VaeDecoder(w, shape.vae); })) {
    std::uint64_t elements = 1;
    for (const std::int64_t side : spec.shape) elements *= static_cast<std::uint64_t>(side);
    facts.vae.parameters += elements;
  }
  facts.transformer.largest =
      std::max(facts.transformer.largest,
               static_cast<std::uint64_t>(3 * shape.transformer.dim() * shape.transformer.dim()));
  facts.text_dim = shape.text.d_model;
  facts.layers = shape.transformer.num_layers;
  facts.ffn_dim = shape.transformer.ffn_dim;
  facts.transformer_dim = shape.transformer.dim();
  facts.decoder_bytes = [vae = shape.vae](std::int64_t height, std::int64_t width, bool on_cpu) {
    return wan::decoder_bytes(vae, height, width, on_cpu);
  };
  Plan& plan = made.plan;
  plan.machine.device = is_cpu(options.device) ? "cpu" : "cuda:0";
  plan.machine.dtype = is_cpu(options.device) ? "float32" : "bfloat16";
  plan.sampling.guidance = 5;
  plan.model.text_rows = static_cast<int>(shape.prompt);
  Picture& picture = plan.picture;
  picture.width = picture.crop_width = picture.frame_width = picture.model_width =
      static_cast<int>(shape.width);
  picture.height = picture.crop_height = picture.frame_height = picture.model_height =
      static_cast<int>(shape.height);
  picture.latent_width = static_cast<int>(shape.width / 8);
  picture.latent_height = static_cast<int>(shape.height / 8);
  picture.latent_channels = 16;
  Window window;
  window.count = static_cast<int>(shape.latent_frames);
  plan.timeline.windows = {window};
  return made;
}

WeightStorage storage_of(const std::string& offload) {
  return offload == "stream"   ? WeightStorage::streamed
         : offload == "stored" ? WeightStorage::stored
                               : WeightStorage::widened;
}

T5Encoder load_text_encoder(const Options& options, Placement placement) {
  if (placement.storage == WeightStorage::widened) placement.storage = WeightStorage::stored;
  T5Files files = open_text_encoder(options.folder / "text_encoder");
  return load_network(
      std::move(files.checkpoint), placement,
      [&](const Weights& w) { return T5Encoder(w, files.config, placement.dtype); }, is_unused_in_text_encoder);
}

class Run {
 public:
  Run(const Options& options, const Shape& shape, const Planned& planned, std::string offload)
      : options_(options), shape_(shape), planned_(planned), offload_(std::move(offload)) {
    placement_.device = options.device;
    placement_.dtype = is_cpu(options.device) ? at::kFloat : at::kBFloat16;
    placement_.storage = storage_of(offload_);
    placement_.prefetch_bytes = prefetch_bytes(planned.facts);
    placement_.stream_from_host = offload_ == "stream" && !is_cpu(options.device);
  }

  void measure() {
    const double first = seconds(options_.device, [&] {
      encode();
      load_and_step();
    });
    const double next = seconds(options_.device, [&] { step(); });
    note_peak("denoise");
    decode();
    std::map<std::string, Value> line{
        {"part", "offload"}, {"name", offload_},    {"seconds_to_first_step", first},
        {"seconds", next},   {"peak_bytes", peak_}, {"planned_bytes", most_planned()}};
    if (most_planned() > 0 && peak_ > 0) {
      // CUDA's own memory, which the allocator does not see, is the plan's alone.
      line["over_plan"] = peak_ / most_planned();
      line["ok"] = peak_ <= 1.1 * most_planned();
    }
    print_line(line);
  }

 private:
  static constexpr double kContext = 0.6e9;  // as in memory_estimate.cpp

  void encode() {
    reset_peak(options_.device);
    text_encoder_ = std::make_unique<T5Encoder>(load_text_encoder(options_, placement_));
    const at::Tensor ids =
        at::randint(1, shape_.text.vocab_size, {1, shape_.prompt}, at::kLong).to(options_.device);
    embeds_ = (*text_encoder_)(ids);
    if (offload_ != "none") text_encoder_.reset();
    note_peak("text");
  }

  void load_and_step() {
    reset_peak(options_.device);
    transformer_ = std::make_unique<wan::WanTransformer>(
        wan::load_transformer(options_.folder / "transformer", placement_));
    prompt_ = transformer_->prepare_text(embeds_);
    negative_ = transformer_->prepare_text(embeds_.flip({1}));
    scheduler_ = make_scheduler("unipc", flow_matching(), 4, 3);
    latents_ =
        at::randn({1, 16, shape_.latent_frames, shape_.height / 8, shape_.width / 8}).to(options_.device);
    // The decoder's weights are there while the latents are denoised.
    decoder_ = std::make_unique<wan::VaeDecoder>(random_weights(options_.device, at::kFloat), shape_.vae);
    step();
  }

  void step() {
    const at::Tensor t = at::full({1}, scheduler_->timestep(steps_), at::kFloat);
    const at::Tensor in = latents_.to(placement_.dtype);
    const at::Tensor flow =
        guided(transformer_->forward(in, t, prompt_), transformer_->forward(in, t, negative_), 4);
    latents_ = scheduler_->step(flow, steps_++, latents_);
  }

  void decode() {
    reset_peak(options_.device);
    nn::StreamState state;
    const auto place = at::TensorOptions(options_.device).dtype(at::kFloat);
    for (int t = 0; t < 3; ++t)
      (void)(*decoder_)(at::randn({1, shape_.height / 8, shape_.width / 8, 16}, place), state);
    note_peak("decode");
  }

  void note_peak(const std::string& phase) {
    const double bytes = peak_bytes(options_.device);
    peak_ = std::max(peak_, bytes);
    double expected = 0;
    for (const PhaseMemory& each : estimate_memory(planned_.plan, planned_.facts, offload_)) {
      if (each.phase == phase) expected = each.device * 1e9 - kContext;
    }
    print_line({{"part", "offload"},
                {"name", offload_ + " " + phase},
                {"phase_bytes", bytes},
                {"planned_bytes", expected}});
  }

  double most_planned() const {
    double most = 0;
    for (const PhaseMemory& each : estimate_memory(planned_.plan, planned_.facts, offload_))
      most = std::max(most, each.device * 1e9 - kContext);
    return most;
  }

  const Options& options_;
  const Shape& shape_;
  const Planned& planned_;
  std::string offload_;
  Placement placement_;
  std::unique_ptr<T5Encoder> text_encoder_;
  std::unique_ptr<wan::WanTransformer> transformer_;
  std::unique_ptr<wan::VaeDecoder> decoder_;
  std::unique_ptr<Scheduler> scheduler_;
  wan::TextContext prompt_, negative_;
  at::Tensor embeds_, latents_;
  int steps_ = 0;
  double peak_ = 0;
};

}  // namespace

void measure_offload(const Options& options) {
  const Shape shape = shape_of(options.is_tiny);
  const Planned plan = planned(options, shape);
  for (const char* offload : {"none", "text", "stored", "stream"})
    Run(options, shape, plan, offload).measure();
}

}  // namespace sora::gpu_check
