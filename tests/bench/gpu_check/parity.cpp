// Every network of every family in tests/data: on the device against the goldens, or against the CPU in fp32
// where a folder has none.
#include <algorithm>
#include <vector>

#include "checkpoint/safetensors.h"
#include "measures.h"
#include "models/clip/files.h"
#include "models/clip/names.h"
#include "models/clip/networks/text_encoder.h"
#include "models/clip/networks/vision_encoder.h"
#include "models/ltx/networks/transformer.h"
#include "models/t5/files.h"
#include "models/t5/networks/encoder.h"
#include "models/t5/schema.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae.h"
#include "sampling/guidance.h"
#include "sampling/scheduler.h"
#include "weights/tensor_file.h"

namespace sora::gpu_check {
namespace {

namespace fs = std::filesystem;

constexpr double limit_fp32 = 1e-3, limit_bf16 = 2e-2;
const Placement on_cpu{};

using Compute = std::function<at::Tensor(const Placement&)>;

struct Check {
  const Options& options;
  at::ScalarType dtype;

  bool is_fp32() const { return dtype == at::kFloat; }

  /// bf16 may be as far off as twice the CPU's own, where that is more than the limit: in tiny networks.
  void compare(const std::string& name, const at::Tensor& expected, const Compute& compute) const {
    Placement placement;
    placement.dtype = dtype;
    double limit = limit_fp32;
    if (!is_fp32()) limit = std::max(limit_bf16, 2 * relative_l2(compute(placement), expected));
    placement.device = options.device;
    const double apart = relative_l2(compute(placement), expected);
    print_line({{"part", "parity"},
                {"name", name},
                {"dtype", is_fp32() ? "float32" : "bfloat16"},
                {"apart", apart},
                {"limit", limit},
                {"ok", apart <= limit}});
  }
};

std::vector<fs::path> folders_with(const fs::path& root, const std::string& file) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().filename() == file) found.push_back(entry.path().parent_path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

at::Tensor optional_tensor(const fs::path& file, const std::string& name) {
  return SafetensorsFile(file).tensors().count(name) != 0 ? read_tensor(file, name) : at::Tensor();
}

/// The transformer in `folder` with the inputs of diffusers' golden there.
void check_golden_transformer(const Check& check, const fs::path& folder) {
  const fs::path golden = folder / "golden.safetensors";
  const at::Tensor rows = read_tensor(golden, "prompt_embeds");
  const std::int64_t padding = read_tensor(golden, "prompt_rows").item().toLong() - rows.size(1);
  const at::Tensor embeds = at::constant_pad_nd(rows, {0, 0, 0, padding});
  check.compare(fs::relative(folder, check.options.data), read_tensor(golden, "sample"),
                [&](const Placement& placement) {
                  const auto network = wan::load_transformer(folder, placement);
                  const auto text = network.prepare_text(embeds, optional_tensor(golden, "image_embeds"));
                  return network.forward(read_tensor(golden, "latents"), read_tensor(golden, "timestep"),
                                         text);
                });
}

bool is_of_clip_text(const fs::path& folder) {
  return folder.string().find("clip_text") != std::string::npos;
}

// Of the LTX-Video models in tests/data/ltx, whose goldens lie beside their networks.
bool is_of_ltx(const fs::path& folder) { return folder.parent_path().parent_path().filename() == "ltx"; }

void check_ltx_transformer(const Check& check, const fs::path& folder) {
  const fs::path golden = folder.parent_path() / "networks.safetensors";
  check.compare(fs::relative(folder, check.options.data), read_tensor(golden, "sample"),
                [&](const Placement& placement) {
                  auto network = ltx::load_transformer(folder, placement, ltx::CellScale());
                  network.set_frame_rate(read_tensor(golden, "fps").item().toDouble());
                  const auto text = network.prepare(read_tensor(golden, "prompt_embeds"), {});
                  return network.predict(read_tensor(golden, "latents"), read_tensor(golden, "timestep"),
                                         *text);
                });
}

struct Inputs {
  at::Tensor latents, prompt, image;
};

Inputs inputs_for(const wan::TransformerConfig& config) {
  at::manual_seed(1);
  const std::int64_t control = config.has_control() ? config.vace_in_channels : 0;
  Inputs inputs{
      at::randn({1, config.in_channels + control, 3, 8, 12}), at::randn({1, 24, config.text_dim}), {}};
  inputs.prompt.narrow(1, 9, 15).zero_();
  if (config.image_dim) {
    const std::int64_t pair = config.pos_embed_seq_len.value_or(0);
    inputs.image =
        pair != 0 ? at::randn({2, pair / 2, *config.image_dim}) : at::randn({1, 5, *config.image_dim});
  }
  return inputs;
}

/// A few steps with guidance, as the program takes them; the latents at the end.
at::Tensor denoised(wan::WanTransformer network, const Inputs& inputs, at::Device device,
                    const std::string& solver) {
  const auto scheduler = make_scheduler(solver, flow_matching(), 4, 3);
  const auto text = network.prepare_text(inputs.prompt, inputs.image);
  const auto none = network.prepare_text(at::zeros_like(inputs.prompt), inputs.image);
  const std::int64_t channels = network.out_channels();
  at::Tensor latents = inputs.latents.narrow(1, 0, channels).clone();
  const at::Tensor condition = inputs.latents.narrow(1, channels, inputs.latents.size(1) - channels);
  for (int i = 0; i < scheduler->steps(); ++i) {
    const at::Tensor input = at::cat({latents, condition}, 1).to(device, network.dtype());
    const at::Tensor t = at::full({1}, scheduler->timestep(i), at::kFloat);
    network.set_target_timestep(scheduler->next_timestep(i));  // for networks that predict whole steps
    const at::Tensor flow = guided(network.forward(input, t, text), network.forward(input, t, none), 4);
    latents = scheduler->step(flow.to(at::kCPU, at::kFloat), i, latents);
  }
  return latents;
}

/// The transformer of a whole model against the same on the CPU: one prediction, and a run of each solver.
void check_model_transformer(const Check& check, const fs::path& folder) {
  const Inputs inputs = inputs_for(wan::load_transformer(folder, on_cpu).config());
  const std::string name = fs::relative(folder, check.options.data);
  const auto compare = [&](const std::string& what, const Compute& compute) {
    check.compare(name + what, compute(on_cpu), compute);
  };
  compare("", [&](const Placement& placement) {
    auto network = wan::load_transformer(folder, placement);
    network.set_target_timestep(250);
    return network.forward(inputs.latents, at::full({1}, 500.0, at::kFloat),
                           network.prepare_text(inputs.prompt, inputs.image));
  });
  for (const char* solver : {"unipc", "euler", "dpm++"}) {
    compare(std::string(", 4 steps of ") + solver, [&](const Placement& placement) {
      return denoised(wan::load_transformer(folder, placement), inputs, placement.device, solver);
    });
  }
}

void check_autoencoder(const Check& check, const fs::path& folder) {
  const std::string name = fs::relative(folder, check.options.data);
  const fs::path golden = folder / "golden.safetensors";
  at::Tensor latents, video, decoded, encoded;
  if (fs::exists(golden)) {
    latents = read_tensor(golden, "latents");
    video = read_tensor(golden, "video");
    decoded = read_tensor(golden, "decoded");
    encoded = read_tensor(golden, "encoded");
  } else {
    const auto vae = wan::load_vae(folder, on_cpu);
    at::manual_seed(1);
    latents = at::randn({1, vae->config().z_dim, 3, 4, 6});
    decoded = vae->decode(latents);
    video = decoded;
    encoded = vae->encode(video);
  }
  check.compare(name + " decoder", decoded, [&](const Placement& placement) {
    return wan::load_vae(folder, placement)->decode(latents);
  });
  check.compare(name + " encoder", encoded,
                [&](const Placement& placement) { return wan::load_vae(folder, placement)->encode(video); });
}

void check_text_encoder(const Check& check, const fs::path& folder) {
  at::manual_seed(1);
  const at::Tensor ids = at::randint(1, open_text_encoder(folder).config.vocab_size, {1, 13}, at::kLong);
  const Compute compute = [&](const Placement& placement) {
    T5Files files = open_text_encoder(folder);
    const auto encoder = load_network(
        std::move(files.checkpoint), placement,
        [&](const Weights& w) { return T5Encoder(w, files.config, placement.dtype); },
        is_unused_in_text_encoder);
    return encoder(ids.to(placement.device));
  };
  check.compare(fs::relative(folder, check.options.data), compute(on_cpu), compute);
}

// CLIP's, which is in fp32 on every device.
void check_clip_text_encoder(const Check& check, const fs::path& folder) {
  at::manual_seed(1);
  const std::int64_t words = clip::open_clip_text_encoder(folder).config.vocab_size;
  const at::Tensor ids = at::randint(1, words, {1, 13}, at::kLong);
  const Compute compute = [&](const Placement& placement) {
    auto files = clip::open_clip_text_encoder(folder);
    const auto encoder = load_network(
        std::move(files.checkpoint), placement,
        [&](const Weights& w) { return clip::TextNetwork(w, files.config); }, clip::is_unused);
    return encoder(ids.to(placement.device));
  };
  check.compare(fs::relative(folder, check.options.data), compute(on_cpu), compute);
}

void check_image_encoder(const Check& check, const fs::path& folder) {
  RgbPicture picture{40, 30, {}};
  for (int i = 0; i < 40 * 30 * 3; ++i) picture.rgb.push_back(static_cast<std::uint8_t>(i * 37 % 251));
  const Compute compute = [&](const Placement& placement) {
    return clip::ImageEncoder(folder, folder.parent_path() / "image_processor", placement.device)
        .encode(picture);
  };
  check.compare(fs::relative(folder, check.options.data), compute(on_cpu), compute);
}

/// One that cannot run is a line as well, and the others go on.
template <class F>
void attempt(const Check& check, const fs::path& folder, const F& f) {
  try {
    f(check, folder);
  } catch (const std::exception& error) {
    print_line({{"part", "parity"},
                {"name", fs::relative(folder, check.options.data).string()},
                {"dtype", check.is_fp32() ? "float32" : "bfloat16"},
                {"error", std::string(error.what()).substr(0, 300)},
                {"ok", false}});
  }
}

}  // namespace

void check_parity(const Options& options) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const Check check{options, dtype};
    for (const fs::path& folder : folders_with(options.data, "config.json")) {
      const std::string kind = folder.filename(), group = folder.parent_path().filename();
      if (is_of_ltx(folder)) {
        if (kind == "transformer") attempt(check, folder, check_ltx_transformer);
        if (kind == "text_encoder") attempt(check, folder, check_text_encoder);
      } else if (is_of_clip_text(folder)) {
        if (check.is_fp32()) attempt(check, folder, check_clip_text_encoder);
      } else if (group == "transformer")
        attempt(check, folder, check_golden_transformer);
      else if (group == "encoders" || kind == "text_encoder")
        attempt(check, folder, check_text_encoder);
      else if (kind == "image_encoder" && check.is_fp32())
        attempt(check, folder, check_image_encoder);
      else if ((group == "vae" || kind == "vae") && check.is_fp32())
        attempt(check, folder, check_autoencoder);
      else if (kind.rfind("transformer", 0) == 0)
        attempt(check, folder, check_model_transformer);
    }
  }
}

}  // namespace sora::gpu_check
