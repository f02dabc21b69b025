// A small video made large: what that means for a plan. No tensors.
//
// Note [Finishing]
// A draft is made larger in stages of about two: each enlarges the frames, encodes them, re-noises the
// latents to a chosen level, and denoises them in tiles (Note [Tiles] in tiles.h). What it makes is then led
// back to the draft in all that the draft can show: the difference between the two, looked at so small as the
// draft was made, is taken away. So the model adds detail, and composition and colours stay.
//
// Frames are enlarged and not latents: with the default model twice as large, a decoded picture of enlarged
// latents is 24 to 28 dB from the enlarged picture (a grid of the cells shows), that of an enlarged picture
// that was encoded 38 to 40 dB. One stage of sixteen would leave nothing for a network to recognise at a
// level that keeps the composition.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "plan/geometry/size.h"
#include "sora/plan.h"

namespace sora {

/// What a stage begins from.
struct Source {
  Size size;                ///< at which it was made
  double fps = 0;           ///< of its frames
  std::int64_t frames = 0;  ///< how many there are
  double shown_fps = 0;     ///< of the file that is asked for, unless the request says otherwise
  std::int64_t shown_frames = 0;
};

/// The draft of sora-gen finish.
struct Draft {
  InputFacts facts;
  std::optional<Request> request;  ///< that makes it again, to the bit; empty: its frames are taken
  std::string why_frames;          ///< then: why
  std::string model_digest;        ///< of the model that made it, its first digits; empty: it does not say
};

/// Looks at the draft that `request` names, and takes over from its parameters what `request` leaves open.
/// The files that the draft was made with are those that `request` gives for them. Throws Error: usage (an
/// image is given that the draft does not name), no_input (a model or a LoRA is needed and not given), data.
Draft read_draft(Request& request);

/// The seed of a file that was made by this program. Throws Error: no_input, data.
std::optional<std::uint64_t> seed_of_file(const std::string& path);

/// Source of a draft that is made again by `plan`, or of a file's frames.
Source source_of(const Plan& plan);
Source source_of(const Draft& draft, double native_fps);

/// The size that --res and --aspect ask for, in the shape of `draft` where they do not say.
/// Throws Error (usage): there is none, or it is not larger than the draft.
Size finished_size(const Request& request, const Source& source, Size file);

/// From `from`, not included, to `to`.
std::vector<Size> stage_sizes(Size from, Size to);

/// Makes `plan` a source for the next one: its frames as the network makes them, lossless, nothing beside.
void make_source(Plan& plan);

/// One stage: its picture, time, steps and tiles, from plan.request and what plan_sampling() set.
/// Throws Error: usage.
void plan_stage(Plan& plan, const ModelFacts& model, const Source& source, Size size, bool last);

/// Says in plain words what the plan does to the draft: stages and tiles, and where the draft comes from.
void note_stages(Plan& last, const std::vector<Plan>& before, bool from_file);
void note_draft(Plan& plan, const Draft& draft);

/// Tiles of the VAE in which a chunk takes at most about `bytes`; nothing where a whole one does.
std::optional<Tiling> vae_tiling_for(const Plan& plan, const ModelFacts& model, double bytes);

/// What `stage` is run with instead of its own request: the video `path` that stage.inputs.video describes,
/// whatever it was asked for with.
Request stage_request(const Plan& stage, const std::string& path);

/// Steps of the network in a whole run, those of what is made before included.
int steps_of(const Plan& plan);

}  // namespace sora
