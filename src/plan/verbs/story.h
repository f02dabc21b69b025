// Storyboards: prompts at times. What their lines mean, and what follows for the plan. No tensors.
//
// Note [Shots]
// A shot's prompt takes over at its time: over `fade` seconds, half of them before the time and half after
// it, its share in the prediction rises from 0 to 1 while that of the prompt before falls. Predictions are
// mixed, for each latent frame by its own time, and not the vectors of the texts: two texts have different
// lengths, and the vector at a place in one has nothing to do with the vector at the same place in the other.
// A share of a prediction is what guidance takes, too. It costs a second pass in the windows where a fade
// lies.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// "0:04", "1:02.5", "1:02:03", "12s", "12": seconds. Nothing when it is no time.
std::optional<double> parse_time(const std::string& text);

/// "1:02.5"; to milliseconds.
std::string time_text(double seconds);

/// "0:04 a storm" in two: the time and what comes after it. Returns an empty string, or what is wrong with
/// it. A bare number is no time here, as prompts may begin with one.
std::string split_shot(const std::string& text, double& time, std::string& rest);

struct ShotFault {
  std::size_t shot = 0;  ///< from 0
  std::string message;
};

/// The first of the shots that cannot be: the first is at 0:00, times rise, prompts are not empty, and with
/// an `end` all begin before it. Looks at the shots from `first` on.
std::optional<ShotFault> find_fault(const std::vector<Shot>& shots, std::optional<double> end = {},
                                    std::size_t first = 0);

/// The files of --shot-image; what is wrong with its lines, read_story() finds.
std::vector<std::string> shot_image_files(const Request& request);

/// Reads --shot, --shot-image and --fade into the plan, and gives it the prompt of its first shot.
/// Throws Error (usage).
void read_story(Plan& plan, const ModelFacts& model);

/// How long a storyboard is that does not say so: seconds.
double story_length(const Plan& plan, const ModelFacts& model);

/// Windows and the places of the images, from plan.timeline.frames on. Throws Error (usage): a shot after the
/// end.
void plan_story_windows(Plan& plan, const ModelFacts& model, int latent_frames, int native, int conditioning);

/// The share of each shot at a time; they sum to 1.
std::vector<double> shares_at(const Plan& plan, double time);

/// The shot that all new frames of a window follow, alone and without images of its own; none where another
/// takes over.
std::optional<std::size_t> steady_shot(const Plan& plan, const Window& window, int temporal_scale);

/// The time in the middle of the frames that a latent frame of the whole video stands for.
double time_of_latent(const Plan& plan, int latent, int temporal_scale);

}  // namespace sora
