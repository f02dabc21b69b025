#include "models/wan/transformer_schema.h"

#include "checkpoint/schema_list.h"

namespace sora::wan {
namespace {

void add_attention(SchemaList& schema, const std::string& name, std::int64_t dim) {
  for (const char* layer : {".to_q", ".to_k", ".to_v", ".to_out.0"}) schema.linear(name + layer, dim, dim);
  for (const char* norm : {".norm_q", ".norm_k"}) schema.rms_norm(name + norm, dim);
}

void add_block(SchemaList& schema, const std::string& name, const TransformerConfig& config) {
  const std::int64_t dim = config.dim();
  add_attention(schema, name + ".attn1", dim);
  add_attention(schema, name + ".attn2", dim);
  if (config.added_kv_proj_dim) {
    schema.linear(name + ".attn2.add_k_proj", *config.added_kv_proj_dim, dim);
    schema.linear(name + ".attn2.add_v_proj", *config.added_kv_proj_dim, dim);
    schema.rms_norm(name + ".attn2.norm_added_k", dim);
  }
  schema.linear(name + ".ffn.net.0.proj", dim, config.ffn_dim);
  schema.linear(name + ".ffn.net.2", config.ffn_dim, dim);
  schema.add(name + ".scale_shift_table", {1, 6, dim});
  if (config.cross_attn_norm) schema.layer_norm(name + ".norm2", dim);
}

void add_image_embedder(SchemaList& schema, const std::string& name, const TransformerConfig& config) {
  const std::int64_t width = *config.image_dim;
  schema.layer_norm(name + ".norm1", width);
  schema.layer_norm(name + ".norm2", config.dim());
  schema.linear(name + ".ff.net.0.proj", width, width);
  schema.linear(name + ".ff.net.2", width, config.dim());
  if (config.pos_embed_seq_len) schema.add(name + ".pos_embed", {1, *config.pos_embed_seq_len, width});
}

void add_control_branch(SchemaList& schema, const TransformerConfig& config) {
  const std::int64_t dim = config.dim();
  const auto [frames, rows, columns] = config.patch_size;
  schema.add("vace_patch_embedding.weight", {dim, config.vace_in_channels, frames, rows, columns});
  schema.add("vace_patch_embedding.bias", {dim});
  for (std::size_t i = 0; i < config.vace_layers.size(); ++i) {
    const std::string name = "vace_blocks." + std::to_string(i);
    add_block(schema, name, config);
    if (i == 0) schema.linear(name + ".proj_in", dim, dim);
    schema.linear(name + ".proj_out", dim, dim);
  }
}

}  // namespace

std::vector<TensorSpec> transformer_schema(const TransformerConfig& config) {
  const std::int64_t dim = config.dim();
  const std::string embedder = "condition_embedder";
  const auto [frames, rows, columns] = config.patch_size;
  SchemaList schema;
  schema.add("patch_embedding.weight", {dim, config.in_channels, frames, rows, columns});
  schema.add("patch_embedding.bias", {dim});
  schema.linear(embedder + ".time_embedder.linear_1", config.freq_dim, dim);
  schema.linear(embedder + ".time_embedder.linear_2", dim, dim);
  if (config.target_time) {
    schema.linear(embedder + ".delta_embedder.linear_1", config.freq_dim, dim);
    schema.linear(embedder + ".delta_embedder.linear_2", dim, dim);
  }
  schema.linear(embedder + ".time_proj", dim, 6 * dim);
  schema.linear(embedder + ".text_embedder.linear_1", config.text_dim, dim);
  schema.linear(embedder + ".text_embedder.linear_2", dim, dim);
  if (config.image_dim) add_image_embedder(schema, embedder + ".image_embedder", config);
  if (config.inject_sample_info) {
    schema.add("fps_embedding.weight", {2, dim});
    schema.linear("fps_projection.net.0.proj", dim, dim);
    schema.linear("fps_projection.net.2", dim, 6 * dim);
  }
  for (std::int64_t i = 0; i < config.num_layers; ++i)
    add_block(schema, "blocks." + std::to_string(i), config);
  if (config.has_control()) add_control_branch(schema, config);
  schema.linear("proj_out", dim, config.out_channels * config.patch_volume());
  schema.add("scale_shift_table", {1, 2, dim});
  return schema.take();
}

bool is_unused_in_transformer(const std::string& name) {
  return name.find("norm_added_q") != std::string::npos;
}

}  // namespace sora::wan
