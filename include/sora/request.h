// The options of a video. The command line, a line of a prompts file and the metadata in a finished file all
// set this struct; visit_request() lists its fields once, for all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sora {

/// What to make. An empty optional means the model's own default; a Plan has the resolved values.
struct Request {
  // What is seen
  std::string prompt;
  std::optional<std::string> negative_prompt;
  /// The prompt before it was enhanced; of a storyboard its shots, one a line.
  std::optional<std::string> original_prompt;
  bool strict_words = false;  ///< refuse a prompt with words that the model was not trained with

  // What it begins from
  /// generate (from noise alone), animate (a picture), extend, connect, loop, remix or finish (a video),
  /// storyboard (prompts at times), live (prompts that are typed meanwhile)
  std::string verb = "generate";
  std::optional<std::string> image;       ///< animate: the first frame
  std::optional<std::string> last_image;  ///< animate: the last frame
  std::optional<std::string> input;       ///< extend, connect, loop, remix, finish: a video
  std::optional<std::string> input_2;     ///< connect: the video at the end of the transition
  std::optional<std::string> fit;  ///< cover, contain, stretch: how an input of another shape is fitted
  std::optional<std::string> background;  ///< "#rrggbb", black, white, grey: behind transparency, in bars
  /// remix: 0 leaves the input unchanged, 1 ignores it; finish, --refine: the noise level that a stage begins
  /// from
  std::optional<double> strength;
  bool backward = false;  ///< extend: before the clip instead of after it
  bool only_new = false;  ///< extend, connect, loop: leave out the frames of the input
  bool no_audio = false;  ///< extend, connect, remix: leave out the sound of the input
  bool copy = false;  ///< extend, connect, loop: copy the input's coded frames, without encoding them again
  std::vector<std::string> shot;        ///< storyboard: "TIME PROMPT", the first at 0:00; plan/verbs/story.h
  std::vector<std::string> shot_image;  ///< storyboard: "TIME FILE", an image to show at that time
  std::optional<double> fade;  ///< storyboard: seconds in which a prompt takes over from the one before
  /// extend, connect, loop, finish: the kept latents of the (first) clip, or none; default: the file beside
  /// the clip (plan/kept_latents.h)
  std::optional<std::string> latents;
  // For models with a control branch (VACE); plan/verbs/edit/
  std::optional<std::string> mask;          ///< edit: a picture or a video; what is white is made anew
  std::vector<std::string> box;             ///< edit: "X,Y,W,H" or "X,Y,W,H@TIME-TIME", instead of a mask
  std::optional<std::string> outpaint;      ///< edit: "16:9" or "WxH", the frame that the input grows to
  std::vector<std::string> reference;       ///< generate, edit: pictures of what the video is to show
  std::optional<std::string> control;       ///< generate, edit: a video of depth, poses or edges to follow
  std::optional<std::string> control_kind;  ///< edges: drawn from the control video's frames; none: as it is
  std::optional<double> control_scale;      ///< how strongly all of these act; default: 1
  bool no_composite = false;  ///< edit: outside of the mask, too, the pixels are those of the network

  // How long and how large
  std::optional<double> seconds;        ///< the file has exactly round(seconds * fps) frames
  std::optional<int> frames;            ///< instead of seconds
  std::optional<double> drift_control;  ///< strength that keeps later windows like the first; 0 is off
  std::optional<double> fps;            ///< resamples in time; it does not change the speed
  std::optional<std::string> res;       ///< "WxH", "720p", "4k" and others: plan/geometry/size.h
  std::optional<std::string> aspect;    ///< "16:9", with a named res or alone
  bool draft = false;                   ///< small and fast, for finish to make large
  bool refine = false;  ///< sizes beyond the native one are made in upscale stages instead of being enlarged

  // Which model, and how it is run
  std::string model = "default";  ///< a folder, or a name found on the search path
  /// Files (safetensors or GGUF, in any known layout) that replace parts of the model; without a `model`,
  /// transformer, vae and text_encoder together are a whole one.
  std::optional<std::string> transformer;
  std::optional<std::string> transformer_2;  ///< the low-noise expert
  std::optional<std::string> vae;
  std::optional<std::string> text_encoder;
  std::optional<std::string> image_encoder;  ///< of models that attend to an image (Wan 2.1 I2V, FLF2V)
  /// A tiny decoder (TAEHV): of previews, drafts and live films, and with tiny_result of any file.
  std::optional<std::string> tiny_vae;
  bool tiny_result = false;
  std::vector<std::string> lora;    ///< FILE or FILE:strength, merged into the transformer in this order
  std::vector<std::string> lora_2;  ///< the same for the low-noise expert
  bool lora_strict = false;         ///< refuse LoRAs with tensors that the model has no place for
  /// fast: steps, guidance, shift and scheduler of the published few-step models and LoRAs; none: the model's
  /// own, even where weights or a LoRA are few-step ones by their name. Options that are given override both.
  std::optional<std::string> preset;
  std::optional<int> steps;
  std::optional<double> guidance;    ///< classifier-free guidance scale; 1 is off
  std::optional<double> guidance_2;  ///< for the low-noise expert; default: guidance
  std::optional<double> flow_shift;
  std::optional<std::string> scheduler;  ///< unipc, euler, dpm++, lcm
  std::optional<std::uint64_t> seed;     ///< random when empty
  /// Noise levels of the steps, as "1, 0.94, 0.83, 0.63" (or timesteps, "1000, 757, 522"), instead of steps
  /// and flow_shift; plan/model/noise_levels.h
  std::optional<std::string> sigmas;
  std::optional<std::string> guidance_range;  ///< "A:B": guidance in this share of the steps only
  /// off, easy, mag or first-block, with ":threshold" where it is to be another than the usual one
  std::optional<std::string> cache;
  std::vector<std::string> live_log;  ///< live: what was typed, as "BLOCK WHAT" (plan/verbs/live_log.h)
  /// Of causal models: latent frames that attention sees, those of a block included; and how many of these
  /// are the video's first ones, which stay.
  std::optional<int> attention_window;
  std::optional<int> attention_sink;

  // Where it goes
  std::optional<std::string> output;         ///< a path, "-" for stdout; default <slug>-<seed>.mp4
  std::optional<std::string> contact_sheet;  ///< a file: one picture of frames from all of the video
  std::optional<std::string> thumbnail;      ///< a file: a picture of one frame
  bool overwrite = false;
  std::optional<std::string> format;  ///< container or raw stream for stdout: mp4, y4m, rgb24, ...
  std::optional<std::string> codec;   ///< h264, hevc, av1, vp9, ffv1
  std::optional<int> crf;
  std::optional<std::string> pix_fmt;

  std::optional<int> checkpoint_every;  ///< steps from one save of the latents to the next; 0: never
  bool sidecar = false;                 ///< also write the parameters into <output>.json
  bool keep_latents = false;            ///< also write the latents into <output>.latents.safetensors
  /// Content credentials (docs/provenance.md): by default where the library is there and the format can carry
  /// them.
  bool credentials = false;        ///< they must be made; else it is an error
  bool no_credentials = false;     ///< make none
  bool sign_prompt = false;        ///< the credentials have the prompt, too
  bool no_prompt_in_file = false;  ///< no words of a prompt in metadata, credentials, names and pages
  bool visible_mark = false;       ///< a small mark in a corner of the pictures: AI
  bool no_watermark = false;       ///< no invisible mark in the pixels (docs/provenance.md)

  // On what
  std::string device = "auto";       ///< auto, cpu, cuda, cuda:N
  std::optional<std::string> dtype;  ///< float32, bfloat16 (CUDA)
  std::optional<int> threads;
  std::optional<double> max_memory;  ///< GB
  std::string offload = "auto";      ///< auto, none, text, stored, shard or stream: Machine::offload
  std::string text_cache = "auto";   ///< auto, on or off: save prompt embeddings on disk
  std::optional<std::string> gpus;   ///< for one video: how many, or which, as "0,2"
  std::optional<std::string>
      parallel;  ///< how they divide the work: auto, off, "guidance:2,sequence:2,decode:4"

  // For tests and comparisons between engines
  std::optional<std::string> init_noise;    ///< safetensors file with `latents` [1, C, T, h, w]
  std::optional<std::string> dump_tensors;  ///< safetensors file to write
};

/// What an option decides, and thus who may set it. The command line, a prompts file, --config and a request
/// to serve may set any option. The parameters inside a video may be forged: of them only options of the kind
/// `video` are applied, and the name of the model, which is then looked for. They cannot make the program
/// open or write a file, or choose a device.
enum class OptionKind {
  video,    ///< what is made
  model,    ///< the model; recorded in a file, only its name is used, to look for an installed model
  source,   ///< a file to open; to make a video again, it has to be given again
  machine,  ///< which files are written or replaced, and on which device, with how many threads and how much
            ///< memory
};

/// Calls v(name, field, kind, help) for every option of a Request, in the order of the help text.
/// `name` uses underscores, as in JSON; the command line replaces them by dashes.
template <class R, class V>
void visit_request_kinds(R& r, V&& v) {
  using enum OptionKind;
  v("prompt", r.prompt, video,
    "what to show; - reads standard input; default of a verb: the prompt that its file was made with");
  v("negative_prompt", r.negative_prompt, video, "what not to show; default: the model's own");
  v("strict_words", r.strict_words, machine, "refuse prompts with words that the model has never seen");
  v("original_prompt", r.original_prompt, video,
    "what the prompt was before it was enhanced; kept in the file, and nothing is made of it");
  v("verb", r.verb, video,
    "generate, animate, extend, connect, loop, remix, edit, finish, storyboard or live");
  v("image", r.image, source, "picture that animate or a storyboard begins with");
  v("last_image", r.last_image, source, "picture that animate ends with");
  v("input", r.input, source, "video that extend, connect, loop, remix, edit and finish begin from");
  v("input_2", r.input_2, source, "video at the end of the transition of connect");
  v("fit", r.fit, video, "how inputs of another shape are fitted: cover, contain or stretch; default: cover");
  v("background", r.background, video, "#rrggbb, black, white or grey, behind transparency and in bars");
  v("strength", r.strength, video,
    "remix: 0 leaves the input unchanged, 1 ignores it; default: 0.6; finish: noise level; default: 0.3");
  v("backward", r.backward, video, "extend: new footage before the clip");
  v("only_new", r.only_new, video, "extend, connect, loop: leave out the frames of the input");
  v("no_audio", r.no_audio, video, "extend, connect, remix, edit: drop the sound of the input");
  v("copy", r.copy, video,
    "extend, connect, loop: copy the input's coded frames instead of encoding them again");
  v("shot", r.shot, video, "storyboard: \"0:04 a storm\", a time and a prompt; may be given several times");
  v("shot_image", r.shot_image, source, "storyboard: \"0:08 photo.jpg\", an image to show at that time");
  v("fade", r.fade, video,
    "storyboard: seconds in which a prompt takes over from the one before; default: 1");
  v("latents", r.latents, source,
    "extend, connect, loop, finish: the kept latents of the clip, or none; default: those beside it");
  v("mask", r.mask, source, "edit: a picture or a video of the clip's size; what is white is made anew");
  v("box", r.box, video,
    "edit: X,Y,W,H in pixels, is made anew; @TIME-TIME after it: then only; may be given several times");
  v("outpaint", r.outpaint, video, "edit: grow the picture to an aspect ratio, 16:9, or a size, WxH");
  v("reference", r.reference, source,
    "generate, edit: a picture of someone or something to show; up to four times");
  v("control", r.control, source,
    "generate, edit: a video of depth, poses or edges, which the new one follows");
  v("control_kind", r.control_kind, video,
    "edges: draw the edges of the control video's pictures and follow these; default: none");
  v("control_scale", r.control_scale, video,
    "how strongly mask, references and control video act, 0 to 2; default: 1");
  v("no_composite", r.no_composite, video,
    "edit: outside of the mask, too, show the network's pixels, which differ a little from the clip's");
  v("seconds", r.seconds, video,
    "length: seconds, or 500ms, 1m30s, 1:30; default: the model's native length");
  v("frames", r.frames, video, "length in frames, instead of --seconds");
  v("drift_control", r.drift_control, video,
    "long videos: how strongly colour and contrast of the start are kept, 0 to 1; default: 0.9");
  v("fps", r.fps, video,
    "frames per second; a rate other than the model's resamples in time, at the same speed");
  v("res", r.res, video, "size: WxH, 480p, 720p, 1080p, 1440p, 4k or 8k; default: the model's native size");
  v("aspect", r.aspect, video, "aspect ratio W:H, for a named or the native size");
  v("draft", r.draft, video, "small and fast; sora-gen finish makes it large");
  v("refine", r.refine, video,
    "make sizes beyond the native one in upscale stages instead of enlarging the frames");
  v("model", r.model, model, "a model's folder or file, or a name on the search path");
  v("transformer", r.transformer, source, "file that replaces the model's transformer (safetensors, GGUF)");
  v("transformer_2", r.transformer_2, source, "file that replaces its low-noise expert");
  v("vae", r.vae, source, "file that replaces its VAE");
  v("text_encoder", r.text_encoder, source, "file that replaces its text encoder");
  v("image_encoder", r.image_encoder, source, "file that replaces its image encoder (CLIP)");
  v("tiny_vae", r.tiny_vae, source,
    "a tiny decoder (TAEHV: taew2_1.safetensors and others): shows previews, drafts and live films sooner");
  v("tiny_result", r.tiny_result, video, "decode the finished video with --tiny-vae, too");
  v("lora", r.lora, source, "LoRA, as FILE or FILE:strength; may be given several times");
  v("lora_2", r.lora_2, source, "LoRA of the low-noise expert");
  v("lora_strict", r.lora_strict, machine,
    "refuse a LoRA with tensors for modules that the model has not, instead of leaving those out");
  v("preset", r.preset, video,
    "fast: settings for distilled few-step models and LoRAs; none: the model's own");
  v("steps", r.steps, video, "denoising steps");
  v("guidance", r.guidance, video, "classifier-free guidance scale; 1 turns it off");
  v("guidance_2", r.guidance_2, video, "guidance scale of the low-noise expert");
  v("flow_shift", r.flow_shift, video, "shift of the noise schedule");
  v("scheduler", r.scheduler, video, "unipc, euler, dpm++ or lcm");
  v("seed", r.seed, video, "one seed, one video; default: random, printed and stored");
  v("sigmas", r.sigmas, video,
    "noise levels of the steps, as 1,0.94,0.83,0.63, or timesteps, as 1000,757,522; instead of --steps and "
    "--flow-shift");
  v("guidance_range", r.guidance_range, video,
    "guidance only in a part of the steps, as shares: 0:0.6 for the first 60 percent");
  v("cache", r.cache, video,
    "use the network's work of one step in the next where it changes little: easy, mag or first-block, also "
    "with a threshold as in easy:0.08; default: off");
  v("live_log", r.live_log, video,
    "live: \"BLOCK WHAT\", as a film that was made live says what was typed; may be given several times");
  v("attention_window", r.attention_window, video,
    "causal models: latent frames that attention sees, those of the block included; default: the model's");
  v("attention_sink", r.attention_sink, video,
    "causal models: how many of these are the video's first ones, which stay; default: the model's");
  v("output", r.output, machine, "output file; - is standard output");
  v("contact_sheet", r.contact_sheet, machine,
    "also write one picture of frames from all of the video: .png, .jpg, .webp or .avif");
  v("thumbnail", r.thumbnail, machine, "also write a picture of one frame: .png, .jpg, .webp or .avif");
  v("overwrite", r.overwrite, machine, "replace an existing output");
  v("format", r.format, video, "container, or y4m, rgb24 for raw frames; default: from the name");
  v("codec", r.codec, video, "h264, hevc, av1, vp9 or ffv1");
  v("crf", r.crf, video, "quality of the video encoder, lower is better");
  v("pix_fmt", r.pix_fmt, video, "pixel format of the video encoder");
  v("checkpoint_every", r.checkpoint_every, machine,
    "save a checkpoint of the job every N steps; 0: never; default: every half minute, in long jobs");
  v("sidecar", r.sidecar, machine, "also write the parameters into OUTPUT.json");
  v("keep_latents", r.keep_latents, machine,
    "also write the latents into OUTPUT.latents.safetensors, from which extend, connect, finish and decode "
    "go on");
  v("credentials", r.credentials, machine,
    "sign what is made (C2PA), or end with an error; default: signed where that is possible");
  v("no_credentials", r.no_credentials, machine, "do not sign what is made");
  v("sign_prompt", r.sign_prompt, machine, "put the prompt into the content credentials, too");
  v("no_prompt_in_file", r.no_prompt_in_file, machine,
    "keep the words of prompts out of metadata, credentials, names of files and pages");
  v("visible_mark", r.visible_mark, video, "draw a small mark in a corner of the pictures: AI");
  v("no_watermark", r.no_watermark, machine, "put no invisible watermark into the pixels");
  v("device", r.device, machine, "auto, cpu, cuda or cuda:N");
  v("dtype", r.dtype, video, "float32 or bfloat16");
  v("threads", r.threads, machine, "CPU threads");
  v("max_memory", r.max_memory, machine, "memory limit in GB");
  v("offload", r.offload, machine,
    "how memory is saved: none, text, stored, shard or stream; default: auto, the fastest that fits");
  v("text_cache", r.text_cache, machine,
    "auto, on or off: save encoded prompts on disk, so that later runs need no text encoder");
  v("gpus", r.gpus, machine, "GPUs that make one video together: how many, or which, as 0,2");
  v("parallel", r.parallel, machine,
    "how several GPUs or processes divide the work on a video: guidance:2, sequence:N or both; decode:1 to "
    "decode on the first one only; off; default: auto");
  v("init_noise", r.init_noise, source, "safetensors file whose `latents` replace the seeded noise");
  v("dump_tensors", r.dump_tensors, machine, "safetensors file for intermediate tensors");
}

/// The same with v(name, field, help), for those who take every option.
template <class R, class V>
void visit_request(R& r, V&& v) {
  visit_request_kinds(
      r, [&](const char* name, auto& field, OptionKind, const char* help) { v(name, field, help); });
}

}  // namespace sora
