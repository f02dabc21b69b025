#include "models/opensora/networks/transformer_block.h"

#include <string>

#include "nn/attention.h"

namespace sora::opensora {
namespace {

constexpr double kEps = 1e-6;  // of all norms

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& scale) {
  const at::Tensor y = x.to(at::kFloat);
  return (y * (y.square().mean(-1, true) + kEps).rsqrt() * scale).to(x.scalar_type());
}

nn::Linear qkv_of(const Weights& w, const TransformerConfig& config) {
  const std::int64_t dim = config.hidden_size;
  if (config.fused_qkv) return nn::Linear(w / "qkv", dim, 3 * dim, config.qkv_bias);
  if (config.qkv_bias) return nn::fused({w / "q_proj", w / "k_proj", w / "v_proj"}, dim, dim);
  return nn::Linear(Weights::fused({w / "q_proj", w / "k_proj", w / "v_proj"}, "weight", dim, dim), {});
}

/// Parts of a modulation [B, n * C] -> n x [B, 1, C].
std::vector<at::Tensor> parts_of(const at::Tensor& y, std::int64_t count) {
  return y.unsqueeze(1).chunk(count, -1);
}

Heads heads_of(const at::Tensor& qkv, std::int64_t heads) {
  const auto parts = qkv.chunk(3, -1);
  return {nn::split_heads(parts[0], heads), nn::split_heads(parts[1], heads),
          nn::split_heads(parts[2], heads)};
}

at::Tensor attention(const Heads& heads, const RotaryTable& table, bool halves) {
  return nn::merge_heads(nn::attention(apply_rotary(heads.q, table, halves),
                                       apply_rotary(heads.k, table, halves), heads.v));  // [B, N, C]
}

}  // namespace

at::Tensor Modulation::norm(const at::Tensor& x) const {
  const at::Tensor normed = at::layer_norm(x.to(at::kFloat), {x.size(-1)}, {}, {}, kEps);
  return at::addcmul(shift.to(at::kFloat), normed, scale.to(at::kFloat) + 1).to(x.scalar_type());
}

HeadNorm::HeadNorm(const Weights& w, std::int64_t head_dim)
    : query_norm((w / "query_norm").get("scale", {head_dim}, Precision::full)),
      key_norm((w / "key_norm").get("scale", {head_dim}, Precision::full)) {}

void HeadNorm::apply(Heads& heads) const {
  heads.q = rms_norm(heads.q, query_norm);
  heads.k = rms_norm(heads.k, key_norm);
}

Stream::Stream(const Weights& w, const std::string& name, const TransformerConfig& config)
    : mod(w / (name + "_mod") / "lin", config.hidden_size, 6 * config.hidden_size),
      qkv(qkv_of(w / (name + "_attn"), config)),
      proj(w / (name + "_attn") / "proj", config.hidden_size, config.hidden_size),
      mlp_in(w / (name + "_mlp") / 0, config.hidden_size, config.mlp_dim),
      mlp_out(w / (name + "_mlp") / 2, config.mlp_dim, config.hidden_size),
      norm(w / (name + "_attn") / "norm", config.head_dim()),
      heads(config.num_heads) {}

std::array<Modulation, 2> Stream::modulations(const at::Tensor& vec) const {
  const auto parts = parts_of(mod(vec), 6);
  return {Modulation{parts[0], parts[1], parts[2]}, Modulation{parts[3], parts[4], parts[5]}};
}

Heads Stream::attend(const at::Tensor& x, const Modulation& modulation) const {
  Heads made = heads_of(qkv(modulation.norm(x)), heads);
  norm.apply(made);
  return made;
}

at::Tensor Stream::added(const at::Tensor& x, const at::Tensor& attention,
                         const std::array<Modulation, 2>& modulations) const {
  const at::Tensor y = at::addcmul(x, modulations[0].gate, proj(attention));
  const at::Tensor inner = at::gelu(mlp_in(modulations[1].norm(y)), "tanh");
  return at::addcmul(y, modulations[1].gate, mlp_out(inner));
}

DoubleBlock::DoubleBlock(const Weights& w, const TransformerConfig& config)
    : img(w, "img", config), txt(w, "txt", config), halves(!config.fused_qkv) {}

void DoubleBlock::apply(at::Tensor& x, std::int64_t text, const at::Tensor& vec,
                        const RotaryTable& table) const {
  at::Tensor words = x.narrow(1, 0, text), video = x.narrow(1, text, x.size(1) - text);
  const auto of_text = txt.modulations(vec), of_video = img.modulations(vec);
  const Heads a = txt.attend(words, of_text[0]), b = img.attend(video, of_video[0]);
  const at::Tensor y = attention({at::cat({a.q, b.q}, 2), at::cat({a.k, b.k}, 2), at::cat({a.v, b.v}, 2)},
                                 table, halves);  // [B, text + L, C]
  words.copy_(txt.added(words, y.narrow(1, 0, text), of_text));
  video.copy_(img.added(video, y.narrow(1, text, y.size(1) - text), of_video));
}

SingleBlock::SingleBlock(const Weights& w, const TransformerConfig& config)
    : modulation(w / "modulation" / "lin", config.hidden_size, 3 * config.hidden_size),
      linear2(w / "linear2", config.hidden_size + config.mlp_dim, config.hidden_size),
      norm(w / "norm", config.head_dim()),
      heads(config.num_heads),
      hidden_size(config.hidden_size),
      mlp_dim(config.mlp_dim),
      halves(!config.fused_qkv) {
  const std::int64_t dim = hidden_size;
  if (config.fused_qkv) {
    linear1 = nn::Linear(w / "linear1", dim, 3 * dim + mlp_dim);
  } else {
    q_k = nn::fused({w / "q_proj", w / "k_proj"}, dim, dim);
    v_mlp = nn::Linear(w / "v_mlp", dim, dim + mlp_dim);
  }
}

void SingleBlock::apply(at::Tensor& x, const at::Tensor& vec, const RotaryTable& table) const {
  const auto parts = parts_of(modulation(vec), 3);
  const at::Tensor normed = Modulation{parts[0], parts[1], parts[2]}.norm(x);
  const at::Tensor made =
      halves ? at::cat({q_k(normed), v_mlp(normed)}, -1) : linear1(normed);  // [B, N, 3 C + mlp]
  Heads qkv = heads_of(made.narrow(-1, 0, 3 * hidden_size), heads);
  norm.apply(qkv);
  const at::Tensor attended = attention(qkv, table, halves);
  const at::Tensor inner = at::gelu(made.narrow(-1, 3 * hidden_size, mlp_dim), "tanh");
  x.addcmul_(parts[2], linear2(at::cat({attended, inner}, -1)));
}

}  // namespace sora::opensora
