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

/// Latent frames that are denoised at once. Some at its start and its end may be conditioning frames: made by
/// another window, or encoded from an image or a clip. They stay clean; the others are new.
struct Window {
  int first = 0;             ///< index of its first latent frame in the whole video
  int count = 0;             ///< latent frames in it
  int conditioning = 0;      ///< conditioning frames at its start
  int hidden = 0;            ///< how many of these are not shown, since another window or a clip shows them
  int conditioning_end = 0;  ///< conditioning frames at its end
  int hidden_end = 0;        ///< how many of these are not shown
  bool anchored = false;     ///< its first conditioning frame is the anchor, the video's first latent frame
};

/// Length of a tile and its overlap with the next one, in latent cells or latent frames.
struct TileAxis {
  std::int64_t size = 0;
  std::int64_t overlap = 0;
};

/// Overlapping tiles that a network works on one by one and that are blended (plan/geometry/tiles.h). A size
/// larger than the picture or the window means all of it.
struct Tiling {
  TileAxis frames, rows, columns;
};

/// Facts from the header of an input.
struct InputFacts {
  int width = 0;  ///< as shown
  int height = 0;
  double fps = 0;            ///< 0: not known, or an image
  bool steady_rate = false;  ///< all frames are shown for equally long
  double duration = 0;       ///< seconds by the header, unchecked; 0: not known
  std::int64_t frames = 0;   ///< by the header, unchecked; 0: not known
  bool is_image = false;
  std::string codec;  ///< of the video, libav's name
  std::string pix_fmt;
  bool turned = false;  ///< shown rotated, mirrored or with pixels that are not square
  bool has_audio = false;
  std::string audio_codec;  ///< libav's name; empty: no sound
  std::string audio_kind;   ///< equal for sound that can be concatenated in one stream
  std::string parameters;   ///< of the run that made it, as JSON (plan/metadata.h); empty: there are none
};

/// A file of kept latents that a plan goes on from (plan/kept_latents.h).
struct ClipLatents {
  std::string path;
  std::string digest;      ///< SHA-256 of the file, hexadecimal
  bool has_start = false;  ///< latents of the clip's first frames, which fit the plan
  bool has_end = false;    ///< of its last frames
  /// The clip ends within a window: these latent frames of its window number `last_window` are conditioning
  /// frames, and the window is made to its full length. 0: not so; `end` is used.
  int continued = 0;
  int last_window = 0;
};

/// A word of the prompt that the model was not trained with.
struct UnknownWord {
  std::string word;
  /// A word that it was trained with, of the same meaning or a similar spelling; empty: there is none.
  std::string nearest;

  bool operator==(const UnknownWord&) const = default;
};

/// A prompt of a storyboard, which applies from a time on.
struct Shot {
  double time = 0;  ///< seconds
  std::string prompt;
};

/// A picture that a storyboard shows at a time.
struct ShotImage {
  double time = 0;
  std::string path;
  int latent = 0;  ///< the latent frame that shows it, counted over the whole video
};

/// How long a run will take, by past runs on this machine.
struct Pace {
  double load = 0;    ///< seconds until the first step, the model's loading included
  double steps = 0;   ///< seconds in all denoising steps
  double frames = 0;  ///< seconds for decoding and writing all frames
  int runs = 0;       ///< past runs that this is estimated from

  double total() const { return load + steps + frames; }
};

/// Estimated memory of a phase of a run, in GB.
struct PhaseMemory {
  std::string phase;  ///< text, image, denoise or decode
  double ram = 0;     ///< in the host's memory
  double device = 0;  ///< in the GPU's memory
};

/// The largest value of a plan's phases with one --offload, of the GPU's memory where one is used.
struct OffloadMemory {
  std::string offload;
  double peak_gb = 0;
};

/// The model of a request.
struct ModelChoice {
  std::filesystem::path dir;
  std::string name;                  ///< folder name
  std::string digest;                ///< differs between models (checkpoint/model_digest.h)
  std::string vae_digest;            ///< the same of its video autoencoder alone
  std::string family;                ///< Family::name(), such as Wan
  std::string pipeline;              ///< class name in model_index.json, such as WanPipeline
  std::uint64_t weight_bytes = 0;    ///< size of all weight files
  std::int64_t transformer_dim = 0;  ///< width of the transformer's tokens
  std::int64_t text_dim = 0;         ///< width of the prompt embeddings
  int text_rows = 512;               ///< tokens of the prompt embeddings
};

/// A rectangle of a picture, in pixels.
struct Area {
  int left = 0, top = 0, width = 0, height = 0;
};

/// A part of the picture that edit makes anew, in the frames first .. end - 1.
struct EditBox {
  Area area;  ///< in the file's frames
  std::int64_t first = 0, end = 0;
};

/// What the control branch of a model is given (VACE): masks, reference pictures, a control video.
struct Control {
  bool active = false;         ///< the model has a control branch
  bool edits = false;          ///< frames of request.input are kept outside of a mask
  Area source;                 ///< edit: where the input lies in the file's frames
  std::vector<EditBox> boxes;  ///< edit: what is made anew, without a mask file
  bool outpaints = false;      ///< edit: all around `source` is made anew
  bool follows = false;        ///< a control video
  bool edges = false;          ///< edges are drawn from the control video's frames
  double scale = 1;            ///< how strongly the branch acts
  int references = 0;  ///< reference pictures: as many latent frames are denoised before each window's own
  bool composite = false;  ///< edit: outside of the mask, the file has the pixels of the input
};

/// What the video begins from besides the prompt.
struct Inputs {
  std::optional<InputFacts> video;       ///< of request.input
  std::optional<InputFacts> video_2;     ///< of request.input_2
  std::optional<InputFacts> mask;        ///< of request.mask
  std::optional<InputFacts> control;     ///< of request.control
  std::optional<ClipLatents> latents;    ///< of request.input; of a draft that is made again: its own
  std::optional<ClipLatents> latents_2;  ///< of request.input_2
  std::vector<Shot> shots;               ///< storyboard; else empty
  std::vector<ShotImage> shot_images;
  double fade = 0;  ///< seconds in which a prompt takes over, half of them before the shot's time
};

/// An upscale stage (plan/verbs/upscale.h).
struct Upscale {
  bool active = false;  ///< this plan is one: it enlarges the frames of a smaller video
  int draft_width = 0;  ///< size of the draft: reduced to it, the stage's frames equal the draft's
  int draft_height = 0;
  bool follows_draft = true;  ///< false: they need not (ModelFacts::refining in models/family.h)
};

/// A step cache: where the network's work changes little from step to step, some steps use that of an earlier
/// one (sampling/block_cache.h).
struct StepCache {
  std::string method;            ///< easy, mag or first-block; empty: off
  double threshold = 0;          ///< of the change that is tolerated
  double first_share = 0;        ///< easy, mag: this share of the steps, at the start, is computed in full
  int most_skipped = 0;          ///< mag: steps in a row
  std::vector<double> ratios;    ///< mag: of each step, with the prompt
  std::vector<double> ratios_2;  ///< the same without it
  int computed = 0;              ///< steps that are expected to be computed; for mag exactly these
};

/// A causal model makes a video block by block. Attention sees the block and frames before it, whose keys and
/// values are kept in a cache (models/networks/causal_session.h).
struct CausalSampling {
  int block = 0;                  ///< latent frames of a block; 0: the model is not causal
  int window = 0;                 ///< latent frames that attention sees at most, those of the block included
  int sink = 0;                   ///< how many of these are the video's first ones, which stay
  bool window_positions = false;  ///< positions of frames are places in the window, not in the video
  double context_timestep = 0;    ///< at which finished frames pass through the network for the cache
};

struct Sampling {
  std::string preset;  ///< fast, or none
  int steps = 0;
  int first_step = 0;  ///< remix, finish: steps before it are skipped
  double guidance = 1;
  double guidance_2 = 1;
  double flow_shift = 1;
  std::string scheduler;     ///< unipc, euler, dpm++ or lcm
  bool even_levels = false;  ///< euler: evenly spaced noise levels, as few-step models take them
  std::string negative_prompt;
  std::optional<double> boundary_ratio;  ///< two experts: noise level below which the second takes over
  bool expand_timesteps = false;         ///< per-token timesteps
  std::vector<double> sigmas;            ///< noise levels of the steps; empty: the scheduler's own
  int guidance_begin = 0;                ///< guidance in the steps from here on
  int guidance_end = 1 << 30;            ///< and before this one
  StepCache cache;
  CausalSampling causal;
};

/// Sizes, in pixels and in latent cells.
/// What --tiny-vae does.
struct TinyDecoder {
  bool decodes_file = false;  ///< the file's frames; else previews alone
  double bytes = 0;           ///< of memory, while it decodes
};

struct Picture {
  int model_width = 0;  ///< size that the network makes, a multiple of its grid
  int model_height = 0;
  int crop_width = 0;  ///< its centre crop, with the aspect of the file
  int crop_height = 0;
  int frame_width = 0;  ///< size of the frames that go to the writer: the crop's, or the file's
  int frame_height = 0;
  int width = 0;  ///< size of the file
  int height = 0;
  bool enlarged = false;  ///< the crop is resampled (Lanczos) to the size of the file
  int latent_channels = 0;
  int latent_height = 0;
  int latent_width = 0;
  std::optional<Tiling> tiling;      ///< of the transformer; empty: the whole window at once
  std::optional<Tiling> vae_tiling;  ///< of the VAE; empty: whole pictures
  TinyDecoder tiny;
};

struct Timeline {
  double model_fps = 0;           ///< rate at which the model makes frames
  double fps = 0;                 ///< rate of the file
  std::int64_t frames = 0;        ///< frames in the file, exactly; beside a clip: new ones
  std::int64_t model_frames = 0;  ///< frames that the model makes
  int latent_frames = 0;          ///< over all windows
  std::vector<Window> windows;
  double drift_control = 0;  ///< strength of drift control: 0 is off, 1 corrects all drift
};

struct Output {
  std::string path;       ///< or "-"
  std::string container;  ///< libav's name of the muxer, or y4m, rgb24, png, jpg, webp
  std::string codec;
  int crf = 18;
  std::string pix_fmt;
  std::vector<std::string> audio;  ///< files whose sound is copied into it, in the order in which it is heard
  bool credentials = false;        ///< the output gets content credentials (provenance/sign.h)
  std::string credentials_sidecar;  ///< the file that they go into; empty: into the output itself
  std::string credentials_text;     ///< for people: how the output is signed, or why it is not
  bool watermark = false;           ///< new frames get an invisible mark (watermark/embed.h)
  std::string watermark_text;       ///< for people: what is marked, or why nothing is
};

/// How the work on one video is divided among ranks: threads of this process, each with a device of its own,
/// or processes.
struct Parallel {
  int guidance = 1;  ///< 2: the predictions with and without the prompt are made at once, on different ranks
  int sequence = 1;  ///< ranks that divide the tokens of a prediction
  int decode = 1;    ///< ranks that divide the rows of the frames that are decoded, the first ones of all
  std::uint64_t decode_bytes = 0;    ///< what these exchange for a latent frame, all together
  std::vector<std::string> devices;  ///< of ranks in one process; empty: one rank, or each is a process
  std::string text;                  ///< for people: why it is divided like this

  // Of processes
  int rank = 0;         ///< of this process; 0 makes the video, the others only compute for it
  std::string address;  ///< where they meet
  int port = 0;
  bool on_one_machine = false;  ///< all of them

  int ranks() const { return guidance * sequence; }
  bool of_processes() const { return port > 0; }
};

/// The device that computes, and what is in memory meanwhile.
struct Machine {
  std::string device;  ///< cpu or cuda:N
  Parallel parallel;   ///< several devices
  double free_gb = 0;  ///< of a GPU's memory, what a plan can have; 0: not known, or the CPU
  std::string dtype;
  int threads = 0;
  /// How memory is saved. none: not at all. text: the text encoder is freed before the rest is loaded.
  /// stored: also, the transformers' weights stay in memory as their files have them. shard: as stored, but
  /// each of the ranks that make a prediction together has a share of them. stream: as text, but these
  /// weights stay in the files, or for a GPU in the host's memory, and are prefetched a little before they
  /// are used.
  std::string offload;
  std::uint64_t prefetch_bytes = 0;  ///< shard, stream: bytes that are prefetched
  bool stream_from_host = false;     ///< stream to a GPU: from the host's memory; else from the files
  std::vector<PhaseMemory> memory;
  double peak_memory_gb = 0;   ///< largest value in `memory`, of the GPU where one is used
  double memory_limit_gb = 0;  ///< what the plan may use: --max-memory, else what is free; 0: not known
  std::vector<OffloadMemory> offload_memory;  ///< of each value of --offload, whether it fits or not
  bool frees_text_encoder = false;            ///< before the denoiser is loaded
  bool text_fits_beside = true;               ///< the text encoder would also fit beside the other networks
  std::string text_cache_key;  ///< identifies the text encoder in the text cache; empty: there is no cache
  bool text_cached = false;    ///< all prompts of the plan are in the text cache
  double slowdown = 1;         ///< by other programs at work: 2 doubles the time; the pace includes it
  std::optional<Pace> pace;    ///< set by estimate_pace(); make_plan() leaves it empty
  std::optional<double> seconds_estimate;  ///< of the whole run, from the pace
};

struct Plan {
  Request request;  ///< as given, with seed and output filled in

  ModelChoice model;
  Inputs inputs;
  Control control;
  Sampling sampling;
  Picture picture;
  Timeline timeline;
  Output output;
  Machine machine;

  Upscale upscale;
  std::vector<Plan>
      before;  ///< of upscale stages: the plans that are run first, each from the frames of the last

  std::vector<UnknownWord> unknown_words;  ///< of the prompts; the model was not trained with them
  std::size_t prompt_words = 0;            ///< words of the prompts, each counted once; 0: no word list
  std::vector<std::string> warnings;       ///< for the user before a run, such as options without effect
  std::vector<std::string> notes;          ///< for people: what will be enlarged, cropped, made in windows
};

/// Makes plans, and remembers the models of earlier ones: for a hundred thousand jobs, the headers of each
/// model are read once.
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

/// The plan for people, one fact a line; and for programs, as JSON (on one line when `indent` is -1).
SORA_API std::string plan_text(const Plan& plan);
SORA_API std::string plan_json(const Plan& plan, int indent = 2);

}  // namespace sora
