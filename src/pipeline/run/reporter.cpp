#include "pipeline/run/reporter.h"

#include <algorithm>

#include "plan/verbs/upscale.h"
#include "sora/error.h"

namespace sora {

Reporter::Reporter(const Plan& plan, const RunHooks& hooks)
    : sink_(hooks.progress),
      stop_(hooks.stop),
      pace_(plan.machine.pace),
      start_(Clock::now()),
      last_(start_) {
  state_.steps = steps_of(plan);
  state_.frames = plan.timeline.frames;
}

void Reporter::enter(Phase phase) {
  check_stop();
  state_.phase = phase;
  if (phase == Phase::denoise && !load_seconds_) load_seconds_ = elapsed();
  last_ = Clock::now();
  send();
}

void Reporter::step_done() {
  step_seconds_ += lap();
  ++state_.step;
  send();
}

void Reporter::steps_skipped(int steps) {
  state_.step += steps;
  skipped_ += steps;
  send();
}

void Reporter::frames_written(std::int64_t frames) {
  check_stop();
  frame_seconds_ += lap();
  if (counts_frames_) state_.frame = frames;
  send();
}

void Reporter::loaded_before() {
  if (load_seconds_) return;  // a later stage of the same run
  load_seconds_ = 0;
  if (pace_) pace_->load = 0;
}

void Reporter::check_stop() const {
  if (stop_ && stop_()) {
    throw Error(ErrorKind::interrupted, "run", "interrupted; nothing was left under the output's name");
  }
}

double Reporter::elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Reporter::report_times(Result& result) {
  if (state_.phase == Phase::finish) frame_seconds_ += lap();
  result.seconds = elapsed();
  result.load_seconds = load_seconds_.value_or(0);
  // Scaled to all steps: those of an earlier run took their time there.
  const int made = state_.step - skipped_;
  result.step_seconds = made > 0 ? step_seconds_ * state_.steps / made : 0;
  result.frame_seconds = frame_seconds_;
}

double Reporter::lap() {
  const auto before = last_;
  last_ = Clock::now();
  return std::chrono::duration<double>(last_ - before).count();
}

// The time left by the pace of past runs, scaled by how this run compares with it so far.
double Reporter::eta_by_pace() const {
  constexpr double kTrust = 0.15;  // weight of past runs, as a share of this run
  const double a_step = pace_->steps / std::max(1, state_.steps);
  const double a_frame = pace_->frames / static_cast<double>(state_.frames);
  const double left =
      a_step * (state_.steps - state_.step) + a_frame * static_cast<double>(state_.frames - state_.frame);
  const double done = a_step * (state_.step - skipped_) + a_frame * static_cast<double>(state_.frame);
  const double prior = kTrust * (pace_->steps + pace_->frames);
  const double slower = (prior + step_seconds_ + frame_seconds_) / (prior + done);
  const double load_left = state_.step == skipped_ ? std::max(0.0, pace_->load - elapsed()) : 0;
  return load_left + slower * left;
}

// Without past runs, the time left at the pace so far. Before the first frame the time of decoding is
// unknown: it is left out while there are steps to do; after the last step there is no estimate.
std::optional<double> Reporter::eta() const {
  if (pace_) return eta_by_pace();
  const int made = state_.step - skipped_;
  if (made == 0 || (state_.frame == 0 && state_.step == state_.steps)) return {};
  const double steps_left = step_seconds_ / made * (state_.steps - state_.step);
  if (state_.frame == 0) return steps_left;
  return steps_left + frame_seconds_ / static_cast<double>(state_.frame) *
                          static_cast<double>(state_.frames - state_.frame);
}

void Reporter::send() {
  state_.elapsed = elapsed();
  state_.eta = eta();
  if (sink_) sink_(state_);
}

}  // namespace sora
