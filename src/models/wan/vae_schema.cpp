#include "models/wan/vae_schema.h"

#include "checkpoint/schema_list.h"

namespace sora::wan {
namespace {

using Kernel = std::vector<std::int64_t>;
const Kernel kPoint{1, 1, 1}, kCube{3, 3, 3}, kTime{3, 1, 1}, kPlane{3, 3}, kPixel{1, 1};

void add_norm(SchemaList& schema, const std::string& name, std::int64_t dim, std::size_t trailing = 3) {
  std::vector<std::int64_t> shape(1 + trailing, 1);
  shape[0] = dim;
  schema.add(name + ".gamma", std::move(shape));
}

void add_residual(SchemaList& schema, const std::string& name, std::int64_t in, std::int64_t out) {
  add_norm(schema, name + ".norm1", in);
  add_norm(schema, name + ".norm2", out);
  schema.convolution(name + ".conv1", in, out, kCube);
  schema.convolution(name + ".conv2", out, out, kCube);
  if (in != out) schema.convolution(name + ".conv_shortcut", in, out, kPoint);
}

void add_mid_block(SchemaList& schema, const std::string& name, std::int64_t dim) {
  add_residual(schema, name + ".resnets.0", dim, dim);
  add_residual(schema, name + ".resnets.1", dim, dim);
  add_norm(schema, name + ".attentions.0.norm", dim, 2);
  schema.convolution(name + ".attentions.0.to_qkv", dim, 3 * dim, kPixel);
  schema.convolution(name + ".attentions.0.proj", dim, dim, kPixel);
}

void add_end(SchemaList& schema, const std::string& name, std::int64_t dim, std::int64_t out) {
  add_norm(schema, name + ".norm_out", dim);
  schema.convolution(name + ".conv_out", dim, out, kCube);
}

void add_encoder(SchemaList& schema, const VaeConfig& config) {
  const std::string blocks = "encoder.down_blocks.";
  std::int64_t dim = config.base_dim, flat = 0;  // Wan 2.1 numbers resnets and downsamplers in one list
  schema.convolution("encoder.conv_in", config.in_channels, dim, kCube);
  for (std::size_t i = 0; i < config.stages(); ++i) {
    const std::string stage = blocks + std::to_string(i);
    const std::int64_t out = config.base_dim * config.dim_mult[i];
    const auto name_of = [&](const std::string& residual) {
      return config.is_residual ? stage + residual : blocks + std::to_string(flat++);
    };
    for (std::int64_t j = 0; j < config.num_res_blocks; ++j) {
      add_residual(schema, name_of(".resnets." + std::to_string(j)), dim, out);
      dim = out;
    }
    if (i + 1 == config.stages()) break;
    const std::string downsampler = name_of(".downsampler");
    schema.convolution(downsampler + ".resample.1", dim, dim, kPlane);
    if (config.temperal_downsample[i]) schema.convolution(downsampler + ".time_conv", dim, dim, kTime);
  }
  add_mid_block(schema, "encoder.mid_block", dim);
  add_end(schema, "encoder", dim, 2 * config.z_dim);
}

void add_decoder(SchemaList& schema, const VaeConfig& config) {
  const std::size_t last = config.stages() - 1;
  std::int64_t dim = config.decoder_base_dim * config.dim_mult.back();
  schema.convolution("decoder.conv_in", config.z_dim, dim, kCube);
  add_mid_block(schema, "decoder.mid_block", dim);
  for (std::size_t i = 0; i <= last; ++i) {
    const std::string stage = "decoder.up_blocks." + std::to_string(i);
    const std::int64_t out = config.decoder_base_dim * config.dim_mult[last - i];
    for (std::int64_t j = 0; j <= config.num_res_blocks; ++j) {
      add_residual(schema, stage + ".resnets." + std::to_string(j), dim, out);
      dim = out;
    }
    if (i == last) break;
    dim = config.is_residual ? out : out / 2;
    const std::string upsampler = stage + (config.is_residual ? ".upsampler" : ".upsamplers.0");
    schema.convolution(upsampler + ".resample.1", out, dim, kPlane);
    if (config.temperal_downsample[last - 1 - i])
      schema.convolution(upsampler + ".time_conv", out, 2 * out, kTime);
  }
  add_end(schema, "decoder", dim, config.out_channels);
}

}  // namespace

std::vector<TensorSpec> vae_schema(const VaeConfig& config) {
  SchemaList schema;
  schema.convolution("quant_conv", 2 * config.z_dim, 2 * config.z_dim, kPoint);
  schema.convolution("post_quant_conv", config.z_dim, config.z_dim, kPoint);
  add_encoder(schema, config);
  add_decoder(schema, config);
  return schema.take();
}

}  // namespace sora::wan
