// The interface of model families, without tensors. A family (models/wan, models/skyreels, ...) derives from
// Family and registers itself; nothing outside models/ names one. models/networks/ is the other half of the
// interface, with tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/lora.h"
#include "checkpoint/model_folder.h"
#include "models/model_parts.h"
#include "sampling/config/scheduler_config.h"

namespace sora {

class Family;

/// Files that replace components: transformer, transformer_2, vae, text_encoder, image_encoder.
using Replacements = std::map<std::string, std::filesystem::path>;

/// The image conditioning of a model: how it takes the first and the last image of a video.
struct ImageInput {
  /// A mask and the encoded images are concatenated with the noisy latents, as further channels
  /// (pipeline/inputs/image_condition.h). Such a model makes no video without an image.
  bool concat = false;
  bool optional = false;    ///< with `concat`: it makes videos without an image, too
  bool tokens = false;      ///< it also attends to the tokens of an image encoder (Wan 2.1)
  bool two_images = false;  ///< it needs both a first and a last image
};

/// How large a network's weights are.
struct NetworkSize {
  std::uint64_t stored = 0;       ///< bytes in its files
  std::uint64_t parameters = 0;   ///< elements
  std::uint64_t largest = 0;      ///< elements of the largest matrix of a layer
  std::uint64_t table_bytes = 0;  ///< part of `stored`: a table that is read by rows (the token embeddings)
  bool has_blocks = false;        ///< block-quantised matrices, which only a CPU can use as they are stored
};

/// Published settings of a few-step model, which is distilled to need few steps and no guidance.
struct FewStep {
  int steps = 4;
  double guidance = 1;  ///< off: guidance is distilled into the weights
  double flow_shift = 5;
  std::string scheduler = "euler";  ///< over the levels i / steps (SchedulerConfig::even_levels)
  /// Timesteps of the steps, after the shift, instead of those levels; empty: those of the scheduler.
  std::vector<double> timesteps = {};
};

/// What MagCache (step caches) knows of a model: by which factor the blocks' work grows from one step to the
/// next, measured for a number of steps, and settings.
struct MagRatios {
  double threshold = 0.12;
  int most_skipped = 4;      ///< steps in a row
  double first_share = 0.2;  ///< of the steps, which are computed in full
  std::vector<double> with_prompt, without_prompt;
};

/// A causal model: each block of latent frames attends to itself and to the frames before it alone.
struct CausalFacts {
  int block = 3;                  ///< latent frames of a block
  int window = 21;                ///< latent frames that attention sees, those of the block included
  int sink = 0;                   ///< how many of these are the video's first ones, which stay
  bool window_positions = false;  ///< positions of frames are places in the window, not in the video
  double context_timestep = 0;    ///< at which finished frames pass through the network for the cache
};

/// The stage by which a model refines its own drafts (Note [Finishing] in plan/verbs/upscale.h).
struct Refining {
  double level = 0.6;  ///< noise level that it begins from, from 0 to 1; high, so that shapes become right
  int steps = 4;
};

struct NamedFewStep {
  FewStep settings;
  std::string name;  ///< of the file or folder that shows that it is one
};

/// Facts about a model that planning needs, from its configs and file headers alone.
struct ModelFacts {
  const Family* family = nullptr;
  ModelFolder folder;
  std::filesystem::path tokenizer;  ///< its folder, or the file that contains it

  // Geometry
  int latent_channels = 0;  ///< channels of the latents
  ImageInput image;
  /// Blocks of its control branch, by which it takes masks, reference pictures and control videos
  /// (pipeline/inputs/control_input.h); 0: it has none.
  std::int64_t control_layers = 0;
  std::int64_t text_dim = 0;  ///< width of the prompt embeddings
  int text_rows = 512;        ///< tokens of the prompt embeddings, padded with zeros
  int spatial_scale = 8;      ///< pixels along a side of a latent cell
  int temporal_scale = 4;     ///< frames of a latent frame; the first one is a single frame
  int patch_height = 2;       ///< latent cells along a side of a token
  int patch_width = 2;
  std::string scheduler;  ///< unipc, euler or dpm++
  double flow_shift = 1;
  bool even_levels = false;  ///< the pipeline gives Euler's scheduler the levels i / steps
  /// The network predicts a whole step, to a timestep that it is told (Denoiser::set_target_timestep()):
  /// only Euler's steps fit it.
  bool flow_map = false;
  /// Timesteps that the pipeline gives Euler's scheduler instead of noise levels; empty: none.
  std::function<std::vector<double>(int steps)> timesteps_of_steps;
  /// The flow shift for a number of tokens, of so many latent frames; empty: flow_shift for any.
  std::function<double(std::int64_t tokens, std::int64_t frames)> flow_shift_of_tokens;

  // Defaults: the published ones, replaced by those in the folder's sora-gen.json
  std::string title;          ///< such as "Wan 2.2 TI2V-5B"
  bool is_published = false;  ///< has the size of a published model, and so its published settings
  int width = 832;
  int height = 480;
  int frames = 81;
  double fps = 16;
  /// Rates that the model can be asked for, since it knows its own: videos are made at these. Empty: all are
  /// made at `fps`, and their frames resampled in time.
  std::optional<std::pair<double, double>> fps_range;
  int steps = 50;
  double guidance = 5;
  std::optional<double> guidance_2;
  std::optional<double> image_guidance,
      image_flow_shift;  ///< for a video that begins from an image, if different
  std::string negative_prompt;
  std::optional<NamedFewStep> few_step;         ///< its weights are few-step ones, by their name
  std::string res;                              ///< default size of the file; empty: the native size
  std::vector<std::string> vocabulary;          ///< words it was trained with, sorted; empty: not known
  std::map<std::string, std::string> synonyms;  ///< other words: the word it was trained with
  int max_words = 0;                            ///< of its longest training prompts; 0: not known
  std::vector<double> sigmas;                   ///< noise levels of its steps; empty: those of the scheduler
  std::optional<double> easy_threshold;         ///< of --cache easy; empty: its authors' for Wan 2.1
  std::optional<MagRatios> mag;                 ///< for --cache mag; empty: not measured
  std::optional<CausalFacts> causal;            ///< empty: attention sees all frames of a window
  std::int64_t smallest_area = 0;  ///< pixels; smaller pictures are made at this area and reduced
  /// It composes best when small: what is made of words alone is made at a draft's size, and refined to the
  /// native area by a stage of its own. Empty: it is made at the native area.
  std::optional<Refining> refining;

  // Sizes
  std::uint64_t weight_bytes = 0;                                            ///< all weight files
  std::uint64_t parameters = 0;                                              ///< elements in them
  NetworkSize transformer, transformer_2, text_encoder, image_encoder, vae;  ///< 0 where there is none
  std::uint64_t vae_encoder_parameters =
      0;                             ///< of the VAE's, those that are loaded when something is encoded
  std::int64_t layers = 0;           ///< blocks of the transformer
  std::int64_t ffn_dim = 0;          ///< inner width of their feed-forward
  std::int64_t transformer_dim = 0;  ///< width of the token stream
  std::int64_t heads = 0;            ///< of its self-attention
  /// Peak bytes of the decoder besides its weights, for a video of height x width pixels and any number of
  /// frames, on a CPU or on a device with the general method for convolutions.
  std::function<std::uint64_t(std::int64_t height, std::int64_t width, bool on_cpu)> decoder_bytes;
  /// What ranks that decode strips of the rows exchange within the decoder for a latent frame, all of them
  /// together; none: the decoder works on whole pictures only.
  std::function<std::uint64_t(std::int64_t height, std::int64_t width, int ranks)> strip_bytes;
};

/// A family of models: how they are recognised and described. No function loads a tensor.
class Family {
 public:
  virtual ~Family() = default;

  virtual std::string name() const = 0;

  /// The values of _class_name in model_index.json (diffusers' layout) that belong to the family.
  virtual std::vector<std::string> pipelines() const = 0;

  /// Whether the model in `dir` (empty: files alone) with these replacements is of this family, by names and
  /// shapes. Does not throw; read() reports damaged files.
  virtual bool recognises(const std::filesystem::path& dir, const Replacements& replacements) const = 0;

  /// Reads all file headers of the model, so that missing, pickled or damaged files are found before any
  /// work. Throws Error: no_input, data, refused.
  virtual ModelFacts read(const std::filesystem::path& dir, const Replacements& replacements) const = 0;

  /// The components of a model and where they are. Throws Error like read().
  virtual ModelFolder open(const std::filesystem::path& dir, const Replacements& replacements) const = 0;

  /// The model's scheduler; `flow_shift` is used where the folder has no scheduler config.
  virtual SchedulerConfig scheduler(const ModelFolder& folder, double flow_shift,
                                    bool expand_timesteps) const = 0;

  /// Compares the headers of LoRAs with a component, so that a key that matches nothing is found before any
  /// work. Returns what is left out of them, a line each. Throws Error: usage, no_input, refused, data.
  virtual std::vector<std::string> check_loras(const std::vector<LoraSource>& loras,
                                               const ComponentSource& network) const = 0;

  /// The prompt as it goes to the tokenizer. Prompts that are equal after this have the same embeddings.
  virtual std::string clean_prompt(const std::string& prompt) const = 0;

  /// The system message of --enhance: what a language model is told that is to write a prompt out in the way
  /// that this family was trained with. `from_image`: the video begins from a picture, which it does not see.
  virtual std::string prompt_instruction(bool from_image) const = 0;

  /// The first path that is a few-step model or LoRA by its own name or that of its folder.
  virtual std::optional<NamedFewStep> find_few_step(
      const std::vector<std::filesystem::path>& paths) const = 0;

  /// The networks in a weight file that this family could use, by the names of its tensors alone.
  virtual NetworksInFile networks_in(const Checkpoint& file) const = 0;

  /// Whether `replacements` are a whole model, without a folder.
  virtual bool is_whole_model(const Replacements& replacements) const = 0;

  /// The facts of a published model of this family by its short name (checkpoint/published_models.h), as
  /// read() would give them for its files, which need not be here. None: the family does not know the name.
  virtual std::optional<ModelFacts> published(const std::string& short_name) const;
};

/// Registers a family. To be defined at namespace scope in the family's source file: `const
/// RegisteredFamily<MyFamily> registered;`
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

/// The family of a model. Throws Error (data) where no family recognises it.
const Family& family_of(const std::filesystem::path& dir, const Replacements& replacements = {});

/// The family with this name. Throws Error (internal).
const Family& family_named(const std::string& name);

/// Family::read() of the model's family. Throws Error: no_input, data, refused.
ModelFacts read_model(const std::filesystem::path& dir, const Replacements& replacements = {});

/// Family::published() of the family that knows the name. Throws Error (internal) where none does.
ModelFacts published_facts(const std::string& short_name);

/// The networks in a weight file that any family could use; none where the file cannot be read.
NetworksInFile networks_in(const std::filesystem::path& file);

/// Whether `replacements` are a whole model of some family, without a folder.
bool is_whole_model(const Replacements& replacements);

/// Whether a folder may be a model: it has a model_index.json or weight files, which are not opened.
bool may_be_model(const std::filesystem::path& dir);

/// For families: replaces published defaults by those in the folder's sora-gen.json. Throws Error (data).
void read_own_defaults(ModelFacts& facts);

}  // namespace sora
