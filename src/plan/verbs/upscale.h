// Upscale stages, by which finish and --refine make a small video large. No tensors.
//
// Note [Finishing]
// A draft is enlarged in upscale stages of about a factor of two. Each stage enlarges the frames, encodes
// them, adds noise to the latents up to a chosen level, and denoises them in tiles (Note [Tiles] in tiles.h).
// Its frames are then corrected towards the draft: both are reduced to the draft's size, and their difference
// there is subtracted. So the model adds detail, and composition and colours stay as in the draft.
//
// Frames are enlarged and not latents: with the default model and a factor of two, a picture that is decoded
// from enlarged latents has a PSNR of 24 to 28 dB against the enlarged picture (the grid of latent cells
// shows), one that is enlarged and then encoded 38 to 40 dB. A single stage by a factor of sixteen would not
// work: at a noise level that keeps the composition, its network would have no structure to recognise.
//
// Some models compose well only when the picture is small, and are trained to refine what they composed
// (ModelFacts::refining). What such a model makes of words alone begins as a draft, whatever the size of the
// file is, and one stage refines it to the native area: from a high noise level, and not corrected towards the
// draft, so that shapes become right. A larger file is resampled from there, or made in more stages.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "plan/geometry/size.h"
#include "sora/plan.h"

namespace sora {

/// The video that a stage enlarges.
struct Source {
  Size size;                ///< of its frames as the network made them
  double fps = 0;           ///< rate of these frames
  std::int64_t frames = 0;  ///< how many there are
  double shown_fps = 0;     ///< rate of the finished file, unless the request has its own
  std::int64_t shown_frames = 0;
};

/// A stage on the way to a larger video.
struct Stage {
  Size size;             ///< of its frames
  bool refines = false;  ///< the stage by which the model refines its own drafts
};

/// The draft of sora-gen finish.
struct Draft {
  InputFacts facts;
  std::optional<Request> request;  ///< makes the draft again, to the bit; empty: its decoded frames are used
  std::string why_frames;          ///< why the decoded frames are used
  std::string model_digest;        ///< first digits of its model's digest; empty: the draft does not say
};

/// Reads the draft of `request`, and takes options that `request` leaves open from the draft's parameters.
/// Files that the draft was made with are only opened where `request` names them. Throws Error: usage (an
/// image with which the draft was not made), no_input (a model or a LoRA is needed and not given), data.
Draft read_draft(Request& request);

/// The seed of a file that was made by this program. Throws Error: no_input, data.
std::optional<std::uint64_t> seed_of_file(const std::string& path);

/// The frames that a plan makes, and the frames in a draft's file.
Source source_of(const Picture& picture, const Timeline& timeline);
Source source_of(const Draft& draft, double native_fps);

/// The size of --res and --aspect; "1080p" without an aspect has the shape of the draft's file, whose size is
/// `file`. Throws Error (usage): there is no --res, or it is not larger than the draft.
Size finished_size(const Request& request, const Source& source, Size file);

/// Whether the model makes this first at a draft's size, and refines it.
bool is_refined(const Request& request, const ModelFacts& model);

/// The stages on the way from `from` to `to`, which is the size of the last.
std::vector<Stage> stages_between(Size from, Size to);

/// The same from a video of the model's own, which may be one that it refines. `only_refines`: one stage at
/// most, of the native area, so that the file may be larger than the last stage.
std::vector<Stage> stages_of_own(Size from, Size to, const ModelFacts& model, bool only_refines);

/// Changes `plan` into one whose frames the next stage enlarges: as the network makes them, lossless, without
/// files beside them.
void make_source(Plan& plan);

/// Sets picture, timeline, steps and tiles of a stage, from plan.request and what plan_sampling() set. The last
/// stage has the file's length and rate. Throws Error (usage).
void plan_stage(Plan& plan, const ModelFacts& model, const Source& source, const Stage& stage, bool last);

/// Notes for people: the stages and tiles; and whether the draft is made again or its frames are decoded.
void note_stages(Plan& last, const std::vector<Plan>& before, bool from_file);
void note_draft(Plan& plan, const Draft& draft);

/// The request to run `stage` with: finish, with the video `path` as its input. stage.inputs.video describes
/// that video.
Request stage_request(const Plan& stage, const std::string& path);

/// Steps of a whole run over all windows, earlier stages included.
int steps_of(const Plan& plan);

}  // namespace sora
