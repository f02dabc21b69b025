// The plan: a Request with every default resolved against a model, made before any work.
// Making one reads file headers only; it needs neither libtorch nor a device.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sora/export.h"
#include "sora/request.h"

namespace sora {

/// A stretch of latent frames that is denoised at once. Its leading and trailing frames may be known: made by
/// another window, or given by an image or a clip. They are held clean; the rest is new.
struct Window {
  int first = 0;             ///< index of its first latent frame in the whole video
  int count = 0;             ///< latent frames in it
  int conditioning = 0;      ///< leading latent frames that are held
  int hidden = 0;            ///< of these, how many another window or a clip shows
  int conditioning_end = 0;  ///< trailing latent frames that are held
  int hidden_end = 0;        ///< of these, how many another window or a clip shows
  bool anchored = false;     ///< the video's first latent frame stands in for the first of the held ones
};

/// Length of a tile and how much of it neighbours share, in latent cells.
struct TileAxis {
  std::int64_t size = 0;
  std::int64_t overlap = 0;
};

/// Overlapping pieces, worked on one by one and blended (plan/geometry/tiles.h). What is larger than the
/// whole is the whole.
struct Tiling {
  TileAxis frames, rows, columns;
};

/// What the header of an input says.
struct InputFacts {
  int width = 0;  ///< as shown
  int height = 0;
  double fps = 0;            ///< 0: not known, or an image
  bool steady_rate = false;  ///< all frames last equally long
  double duration = 0;       ///< seconds, as claimed; 0: not known
  std::int64_t frames = 0;   ///< as claimed; 0: not known
  bool is_image = false;
  std::string codec;  ///< of the video, libav's name
  std::string pix_fmt;
  bool turned = false;  ///< is shown turned, mirrored or with pixels that are not square
  bool has_audio = false;
  std::string audio_codec;  ///< libav's name; empty: no sound
  std::string audio_kind;   ///< equal for sounds that can follow one another in a stream
  std::string parameters;   ///< of the run that made it, as JSON; empty: it does not say
};

/// A word of the prompt that the model was not trained with.
struct UnknownWord {
  std::string word;
  std::string
      nearest;  ///< a word that it was trained with and that means or looks the same; empty: none does

  bool operator==(const UnknownWord&) const = default;
};

/// A storyboard's prompt, from a time on.
struct Shot {
  double time = 0;  ///< seconds
  std::string prompt;
};

/// A picture that a storyboard shows at a time.
struct ShotImage {
  double time = 0;
  std::string path;
  int latent = 0;  ///< latent frame that stands for it, counted over the whole video
};

/// How long the parts of a run took on this machine before, scaled to a plan.
struct Pace {
  double load = 0;    ///< seconds until the first step, the model's loading included
  double steps = 0;   ///< seconds in all denoising steps
  double frames = 0;  ///< seconds for decoding and writing all frames
  int runs = 0;       ///< how many runs say so

  double total() const { return load + steps + frames; }
};

/// What a part of a run needs, estimated, in GB.
struct PhaseMemory {
  std::string phase;  ///< text, image, denoise or decode
  double ram = 0;     ///< of the process
  double device = 0;  ///< of a GPU
};

/// The model that a request means.
struct ModelChoice {
  std::filesystem::path dir;
  std::string name;                  ///< folder name
  std::string digest;                ///< tells models apart (checkpoint/model_digest.h)
  std::string family;                ///< whose code runs it, such as Wan
  std::string pipeline;              ///< class name in model_index.json, such as WanPipeline
  std::uint64_t weight_bytes = 0;    ///< size of all weight files
  std::int64_t transformer_dim = 0;  ///< width of its tokens
  std::int64_t text_dim = 0;         ///< width of the prompt's vectors
  int text_rows = 512;               ///< how many of them the denoiser is given
};

/// What it begins from beside the prompt.
struct Inputs {
  std::optional<InputFacts> video;    ///< of request.input
  std::optional<InputFacts> video_2;  ///< of request.input_2
  std::vector<Shot> shots;            ///< storyboard; else empty
  std::vector<ShotImage> shot_images;
  double fade = 0;  ///< seconds, half of them before a shot's time
};

/// A small video made large (plan/finish.h).
struct Upscale {
  bool active = false;  ///< this plan begins from a smaller video
  int draft_width = 0;  ///< the size at which that video was made: the picture is its, looked at so small
  int draft_height = 0;
};

struct Sampling {
  std::string preset;  ///< fast, or none
  int steps = 0;
  int first_step = 0;  ///< remix, finish: steps that are left out
  double guidance = 1;
  double guidance_2 = 1;
  double flow_shift = 1;
  std::string scheduler;     ///< unipc, euler or dpm++
  bool even_levels = false;  ///< euler: the noise levels of few-step models
  std::string negative_prompt;
  std::optional<double> boundary_ratio;  ///< two experts: share of the noise levels of the first
  bool expand_timesteps = false;         ///< per-token timesteps
};

/// Sizes, in pixels and in latent cells.
struct Picture {
  int model_width = 0;  ///< size that the network makes, a multiple of its grid
  int model_height = 0;
  int crop_width = 0;  ///< centre crop of it with the wanted aspect
  int crop_height = 0;
  int frame_width = 0;  ///< size of the frames that the writer is given: the crop's, or the file's
  int frame_height = 0;
  int width = 0;  ///< size of the file
  int height = 0;
  bool enlarged = false;  ///< the crop is resampled (Lanczos) to the size of the file
  int latent_channels = 0;
  int latent_height = 0;
  int latent_width = 0;
  std::optional<Tiling> tiling;      ///< of each step's predictions; empty: the whole window at once
  std::optional<Tiling> vae_tiling;  ///< of the VAE; empty: whole pictures
};

struct Timeline {
  double model_fps = 0;           ///< rate at which the model makes frames
  double fps = 0;                 ///< rate of the file
  std::int64_t frames = 0;        ///< frames in the file, exactly; beside a clip: new ones
  std::int64_t model_frames = 0;  ///< frames that the model makes
  int latent_frames = 0;          ///< over all windows
  std::vector<Window> windows;
  double drift_control = 0;  ///< how firmly later windows are held to the look of the first; 0: not
};

struct Output {
  std::string path;       ///< or "-"
  std::string container;  ///< libav's name of the muxer, or y4m, rgb24, png, jpg, webp
  std::string codec;
  int crf = 18;
  std::string pix_fmt;
  std::vector<std::string> audio;  ///< files whose sound is copied into it, in the order of being heard
};

/// What computes it, and what is in memory meanwhile.
struct Machine {
  std::string device;  ///< cpu or cuda:N
  std::string dtype;
  int threads = 0;
  /// What leaves memory while it is not needed: none; text, the text encoder before the rest is loaded;
  /// stored, that, and the transformers stay in memory as their files have them; stream, that, and they stay
  /// in the files, or for a GPU in the host's memory, until a little before they are used.
  std::string offload;
  std::uint64_t prefetch_bytes = 0;  ///< stream: bytes that are brought before they are used
  bool stream_from_host = false;     ///< stream to a GPU: all lie in the host's memory; else in the files
  std::vector<PhaseMemory> memory;
  double peak_memory_gb = 0;        ///< the most of `memory`, of the device where one is used
  bool frees_text_encoder = false;  ///< it leaves memory before the denoiser is loaded
  bool text_fits_beside = true;     ///< or could stay, beside the rest
  std::string text_cache_key;       ///< tells what encodes prompts, and how; empty: nothing is kept on disk
  bool text_cached = false;         ///< all its texts were encoded by earlier runs
  std::optional<Pace> pace;         ///< learnt from past runs here; make_plan() leaves it empty
  double slowdown = 1;  ///< by other programs at work: 2 is twice as long, which the pace includes
  std::optional<double> seconds_estimate;  ///< of the whole run, from the pace
};

struct Plan {
  Request request;  ///< as given, with seed and output filled in

  ModelChoice model;
  Inputs inputs;
  Sampling sampling;
  Picture picture;
  Timeline timeline;
  Output output;
  Machine machine;

  Upscale upscale;
  std::vector<Plan> before;  ///< upscaling: what is made first, each from the one before it

  std::vector<UnknownWord> unknown_words;  ///< of the prompts, that the model says it has never seen
  std::size_t prompt_words = 0;       ///< words of the prompts, each counted once; 0: the model has no list
  std::vector<std::string> warnings;  ///< what a user should know before a run: options without effect
  std::vector<std::string> notes;     ///< plain words: what will be enlarged, cropped, windowed
};

/// Makes plans, and remembers the models that it has looked at: planning a hundred thousand jobs reads each
/// model's headers once.
class SORA_API Planner {
 public:
  Planner();
  ~Planner();
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  /// As make_plan().
  Plan plan(const Request& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Resolves `request` against the model that it names.
/// Throws Error: usage (option out of range), no_input (no such model), data (bad files), refused
/// (pickled weights), unavailable (does not fit).
SORA_API Plan make_plan(const Request& request);

/// The plan for people, one fact a line, and for programs: JSON, on one line when `indent` is -1.
SORA_API std::string plan_text(const Plan& plan);
SORA_API std::string plan_json(const Plan& plan, int indent = 2);

}  // namespace sora
