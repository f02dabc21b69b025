#include "models/t5/schema.h"

#include "checkpoint/schema_list.h"

namespace sora {
namespace {

void add_block(SchemaList& schema, const std::string& name, const T5Config& config, bool with_bias) {
  const std::string attention = name + ".layer.0.", feed_forward = name + ".layer.1.";
  const std::int64_t dim = config.d_model, inner = config.num_heads * config.d_kv;
  const auto matrix = [&](const std::string& layer, std::int64_t in, std::int64_t out) {
    schema.add(layer + ".weight", {out, in});
  };
  schema.rms_norm(attention + "layer_norm", dim);
  for (const char* layer : {"q", "k", "v"}) matrix(attention + "SelfAttention." + layer, dim, inner);
  matrix(attention + "SelfAttention.o", inner, dim);
  if (with_bias) {
    schema.add(attention + "SelfAttention.relative_attention_bias.weight",
               {config.relative_attention_num_buckets, config.num_heads});
  }
  schema.rms_norm(feed_forward + "layer_norm", dim);
  if (config.gated) {
    for (const char* layer : {"wi_0", "wi_1"})
      matrix(feed_forward + "DenseReluDense." + layer, dim, config.d_ff);
  } else {
    matrix(feed_forward + "DenseReluDense.wi", dim, config.d_ff);
  }
  matrix(feed_forward + "DenseReluDense.wo", config.d_ff, dim);
}

}  // namespace

std::vector<TensorSpec> t5_schema(const T5Config& config, const Checkpoint& checkpoint) {
  const std::string table = "shared.weight", old_table = "encoder.embed_tokens.weight";
  const bool old = !checkpoint.find(table) && checkpoint.find(old_table);
  SchemaList schema;
  schema.add(old ? old_table : table, {config.vocab_size, config.d_model});
  schema.rms_norm("encoder.final_layer_norm", config.d_model);
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    add_block(schema, "encoder.block." + std::to_string(i), config,
              /*with_bias=*/i == 0 || !config.shared_bias);
  }
  return schema.take();
}

bool is_unused_in_text_encoder(const std::string& name) {
  return name.starts_with("decoder.") || name == "lm_head.weight" || name == "encoder.embed_tokens.weight";
}

}  // namespace sora
