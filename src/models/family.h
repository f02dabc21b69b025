// The door for families of models: what the program knows of any of them without loading a tensor. A family
// (models/wan, models/skyreels, ...) derives from Family and registers itself; nothing outside models/ names
// one. The half with tensors is models/networks/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/lora.h"
#include "checkpoint/model_folder.h"
#include "sampling/config/scheduler_config.h"

namespace sora {

class Family;

/// Files by the component that each stands in for: transformer, transformer_2, vae, text_encoder,
/// image_encoder.
using Replacements = std::map<std::string, std::filesystem::path>;

/// How a model takes the images that a video begins from and ends with.
struct ImageInput {
  /// Beside the noisy latents it takes a mask and the latents of a video of these images
  /// (pipeline/inputs/image_condition.h): it makes no video without an image.
  bool joined = false;
  bool tokens = false;      ///< it also attends to the tokens of an image encoder (Wan 2.1)
  bool two_images = false;  ///< of the first and the last image, always both
};

/// How large a network's weights are.
struct NetworkSize {
  std::uint64_t stored = 0;       ///< bytes in its files
  std::uint64_t parameters = 0;   ///< elements
  std::uint64_t largest = 0;      ///< elements of the largest matrix of a layer
  std::uint64_t table_bytes = 0;  ///< of `stored`: a table that is read by rows (the text encoder's words)
};

/// Settings that a few-step model, distilled to need few steps and no guidance, was published with.
struct FewStep {
  int steps = 4;
  double guidance = 1;  ///< off: it was distilled, too
  double flow_shift = 5;
  std::string scheduler = "euler";  ///< over the levels i / steps (SchedulerConfig::even_levels)
};

struct NamedFewStep {
  FewStep settings;
  std::string name;  ///< of the file or folder that says so
};

/// What planning needs to know of a model, read from its configs and file headers alone.
struct ModelFacts {
  const Family* family = nullptr;
  ModelFolder folder;
  std::filesystem::path tokenizer;  ///< a folder, or a file that holds it

  // Geometry
  int latent_channels = 0;  ///< channels of the latents
  ImageInput image;
  std::int64_t text_dim = 0;  ///< width of the prompt's vectors
  int text_rows = 512;        ///< how many of them the denoiser is given, zeros after the text
  int spatial_scale = 8;      ///< pixels a latent cell
  int temporal_scale = 4;     ///< frames a latent frame (the first stands alone)
  int patch_height = 2;       ///< latent cells a token
  int patch_width = 2;
  std::string scheduler;  ///< unipc, euler or dpm++
  double flow_shift = 1;

  // Defaults: published ones of the family, replaced by those of sora-gen.json in the folder
  std::string title;          ///< such as "Wan 2.2 TI2V-5B"
  bool is_published = false;  ///< of a published model's size, so that its settings are the publisher's
  int width = 832;
  int height = 480;
  int frames = 81;
  double fps = 16;
  int steps = 50;
  double guidance = 5;
  std::optional<double> guidance_2;
  std::optional<double> image_guidance, image_flow_shift;  ///< others for a video that begins from an image
  std::string negative_prompt;
  std::optional<NamedFewStep> few_step;  ///< its weights are distilled ones, by their name
  std::string res;                       ///< of the file, where it is not the native size; empty: native
  std::vector<std::string> vocabulary;   ///< words it was trained with, sorted; empty: it does not say
  std::map<std::string, std::string> synonyms;  ///< words that it was not trained with: one that it was
  int max_words = 0;               ///< of the longest prompts that it was trained with; 0: it does not say
  std::int64_t smallest_area = 0;  ///< pixels; smaller pictures are made at this area and reduced

  // Sizes
  std::uint64_t weight_bytes = 0;                                            ///< all weight files
  std::uint64_t parameters = 0;                                              ///< elements in them
  NetworkSize transformer, transformer_2, text_encoder, image_encoder, vae;  ///< 0 where there is none
  std::int64_t layers = 0;                                                   ///< blocks of the transformer
  std::int64_t ffn_dim = 0;          ///< inner width of their feed-forward
  std::int64_t transformer_dim = 0;  ///< width of the token stream
  /// Peak bytes that a stream of the decoder takes beside the weights, for a video of height x width pixels
  /// and any number of frames.
  std::function<std::uint64_t(std::int64_t height, std::int64_t width)> decoder_bytes;
};

/// A family of models: how they are recognised, described and named. Members never load a tensor.
class Family {
 public:
  virtual ~Family() = default;

  virtual std::string name() const = 0;

  /// _class_name of model_index.json in diffusers' layout, of the models that it knows.
  virtual std::vector<std::string> pipelines() const = 0;

  /// Whether the model in `dir` (empty: none, files alone) with these files is one of the family, from names
  /// and shapes. Does not throw: what is damaged is told by read().
  virtual bool recognises(const std::filesystem::path& dir, const Replacements& replacements) const = 0;

  /// Opens every file header of the model, so that what is missing, pickled or damaged is found before any
  /// work. Throws Error: no_input, data, refused.
  virtual ModelFacts read(const std::filesystem::path& dir, const Replacements& replacements) const = 0;

  /// The parts of a model and where they lie, as read() finds them. Throws Error as read().
  virtual ModelFolder open(const std::filesystem::path& dir, const Replacements& replacements) const = 0;

  /// How the model is sampled; `facts.flow_shift` where the folder does not say.
  virtual SchedulerConfig scheduler(const ModelFolder& folder, double flow_shift,
                                    bool expand_timesteps) const = 0;

  /// Opens the LoRA against that component, so that a key that matches nothing is found before any work.
  /// Throws Error: usage, no_input, refused, data.
  virtual void check_loras(const std::vector<LoraSource>& loras, const ComponentSource& network) const = 0;

  /// A prompt as the tokenizer is given it: two that are equal then are one.
  virtual std::string clean_prompt(const std::string& prompt) const = 0;

  /// The first path whose name, or that of the folder it lies in, is that of a few-step model or LoRA.
  virtual std::optional<NamedFewStep> find_few_step(
      const std::vector<std::filesystem::path>& paths) const = 0;

  /// Whether `replacements` make a model without a folder.
  virtual bool is_whole_model(const Replacements& replacements) const = 0;
};

/// Put an object of this at namespace scope in the family's own source: `const RegisteredFamily<MyFamily>
/// here;`
template <class F>
class RegisteredFamily {
 public:
  RegisteredFamily();

 private:
  F family_;
};

/// All families of the program, by name.
const std::vector<const Family*>& families();
void register_family(const Family& family);

template <class F>
RegisteredFamily<F>::RegisteredFamily() {
  register_family(family_);
}

/// Throws Error (data) where no family knows the model.
const Family& family_of(const std::filesystem::path& dir, const Replacements& replacements = {});

/// The family of that name. Throws Error (internal).
const Family& family_named(const std::string& name);

/// The model's facts, by its family. Throws Error: no_input, data, refused.
ModelFacts read_model(const std::filesystem::path& dir, const Replacements& replacements = {});

/// Whether `replacements` make a model of some family without a folder.
bool is_whole_model(const Replacements& replacements);

/// Whether a folder may be a model: it has a model_index.json or weight files. They are not looked into.
bool may_be_model(const std::filesystem::path& dir);

/// For families: what sora-gen.json in the model's folder says instead of the published defaults.
/// Throws Error (data).
void read_own_defaults(ModelFacts& facts);

}  // namespace sora
