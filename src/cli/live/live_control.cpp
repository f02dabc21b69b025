#include "cli/live/live_control.h"

#include <algorithm>

namespace sora {
namespace {

using Kind = LiveCommand::Kind;

constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr double kSameTime = 1e-6;  // seconds

double seconds_of(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

LiveControl::LiveControl(std::string prompt, Ways ways)
    : ways_(std::move(ways)), prompt_(std::move(prompt)) {}

void LiveControl::add(const LiveCommand& command) {
  const std::lock_guard lock(mutex_);
  if (command.kind == Kind::pause || command.kind == Kind::go) {
    pause(command.kind == Kind::pause);
  } else {
    commands_.push_back(command);
  }
  changed_.notify_all();
}

void LiveControl::close(bool goes_on) {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  ends_ = !goes_on;
  pause(false);
  changed_.notify_all();
}

// Under the lock. The viewer's clock stands still meanwhile.
void LiveControl::pause(bool paused) {
  if (paused == paused_) return;
  paused_ = paused;
  if (paused) {
    paused_at_ = Clock::now();
  } else if (start_) {
    *start_ += Clock::now() - *paused_at_;
  }
}

void LiveControl::shown() {
  const std::lock_guard lock(mutex_);
  if (!start_) start_ = Clock::now();
}

// Under the lock.
double LiveControl::ahead(double made) const {
  if (!start_) return made;
  return made - seconds_of((paused_ ? *paused_at_ : Clock::now()) - *start_);
}

void LiveControl::tell(int block, double made) {
  if (!block_began_) return;
  const double took = seconds_of(Clock::now() - *block_began_);
  block_began_.reset();
  can_undo_ = true;
  LiveStatus status{block, made, 0, 0, prompt_};
  if (took > 0) status.rate = (made - made_before_) * ways_.fps / took;
  {
    const std::lock_guard lock(mutex_);
    status.ahead = ahead(made);
  }
  if (ways_.status) ways_.status(status);
}

// Under the lock: moves what was typed into next_. Returns true where the last block is to be undone first.
bool LiveControl::take_commands(double made) {
  while (!commands_.empty()) {
    const LiveCommand command = commands_.front();
    commands_.pop_front();
    switch (command.kind) {
      case Kind::prompt:
        if (command.after > 0) {
          later_.emplace_back(made + command.after, command.text);
          std::stable_sort(later_.begin(), later_.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; });
        } else {
          next_.prompt = command.text;
        }
        break;
      case Kind::seed:
        next_.seed = command.seed;
        break;
      case Kind::undo:
        if (can_undo_) return true;
        ways_.complains("there is nothing to undo: the last block can be taken back once");
        break;
      case Kind::end:
        next_.end = true;
        break;
      case Kind::end_after:
        end_ = made + command.after;
        break;
      default:
        break;
    }
  }
  while (!later_.empty() && later_.front().first <= made + kSameTime) {
    next_.prompt = later_.front().second;
    later_.pop_front();
  }
  return false;
}

// Under the lock.
bool LiveControl::ends(double made) const {
  if (ways_.stops() || next_.end || (end_ && made >= *end_ - kSameTime)) return true;
  const bool has_words = !next_.prompt.empty() || next_.seed || !later_.empty();
  return closed_ && ends_ && !end_ && !has_words;
}

LiveTurn LiveControl::turn(int block, std::int64_t frames) {
  const double made = static_cast<double>(frames) / ways_.fps;
  tell(block, made);
  std::unique_lock lock(mutex_);
  while (block > 0) {  // the first block has the prompt that the film began with
    if (take_commands(made)) {
      can_undo_ = false;
      LiveTurn undo;
      undo.undo = true;
      return undo;
    }
    next_.end = ends(made);
    const bool too_early = ways_.most_ahead > 0 && ahead(made) > ways_.most_ahead;
    if (next_.end || (!paused_ && !too_early)) break;
    changed_.wait_for(lock, kPoll);
  }
  const LiveTurn turn = std::exchange(next_, {});
  if (!turn.prompt.empty()) prompt_ = turn.prompt;
  block_began_ = Clock::now();
  made_before_ = made;
  return turn;
}

}  // namespace sora
