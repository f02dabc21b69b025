#include "models/t5/names.h"

#include "checkpoint/name_rules.h"
#include "sora/error.h"

namespace sora {
namespace {

// The original Wan repository (models_t5_umt5-xxl-enc-bf16).
constexpr NameRule kOriginal[] = {
    {"token_embedding.weight", "shared.weight"},
    {"norm.weight", "encoder.final_layer_norm.weight"},
    {"blocks.#.norm1.weight", "encoder.block.#.layer.0.layer_norm.weight"},
    {"blocks.#.attn.q.weight", "encoder.block.#.layer.0.SelfAttention.q.weight"},
    {"blocks.#.attn.k.weight", "encoder.block.#.layer.0.SelfAttention.k.weight"},
    {"blocks.#.attn.v.weight", "encoder.block.#.layer.0.SelfAttention.v.weight"},
    {"blocks.#.attn.o.weight", "encoder.block.#.layer.0.SelfAttention.o.weight"},
    {"blocks.#.pos_embedding.embedding.weight",
     "encoder.block.#.layer.0.SelfAttention.relative_attention_bias.weight"},
    {"blocks.#.norm2.weight", "encoder.block.#.layer.1.layer_norm.weight"},
    {"blocks.#.ffn.gate.0.weight", "encoder.block.#.layer.1.DenseReluDense.wi_0.weight"},
    {"blocks.#.ffn.fc1.weight", "encoder.block.#.layer.1.DenseReluDense.wi_1.weight"},
    {"blocks.#.ffn.fc2.weight", "encoder.block.#.layer.1.DenseReluDense.wo.weight"},
};

// GGUF files of the architectures t5 and t5encoder.
constexpr NameRule kGguf[] = {
    {"token_embd.weight", "shared.weight"},
    {"enc.output_norm.weight", "encoder.final_layer_norm.weight"},
    {"enc.blk.#.attn_norm.weight", "encoder.block.#.layer.0.layer_norm.weight"},
    {"enc.blk.#.attn_q.weight", "encoder.block.#.layer.0.SelfAttention.q.weight"},
    {"enc.blk.#.attn_k.weight", "encoder.block.#.layer.0.SelfAttention.k.weight"},
    {"enc.blk.#.attn_v.weight", "encoder.block.#.layer.0.SelfAttention.v.weight"},
    {"enc.blk.#.attn_o.weight", "encoder.block.#.layer.0.SelfAttention.o.weight"},
    {"enc.blk.#.attn_rel_b.weight", "encoder.block.#.layer.0.SelfAttention.relative_attention_bias.weight"},
    {"enc.blk.#.ffn_norm.weight", "encoder.block.#.layer.1.layer_norm.weight"},
    {"enc.blk.#.ffn_gate.weight", "encoder.block.#.layer.1.DenseReluDense.wi_0.weight"},
    {"enc.blk.#.ffn_up.weight", "encoder.block.#.layer.1.DenseReluDense.wi_1.weight"},
    {"enc.blk.#.ffn_down.weight", "encoder.block.#.layer.1.DenseReluDense.wo.weight"},
    // The decoder of a complete T5, which is not used here.
    {"dec.*", "decoder.*"},
    {"output.weight", "lm_head.weight"},
};

// Prefixes in all-in-one files.
const std::vector<std::string> kPrefixes{"text_encoders.umt5xxl.transformer.",
                                         "text_encoders.t5xxl.transformer.", "cond_stage_model."};

const std::string kFirst = "encoder.block.0.layer.";

// Far above any model; products of two such sizes fit into 64 bits.
constexpr std::int64_t kMost = 1 << 24;

std::vector<std::int64_t> matrix(const Checkpoint& checkpoint, const std::string& name) {
  const TensorInfo* info = checkpoint.find(name);
  const bool good = info != nullptr && info->shape.size() == 2 && info->shape[0] >= 1 &&
                    info->shape[0] <= kMost && info->shape[1] >= 1 && info->shape[1] <= kMost;
  if (good) return info->shape;
  throw Error(ErrorKind::data, "text_encoder",
              checkpoint.path().string() + ": tensor " + name +
                  (info ? " is " + shape_text(info->shape) : " is missing") +
                  ", expected a matrix; is this the encoder of a T5 or UMT5?");
}

}  // namespace

void name_text_encoder(Checkpoint& checkpoint) {
  checkpoint.use_prefix(kPrefixes);
  const bool original = checkpoint.find("token_embedding.weight") != nullptr;
  const bool gguf = checkpoint.find("token_embd.weight") != nullptr;
  if (!original && !gguf) return;
  checkpoint.rename([&](const std::string& name) {
    return (original ? renamed(kOriginal, name) : renamed(kGguf, name)).value_or(name);
  });
}

T5Config t5_config_of(const Checkpoint& checkpoint, const std::optional<T5Config>& reference) {
  const std::string old_embedding = "encoder.embed_tokens.weight";
  const bool old = !checkpoint.find("shared.weight") && checkpoint.find(old_embedding);
  const auto embedding = matrix(checkpoint, old ? old_embedding : "shared.weight");
  const auto query = matrix(checkpoint, kFirst + "0.SelfAttention.q.weight");
  const auto bias = matrix(checkpoint, kFirst + "0.SelfAttention.relative_attention_bias.weight");
  T5Config config;
  config.gated = checkpoint.find(kFirst + "1.DenseReluDense.wi_0.weight") != nullptr;
  const auto inner =
      matrix(checkpoint, kFirst + "1.DenseReluDense." + (config.gated ? "wi_0.weight" : "wi.weight"));
  config.vocab_size = embedding[0];
  config.d_model = embedding[1];
  config.d_ff = inner[0];
  config.relative_attention_num_buckets = bias[0];
  config.num_heads = bias[1];
  config.d_kv = query[0] / config.num_heads;
  if (config.d_kv * config.num_heads != query[0] || bias[0] < 4) {
    throw Error(ErrorKind::data, "text_encoder",
                checkpoint.path().string() + ": its queries are " + shape_text(query) +
                    " and its position biases " + shape_text(bias) + ", which fit no number of heads");
  }
  while (
      checkpoint.find("encoder.block." + std::to_string(config.num_layers) + ".layer.0.layer_norm.weight")) {
    ++config.num_layers;
  }
  config.shared_bias =
      config.num_layers > 1 &&
      !checkpoint.find("encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight");
  config.activation = config.gated ? T5Config::Activation::gelu_tanh : T5Config::Activation::relu;
  if (reference && reference->d_model == config.d_model && reference->num_heads == config.num_heads &&
      reference->relative_attention_num_buckets == config.relative_attention_num_buckets) {
    config.relative_attention_max_distance = reference->relative_attention_max_distance;
    config.layer_norm_epsilon = reference->layer_norm_epsilon;
    if (reference->gated == config.gated) config.activation = reference->activation;
  }
  if (config.relative_attention_max_distance <= config.relative_attention_num_buckets / 4) {
    throw Error(ErrorKind::data, "text_encoder",
                checkpoint.path().string() + ": has " + std::to_string(bias[0]) +
                    " buckets of distances, expected 32; is this the encoder of a UMT5?");
  }
  return config;
}

}  // namespace sora
