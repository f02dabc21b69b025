#include "models/ltx/names.h"

#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sora::ltx {
namespace {

constexpr NameRule kTransformer[] = {
    {"patchify_proj.*", "proj_in.*"},
    {"adaln_single.*", "time_embed.*"},
    {"transformer_blocks.#.attn1.q_norm.*", "transformer_blocks.#.attn1.norm_q.*"},
    {"transformer_blocks.#.attn1.k_norm.*", "transformer_blocks.#.attn1.norm_k.*"},
    {"transformer_blocks.#.attn2.q_norm.*", "transformer_blocks.#.attn2.norm_q.*"},
    {"transformer_blocks.#.attn2.k_norm.*", "transformer_blocks.#.attn2.norm_k.*"},
};

// Prefixes of each network's names in all-in-one files and in ComfyUI.
const std::vector<std::string> kTransformerPrefixes{"model.diffusion_model.", "diffusion_model."};
const std::vector<std::string> kVaePrefixes{"vae.", "first_stage_model."};

struct Part {
  std::string_view from, to;
};
constexpr Part kVaeParts[] = {
    {"res_blocks.", "resnets."},
    {"conv_shortcut.", "conv_shortcut.conv."},
    {"norm3.norm.", "norm3."},
    {"last_time_embedder.", "time_embedder."},
    {"last_scale_shift_table", "scale_shift_table"},
};

// The statistics are not in the encoder or decoder.
const std::map<std::string, std::string> kStatistics{
    {"per_channel_statistics.mean-of-means", "latents_mean"},
    {"per_channel_statistics.std-of-means", "latents_std"},
};
constexpr std::string_view kOtherStatistics = "per_channel_statistics.";

/// The number after `prefix`; -1 if there is none.
std::int64_t number_after(std::string_view name, std::string_view prefix) {
  std::int64_t number = -1;
  if (name.starts_with(prefix))
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

/// The blocks of the original encoder or decoder have one sequence of numbers; the tensors in them tell what
/// they are.
enum class Block { group, single, scaling };

std::map<std::int64_t, Block> blocks_of(const std::vector<std::string>& names, const std::string& prefix) {
  std::map<std::int64_t, Block> blocks;
  for (const std::string& name : names) {
    const std::int64_t number = number_after(name, prefix);
    const std::size_t dot = name.find('.', prefix.size());
    if (number < 0 || dot == std::string::npos) continue;
    const std::string_view rest = std::string_view(name).substr(dot + 1);
    if (rest.starts_with("res_blocks.")) blocks[number] = Block::group;
    if (rest.starts_with("conv1.")) blocks[number] = Block::single;
    if (rest.starts_with("conv.")) blocks[number] = Block::scaling;
  }
  return blocks;
}

using BlockNames = std::map<std::int64_t, std::string>;

// A stage is a group of residual blocks and what follows it; the last group is the middle.
BlockNames encoder_blocks(const std::map<std::int64_t, Block>& blocks) {
  BlockNames names;
  std::int64_t stage = -1;
  for (const auto& [number, block] : blocks) {
    if (block == Block::group) ++stage;
    const std::string place = "encoder.down_blocks." + std::to_string(stage);
    names[number] = block == Block::group    ? place
                    : block == Block::single ? place + ".conv_out"
                                             : place + ".downsamplers.0";
  }
  if (!blocks.empty()) names[blocks.rbegin()->first] = "encoder.mid_block";
  return names;
}

// The first group is the middle; a stage ends with its group.
BlockNames decoder_blocks(const std::map<std::int64_t, Block>& blocks) {
  BlockNames names;
  std::int64_t stage = -1;
  for (const auto& [number, block] : blocks) {
    const std::string place = "decoder.up_blocks." + std::to_string(stage);
    if (stage < 0) {
      names[number] = "decoder.mid_block";
      ++stage;
      continue;
    }
    names[number] = block == Block::group    ? place
                    : block == Block::single ? place + ".conv_in"
                                             : place + ".upsamplers.0";
    if (block == Block::group) ++stage;
  }
  return names;
}

std::string vae_name(std::string name, const BlockNames& encoder, const BlockNames& decoder) {
  if (const auto found = kStatistics.find(name); found != kStatistics.end()) return found->second;
  for (const auto& [prefix, places] : {std::pair{std::string("encoder.down_blocks."), &encoder},
                                       std::pair{std::string("decoder.up_blocks."), &decoder}}) {
    const auto place = places->find(number_after(name, prefix));
    if (place == places->end()) continue;
    name = place->second + name.substr(name.find('.', prefix.size()));
    break;
  }
  for (const Part& part : kVaeParts) {
    const std::size_t at = name.find(part.from);
    if (at == std::string::npos || (at > 0 && name[at - 1] != '.')) continue;
    name.replace(at, part.from.size(), part.to);
  }
  return name;
}

bool ends_with_part(const std::string& name, std::string_view end) {
  return name.ends_with(end) && (name.size() == end.size() || name[name.size() - end.size() - 1] == '.');
}

}  // namespace

std::span<const NameRule> transformer_names() { return kTransformer; }

void name_transformer(Checkpoint& checkpoint) {
  checkpoint.use_prefix(kTransformerPrefixes);
  if (!checkpoint.find("patchify_proj.weight")) return;  // our names already, or unknown ones
  // A file may hold the autoencoder under its prefix, and the transformer without one.
  for (const std::string& name : checkpoint.names()) {
    if (name.starts_with("vae.")) (void)checkpoint.take(name, 0);
  }
  checkpoint.rename([](const std::string& name) { return renamed(kTransformer, name).value_or(name); });
}

void name_vae(Checkpoint& checkpoint) {
  checkpoint.use_prefix(kVaePrefixes);
  if (!checkpoint.find("per_channel_statistics.mean-of-means")) return;
  for (const std::string& name : checkpoint.names()) {
    if (name.starts_with(kOtherStatistics) && kStatistics.count(name) == 0) (void)checkpoint.take(name, 0);
  }
  const auto names = checkpoint.names();
  const BlockNames encoder = encoder_blocks(blocks_of(names, "encoder.down_blocks."));
  const BlockNames decoder = decoder_blocks(blocks_of(names, "decoder.up_blocks."));
  checkpoint.rename([&](const std::string& name) { return vae_name(name, encoder, decoder); });
}

Contents contents_of(const Checkpoint& checkpoint) {
  bool input = false, time = false, original = false, decoder = false, statistics = false;
  Contents contents;
  for (const std::string& name : checkpoint.names()) {
    original |= ends_with_part(name, "patchify_proj.weight");
    input |= ends_with_part(name, "proj_in.weight");
    time |= ends_with_part(name, "time_embed.emb.timestep_embedder.linear_1.weight");
    decoder |= ends_with_part(name, "decoder.conv_in.conv.weight");
    statistics |=
        ends_with_part(name, "per_channel_statistics.std-of-means") || ends_with_part(name, "latents_std");
    contents.text_encoder |= ends_with_part(name, "token_embd.weight") ||
                             ends_with_part(name, "shared.weight") ||
                             ends_with_part(name, "encoder.embed_tokens.weight");
    contents.makes_sound |=
        ends_with_part(name, "audio_patchify_proj.weight") || ends_with_part(name, "audio_proj_in.weight");
  }
  contents.transformer = original || (input && time);
  contents.vae = decoder && statistics;
  return contents;
}

}  // namespace sora::ltx
