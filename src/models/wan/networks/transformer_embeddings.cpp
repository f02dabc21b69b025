#include "models/wan/networks/transformer_embeddings.h"

#include <cmath>
#include <string>

#include "sora/error.h"

namespace sora::wan {
namespace {

nn::Linear full_precision(const Weights& w, std::int64_t in, std::int64_t out) {
  nn::Linear linear;
  linear.weight = w.get("weight", {out, in}, Precision::full);
  linear.bias = w.get("bias", {out}, Precision::full);
  return linear;
}

/// [B, tokens] -> [B, G], with the fewest groups that lose no value.
at::Tensor group_timesteps(const at::Tensor& timestep, std::int64_t frames) {
  for (const std::int64_t groups : {std::int64_t{1}, frames}) {
    const at::Tensor grouped = timestep.unflatten(1, {groups, -1});  // [B, G, tokens of a group]
    const at::Tensor first = grouped.narrow(2, 0, 1);                // [B, G, 1]
    if (at::all(grouped == first).item<bool>()) return first.squeeze(2);
  }
  return timestep;
}

}  // namespace

at::Tensor sinusoidal_embedding(const at::Tensor& timestep, std::int64_t freq_dim, bool in_double) {
  const std::int64_t half = freq_dim / 2;
  if (in_double) {
    const at::Tensor power =
        at::arange(half, timestep.options().dtype(at::kDouble)).div_(static_cast<double>(half));
    const at::Tensor angle =
        timestep.to(at::kDouble).unsqueeze(-1) * (1 / at::pow(10000, power));  // [.., half]
    return at::cat({angle.cos(), angle.sin()}, -1).to(at::kFloat);             // [.., freq_dim]
  }
  const auto narrow = timestep.options().dtype(at::kFloat);
  const at::Tensor frequency =
      at::arange(half, narrow).mul_(-std::log(10000.0)).div_(static_cast<double>(half)).exp_();
  const at::Tensor angle = timestep.to(at::kFloat).unsqueeze(-1) * frequency;  // [.., half]
  return at::cat({angle.cos(), angle.sin()}, -1);                              // [.., freq_dim]
}

TimeEmbedder::TimeEmbedder(const Weights& w, const TransformerConfig& config)
    : linear_1(full_precision(w / "condition_embedder" / "time_embedder" / "linear_1", config.freq_dim,
                              config.dim())),
      linear_2(full_precision(w / "condition_embedder" / "time_embedder" / "linear_2", config.dim(),
                              config.dim())),
      time_proj(w / "condition_embedder" / "time_proj", config.dim(), 6 * config.dim()),
      freq_dim(config.freq_dim),
      in_double(config.skyreels) {
  if (config.target_time) {
    const Weights delta = w / "condition_embedder" / "delta_embedder";
    target = config.target_time;
    delta_1 = full_precision(delta / "linear_1", config.freq_dim, config.dim());
    delta_2 = full_precision(delta / "linear_2", config.dim(), config.dim());
  }
  if (!config.inject_sample_info) return;
  fps_embedding = w.get("fps_embedding.weight", {2, config.dim()});
  fps_in = nn::Linear(w / "fps_projection" / "net" / "0" / "proj", config.dim(), config.dim());
  fps_out = nn::Linear(w / "fps_projection" / "net" / "2", config.dim(), 6 * config.dim());
}

at::Tensor TimeEmbedder::embedded(const at::Tensor& timestep, const nn::Linear& first,
                                  const nn::Linear& second) const {
  const at::Tensor sinusoid = sinusoidal_embedding(timestep, freq_dim, in_double)
                                  .to(first.weight.device(), at::kFloat, /*non_blocking=*/true);
  return second(at::silu(first(sinusoid)));  // [U, dim]
}

TimeEmbedding TimeEmbedder::operator()(const at::Tensor& timestep, std::int64_t frames,
                                       std::optional<double> target_timestep) const {
  // Computed on the host, because the groups decide the shapes of the following tensors.
  const at::Tensor wanted = timestep.to(at::kCPU, at::kFloat);
  const at::Tensor grouped = wanted.dim() == 2 ? group_timesteps(wanted, frames) : wanted.unsqueeze(1);
  const auto [distinct, place, counts] = at::_unique2(grouped.flatten(), /*sorted=*/true,
                                                      /*return_inverse=*/true);  // [U], [B * G]

  at::Tensor temb = embedded(distinct, linear_1, linear_2);  // [U, dim]
  if (target) {
    if (!target_timestep)
      throw Error(ErrorKind::internal, "transformer", "was not told which timestep the step leads to");
    const at::Tensor end = at::full({1}, *target_timestep, at::kFloat);
    const at::Tensor delta = embedded(target->as_difference ? distinct - end : end, delta_1, delta_2);
    const auto gate = static_cast<float>(target->gate_value);
    temb = (1 - gate) * temb + gate * delta;  // [U, dim]
  }
  temb = temb.to(time_proj.bias.scalar_type());
  at::Tensor proj = time_proj(at::silu(temb)).to(at::kFloat);  // [U, 6 dim]
  if (fps_embedding.defined()) {
    // All models with this embedding make 24 frames a second.
    proj = proj + fps_out(at::silu(fps_in(fps_embedding.narrow(0, 1, 1)))).to(at::kFloat);
  }

  const at::Tensor index = place.to(temb.device(), at::kLong, /*non_blocking=*/true);
  const std::int64_t batch = grouped.size(0), groups = grouped.size(1);
  return {temb.index_select(0, index).view({batch, groups, -1}),      // [B, G, dim]
          proj.index_select(0, index).view({batch, groups, 6, -1})};  // [B, G, 6, dim]
}

at::Tensor TextEmbedder::operator()(const at::Tensor& prompt_embeds) const {
  return linear_2(at::gelu(linear_1(prompt_embeds), "tanh"));  // [B, N, dim]
}

// torch's default eps, not the config's; the inner width is that of the image tokens.
ImageEmbedder::ImageEmbedder(const Weights& w, const TransformerConfig& config)
    : norm1(w / "norm1", *config.image_dim, 1e-5),
      norm2(w / "norm2", config.dim(), 1e-5),
      ff_in(w / "ff" / "net" / "0" / "proj", *config.image_dim, *config.image_dim),
      ff_out(w / "ff" / "net" / "2", *config.image_dim, config.dim()) {
  if (config.pos_embed_seq_len) {
    pos_embed = w.get("pos_embed", {1, *config.pos_embed_seq_len, *config.image_dim});
  }
}

at::Tensor ImageEmbedder::operator()(const at::Tensor& image_embeds) const {
  at::Tensor x = image_embeds;  // [B, n, image_dim]
  if (pos_embed.defined()) {
    if (x.size(0) % 2 != 0 || 2 * x.size(1) != pos_embed.size(1)) {
      throw Error(ErrorKind::data, "transformer",
                  "the model takes the tokens of two images, " + std::to_string(pos_embed.size(1) / 2) +
                      " each; got " + std::to_string(x.size(0)) + " of " + std::to_string(x.size(1)) +
                      " tokens");
    }
    x = x.reshape({-1, 2 * x.size(1), x.size(2)}) + pos_embed;  // [B, 2 n, image_dim]
  }
  return norm2(ff_out(at::gelu(ff_in(norm1(x)))));  // [B, n, dim]
}

}  // namespace sora::wan
