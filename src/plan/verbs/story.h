// Storyboards: prompts at times. How their lines are read, and what they mean for a plan. No tensors.
//
// Note [Shots]
// A shot's prompt takes over at the shot's time: during `fade` seconds, half of them before that time and
// half after it, the share of its noise prediction rises from 0 to 1 while the share of the prompt before
// falls. Each latent frame has the shares of its own time. Predictions are mixed, not prompt embeddings: two
// prompts have different numbers of tokens, and the n-th token of one has nothing to do with the n-th of the
// other. Windows with a fade in them cost a second pass of the transformer for each step.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Seconds of "0:04", "1:02.5", "1:02:03", "12s" or "12". Empty when the text is no time.
std::optional<double> parse_time(const std::string& text);

/// Such as "1:02.5", rounded to milliseconds.
std::string time_text(double seconds);

/// Splits "0:04 a storm" into the time and the rest. Returns an empty string, or what is wrong with the line.
/// A number alone is no time here, since a prompt may begin with one.
std::string split_shot(const std::string& text, double& time, std::string& rest);

struct ShotFault {
  std::size_t shot = 0;  ///< from 0
  std::string message;
};

/// The first shot that breaks a rule: the first shot is at 0:00, times rise, prompts are not empty, and with
/// an `end` all begin before it. Checks the shots from `first` on.
std::optional<ShotFault> find_fault(const std::vector<Shot>& shots, std::optional<double> end = {},
                                    std::size_t first = 0);

/// The files of --shot-image. Lines that are wrong are left out; read_story() reports them.
std::vector<std::string> shot_image_files(const Request& request);

/// Reads --shot, --shot-image and --fade into `inputs`, and sets request.prompt to that of the first shot.
/// Throws Error (usage).
void read_story(Request& request, Inputs& inputs, const ModelFacts& model);

/// Seconds of a storyboard without --seconds: the last shot or image has the model's native length.
double story_length(const Inputs& inputs, const ModelFacts& model);

/// Sets plan.timeline.windows and ShotImage::latent of the images, from plan.timeline.frames and
/// model_frames. Throws Error (usage): a shot or an image after the end.
void plan_story_windows(Plan& plan, const ModelFacts& model, int latent_frames, int native, int conditioning);

/// The share of each shot's prediction at a time; they sum to 1.
std::vector<double> shares_at(const Inputs& inputs, double time);

/// The shot whose prompt alone makes all new frames of a window; empty where another shot takes over, or an
/// image of the storyboard is among the frames.
std::optional<std::size_t> steady_shot(const Plan& plan, const Window& window, int temporal_scale);

/// The time in the middle of the frames that a latent frame of the whole video stands for.
double time_of_latent(const Timeline& timeline, int latent, int temporal_scale);

}  // namespace sora
