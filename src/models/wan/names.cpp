#include "models/wan/names.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "models/clip/names.h"

namespace sora::wan {
namespace {

constexpr NameRule kTransformer[] = {
    {"patch_embedding.*", "patch_embedding.*"},
    {"text_embedding.0.*", "condition_embedder.text_embedder.linear_1.*"},
    {"text_embedding.2.*", "condition_embedder.text_embedder.linear_2.*"},
    {"time_embedding.0.*", "condition_embedder.time_embedder.linear_1.*"},
    {"time_embedding.2.*", "condition_embedder.time_embedder.linear_2.*"},
    {"time_projection.1.*", "condition_embedder.time_proj.*"},
    {"img_emb.proj.0.*", "condition_embedder.image_embedder.norm1.*"},
    {"img_emb.proj.1.*", "condition_embedder.image_embedder.ff.net.0.proj.*"},
    {"img_emb.proj.3.*", "condition_embedder.image_embedder.ff.net.2.*"},
    {"img_emb.proj.4.*", "condition_embedder.image_embedder.norm2.*"},
    {"img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"},
    {"blocks.#.modulation", "blocks.#.scale_shift_table"},
    {"blocks.#.norm3.*", "blocks.#.norm2.*"},
    {"blocks.#.self_attn.q.*", "blocks.#.attn1.to_q.*"},
    {"blocks.#.self_attn.k.*", "blocks.#.attn1.to_k.*"},
    {"blocks.#.self_attn.v.*", "blocks.#.attn1.to_v.*"},
    {"blocks.#.self_attn.o.*", "blocks.#.attn1.to_out.0.*"},
    {"blocks.#.self_attn.norm_q.*", "blocks.#.attn1.norm_q.*"},
    {"blocks.#.self_attn.norm_k.*", "blocks.#.attn1.norm_k.*"},
    {"blocks.#.cross_attn.q.*", "blocks.#.attn2.to_q.*"},
    {"blocks.#.cross_attn.k.*", "blocks.#.attn2.to_k.*"},
    {"blocks.#.cross_attn.v.*", "blocks.#.attn2.to_v.*"},
    {"blocks.#.cross_attn.o.*", "blocks.#.attn2.to_out.0.*"},
    {"blocks.#.cross_attn.norm_q.*", "blocks.#.attn2.norm_q.*"},
    {"blocks.#.cross_attn.norm_k.*", "blocks.#.attn2.norm_k.*"},
    {"blocks.#.cross_attn.k_img.*", "blocks.#.attn2.add_k_proj.*"},
    {"blocks.#.cross_attn.v_img.*", "blocks.#.attn2.add_v_proj.*"},
    {"blocks.#.cross_attn.norm_k_img.*", "blocks.#.attn2.norm_added_k.*"},
    {"blocks.#.ffn.0.*", "blocks.#.ffn.net.0.proj.*"},
    {"blocks.#.ffn.2.*", "blocks.#.ffn.net.2.*"},
    {"vace_patch_embedding.*", "vace_patch_embedding.*"},
    {"vace_blocks.#.before_proj.*", "vace_blocks.#.proj_in.*"},
    {"vace_blocks.#.after_proj.*", "vace_blocks.#.proj_out.*"},
    {"vace_blocks.#.modulation", "vace_blocks.#.scale_shift_table"},
    {"vace_blocks.#.norm3.*", "vace_blocks.#.norm2.*"},
    {"vace_blocks.#.self_attn.q.*", "vace_blocks.#.attn1.to_q.*"},
    {"vace_blocks.#.self_attn.k.*", "vace_blocks.#.attn1.to_k.*"},
    {"vace_blocks.#.self_attn.v.*", "vace_blocks.#.attn1.to_v.*"},
    {"vace_blocks.#.self_attn.o.*", "vace_blocks.#.attn1.to_out.0.*"},
    {"vace_blocks.#.self_attn.norm_q.*", "vace_blocks.#.attn1.norm_q.*"},
    {"vace_blocks.#.self_attn.norm_k.*", "vace_blocks.#.attn1.norm_k.*"},
    {"vace_blocks.#.cross_attn.q.*", "vace_blocks.#.attn2.to_q.*"},
    {"vace_blocks.#.cross_attn.k.*", "vace_blocks.#.attn2.to_k.*"},
    {"vace_blocks.#.cross_attn.v.*", "vace_blocks.#.attn2.to_v.*"},
    {"vace_blocks.#.cross_attn.o.*", "vace_blocks.#.attn2.to_out.0.*"},
    {"vace_blocks.#.cross_attn.norm_q.*", "vace_blocks.#.attn2.norm_q.*"},
    {"vace_blocks.#.cross_attn.norm_k.*", "vace_blocks.#.attn2.norm_k.*"},
    {"vace_blocks.#.ffn.0.*", "vace_blocks.#.ffn.net.0.proj.*"},
    {"vace_blocks.#.ffn.2.*", "vace_blocks.#.ffn.net.2.*"},
    {"fps_embedding.*", "fps_embedding.*"},
    {"fps_projection.0.*", "fps_projection.net.0.proj.*"},
    {"fps_projection.2.*", "fps_projection.net.2.*"},
    {"head.head.*", "proj_out.*"},
    {"head.modulation", "scale_shift_table"},
};

// Wan 2.1 numbers the blocks of all stages in one sequence (`encoder.downsamples.#`), 2.2 within each stage
// (`encoder.downsamples.#.downsamples.#`). Diffusers numbers those of the decoder within each stage for both,
// so nest_upsamples() first renames the decoder's blocks of 2.1 to the form of 2.2.
constexpr NameRule kVae[] = {
    {"conv1.*", "quant_conv.*"},
    {"conv2.*", "post_quant_conv.*"},
    {"encoder.conv1.*", "encoder.conv_in.*"},
    {"decoder.conv1.*", "decoder.conv_in.*"},
    {"encoder.head.0.*", "encoder.norm_out.*"},
    {"encoder.head.2.*", "encoder.conv_out.*"},
    {"decoder.head.0.*", "decoder.norm_out.*"},
    {"decoder.head.2.*", "decoder.conv_out.*"},
    {"encoder.middle.0.*", "encoder.mid_block.resnets.0.*"},
    {"encoder.middle.1.*", "encoder.mid_block.attentions.0.*"},
    {"encoder.middle.2.*", "encoder.mid_block.resnets.1.*"},
    {"decoder.middle.0.*", "decoder.mid_block.resnets.0.*"},
    {"decoder.middle.1.*", "decoder.mid_block.attentions.0.*"},
    {"decoder.middle.2.*", "decoder.mid_block.resnets.1.*"},
    {"encoder.downsamples.#.downsamples.#.resample.*", "encoder.down_blocks.#.downsampler.resample.*"},
    {"encoder.downsamples.#.downsamples.#.time_conv.*", "encoder.down_blocks.#.downsampler.time_conv.*"},
    {"encoder.downsamples.#.downsamples.#.*", "encoder.down_blocks.#.resnets.#.*"},
    {"encoder.downsamples.#.*", "encoder.down_blocks.#.*"},
    {"decoder.upsamples.#.upsamples.#.resample.*", "decoder.up_blocks.#.upsampler.resample.*"},
    {"decoder.upsamples.#.upsamples.#.time_conv.*", "decoder.up_blocks.#.upsampler.time_conv.*"},
    {"decoder.upsamples.#.upsamples.#.*", "decoder.up_blocks.#.resnets.#.*"},
};

// In diffusers' names, Wan 2.1 has a list with one upsampler.
constexpr NameRule kFlatVae[] = {
    {"decoder.up_blocks.#.upsampler.*", "decoder.up_blocks.#.upsamplers.0.*"},
};

// The parts of a residual block, which have numbers in the original names.
struct Part {
  std::string_view from, to;
};
constexpr Part kResidualParts[] = {{".residual.0.", ".norm1."},
                                   {".residual.2.", ".conv1."},
                                   {".residual.3.", ".norm2."},
                                   {".residual.6.", ".conv2."},
                                   {".shortcut.", ".conv_shortcut."}};

// Prefixes of each network's names in all-in-one files, in ComfyUI, and in files of a training (model.).
const std::vector<std::string> kTransformerPrefixes{"model.diffusion_model.", "diffusion_model.", "model."};
const std::vector<std::string> kVaePrefixes{"first_stage_model.", "vae."};

constexpr std::string_view kUpsamples = "decoder.upsamples.";

/// The number after `prefix`; -1 if there is none.
std::int64_t number_after(const std::string& name, std::string_view prefix) {
  std::int64_t number = -1;
  if (name.starts_with(prefix)) {
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  }
  return number;
}

/// The number of blocks in a stage of a decoder with one sequence of numbers, including the upsampler, which
/// is the last block of a stage. 0 where the blocks are numbered within each stage.
std::int64_t flat_stage_length(const std::vector<std::string>& names) {
  std::int64_t first = -1;
  for (const std::string& name : names) {
    const std::int64_t number = number_after(name, kUpsamples);
    if (number < 0) continue;
    if (name.find(".upsamples.", kUpsamples.size()) != std::string::npos) return 0;
    const bool upsampler = name.find(".resample.") != std::string::npos;
    if (upsampler && (first < 0 || number < first)) first = number;
  }
  return first + 1;
}

/// decoder.upsamples.5.x -> decoder.upsamples.1.upsamples.1.x for stages of 4.
std::string nest_upsamples(const std::string& name, std::int64_t stage_length) {
  const std::int64_t number = stage_length > 0 ? number_after(name, kUpsamples) : -1;
  if (number < 0) return name;
  const std::size_t rest = name.find('.', kUpsamples.size());
  if (rest == std::string::npos) return name;
  return std::string(kUpsamples) + std::to_string(number / stage_length) + ".upsamples." +
         std::to_string(number % stage_length) + name.substr(rest);
}

std::string vae_name(const std::string& name, std::int64_t stage_length) {
  auto result = renamed(kVae, nest_upsamples(name, stage_length));
  if (!result) return name;
  if (stage_length > 0) result = renamed(kFlatVae, *result).value_or(*result);
  for (const Part& part : kResidualParts) {
    const std::size_t place = result->find(part.from);
    if (place != std::string::npos) result->replace(place, part.from.size(), part.to);
  }
  return *result;
}

}  // namespace

std::span<const NameRule> transformer_names() { return kTransformer; }

std::span<const std::string_view> image_modules() {
  static constexpr std::string_view kWords[] = {"k_img",      "v_img",        "img_emb",       "add_k_proj",
                                                "add_v_proj", "norm_added_k", "image_embedder"};
  return kWords;
}

void name_transformer(Checkpoint& checkpoint) {
  checkpoint.use_prefix(kTransformerPrefixes);
  if (!checkpoint.find("time_embedding.0.weight")) return;  // our names already, or unknown ones
  checkpoint.rename([](const std::string& name) { return renamed(kTransformer, name).value_or(name); });
}

void name_vae(Checkpoint& checkpoint) {
  checkpoint.use_prefix(kVaePrefixes);
  if (!checkpoint.find("decoder.conv1.weight")) return;
  const std::int64_t stage_length = flat_stage_length(checkpoint.names());
  checkpoint.rename([&](const std::string& name) { return vae_name(name, stage_length); });
}

Contents contents_of(const Checkpoint& checkpoint) {
  Contents contents;
  const auto names = checkpoint.names();
  for (const std::string& name : names) {
    if (clip::is_of_image_encoder(name)) {
      contents.image_encoder = true;
      continue;
    }
    const auto ends = [&](std::string_view end) {
      return name.ends_with(end) && (name.size() == end.size() || name[name.size() - end.size() - 1] == '.');
    };
    contents.transformer |= ends("patch_embedding.weight");
    contents.vae |= ends("decoder.conv1.weight") || ends("decoder.conv_in.weight");
    contents.text_encoder |= ends("token_embd.weight") || ends("token_embedding.weight") ||
                             ends("shared.weight") || ends("encoder.embed_tokens.weight");
  }
  // A CLIP file also has CLIP's text encoder, which Wan does not use.
  if (contents.image_encoder && !contents.transformer) contents.text_encoder = false;
  return contents;
}

}  // namespace sora::wan
