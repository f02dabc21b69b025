// The blocks of a live film (Note [Live films] in plan/verbs/live.h).
#include <utility>

#include "pipeline/run/video_run.h"
#include "plan/verbs/live.h"

namespace sora {

// What a block changes, as it was before.
struct VideoRun::BeforeBlock {
  WindowConditioning conditioning;
  WindowDecoder decoder;
};

// Undoes the last block; returns false where there is none that can be. `next` is the number of the next one.
bool VideoRun::take_back(const LiveTurn& turn, std::size_t& next, std::optional<BeforeBlock>& before) {
  if (!before) return false;
  const int scale = static_cast<int>(model_.vae->temporal_scale());
  const bool stays_shown = turn.back || held_ == nullptr;
  conditioning_.emplace(std::move(before->conditioning));
  decoder_.emplace(std::move(before->decoder));  // which refers to the object above
  before.reset();
  if (film_) decoder_->go_on_after(film_->take_back());
  LiveTurn noted;
  (stays_shown ? noted.back : noted.undo) = true;
  for (std::string& line : lines_of_turn(static_cast<int>(next), noted))
    live_->log.push_back(std::move(line));
  if (!stays_shown) {
    held_->drop();
    remove_live_prompts(live_->plan, --next, scale);
    return true;
  }
  // The film goes on in time, with the prompt from before the block.
  Plan earlier = live_->plan;
  remove_live_prompts(earlier, next - 1, scale);
  add_live_prompt(live_->plan, next, scale, earlier.inputs.shots.back().prompt);
  return true;
}

void VideoRun::make_block(std::size_t number) {
  report_.enter(Phase::denoise);
  const at::Tensor latents = latents_of(number);
  conditioning_->window_denoised(latents);
  report_.enter(Phase::decode);
  if (number == 0) frames_->begin();
  decoder_->show(number, latents);
}

void VideoRun::make_live() {
  const std::size_t most = plan_.timeline.windows.size();
  const int scale = static_cast<int>(model_.vae->temporal_scale());
  std::optional<BeforeBlock> before;
  std::size_t next = 0;
  while (!frames_->complete()) {
    const bool has_all = next >= most;
    if (has_all && !live_->replays) break;
    const LiveTurn turn = live_->director(static_cast<int>(next), frames_before_block(plan_, next, scale));
    if (turn.undo || turn.back) {
      take_back(turn, next, before);
      continue;
    }
    if (has_all) break;
    if (held_ != nullptr) held_->release();
    if (turn.end && next > 0) break;  // a film has one block at least
    for (std::string& line : lines_of_turn(static_cast<int>(next), turn))
      live_->log.push_back(std::move(line));
    if (turn.seed) noise_ = NoiseSource(*turn.seed);
    if (!turn.prompt.empty()) {
      add_live_prompt(live_->plan, next, scale, turn.prompt);
      live_->prepare();
    }
    before.emplace(BeforeBlock{*conditioning_, *decoder_});
    make_block(next);
    ++next;
  }
  frames_->end();
  live_->frames = frames_->written();
  trim_log(live_->log, static_cast<int>(next));
}

}  // namespace sora
