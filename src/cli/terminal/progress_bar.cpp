// The progress bar: one line on the terminal, redrawn in place, with a clock that also advances during long
// steps.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "core/text.h"

namespace sora {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRedrawInterval = std::chrono::milliseconds(100);
constexpr auto kClockInterval = std::chrono::seconds(1);
constexpr int kWidestBar = 40;

struct Fraction {
  std::int64_t part = 0;
  std::int64_t whole = 0;  ///< 0: not known in this phase
};

// The bar shows steps while denoising, and frames while decoding.
Fraction fraction_of(const Progress& progress) {
  if (progress.phase == Phase::denoise) return {progress.step, progress.steps};
  if (progress.phase == Phase::decode) return {progress.frame, progress.frames};
  return {};
}

std::string drawn_bar(const Fraction& fraction, int width, bool utf8) {
  const auto full = static_cast<int>(fraction.part * width / fraction.whole);
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : "-");
  return utf8 ? bar : "[" + bar + "]";
}

/// The status line for a terminal of `columns` columns; `waited`: seconds since the last report.
std::string status_line(const Progress& progress, double waited, int columns, bool utf8) {
  const Fraction fraction = fraction_of(progress);
  std::string head = phase_text(progress.phase);
  std::string tail;
  if (fraction.whole > 0) tail.append(" ").append(part_text(fraction.part, fraction.whole));
  if (progress.phase == Phase::denoise && progress.frame > 0) {  // windows of a long video
    tail.append("  frame ").append(part_text(progress.frame, progress.frames));
  }
  tail.append("  ").append(clock_text(progress.elapsed + waited));
  if (progress.eta) tail.append("  ").append(clock_text(*progress.eta - waited)).append(" left");

  constexpr std::size_t kSpaces = 3;  // around the bar, and the last column, which stays free
  const std::size_t used = head.size() + tail.size() + kSpaces + (utf8 ? 0 : 2);
  const auto room = columns - static_cast<int>(used);
  if (fraction.whole > 0 && room >= 8)
    return head + " " + drawn_bar(fraction, std::min(room, kWidestBar), utf8) + tail;
  const std::string line = head + tail;  // ASCII only, so bytes are columns
  return line.substr(0, static_cast<std::size_t>(std::max(1, columns - 1)));
}

class ProgressBar final : public ProgressDisplay {
 public:
  ProgressBar() : utf8_(locale_is_utf8()) {}
  ~ProgressBar() override { stop(); }

  void update(const Progress& progress) override {
    const std::lock_guard lock(mutex_);
    const bool new_phase = !latest_ || latest_->phase != progress.phase;
    latest_ = progress;
    received_ = Clock::now();
    if (new_phase || received_ - drawn_ >= kRedrawInterval) draw();
    stopped_ = false;
    if (!clock_.joinable()) clock_ = std::thread([this] { tick(); });
  }

  void job(const JobLabel& label) override {
    const std::lock_guard lock(mutex_);
    const auto whole = static_cast<std::int64_t>(label.jobs);
    prefix_ = part_text(static_cast<std::int64_t>(label.position), whole) + "  ";
    latest_.reset();
  }

  void done(const Result&, std::uint64_t) override { stop(); }

  bool failed(const Error&) override {
    stop();
    return false;
  }

 private:
  void draw() {  // with mutex_ held
    drawn_ = Clock::now();
    const double waited = std::chrono::duration<double>(drawn_ - received_).count();
    const int columns = stderr_columns() - static_cast<int>(prefix_.size());
    show_status(prefix_ + status_line(*latest_, waited, columns, utf8_));
  }

  void tick() noexcept {
    try {
      std::unique_lock lock(mutex_);
      while (!wake_.wait_for(lock, kClockInterval, [this] { return stopped_; })) {
        if (Clock::now() - drawn_ >= kClockInterval) draw();
      }
    } catch (const std::exception&) {
      return;  // not enough memory: the bar is not redrawn any more
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    if (clock_.joinable()) clock_.join();
    clear_status();
  }

  const bool utf8_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::string prefix_;  // number of the job in a batch
  std::optional<Progress> latest_;
  Clock::time_point received_;
  Clock::time_point drawn_;
  std::thread clock_;
};

}  // namespace

std::unique_ptr<ProgressDisplay> make_progress_bar() { return std::make_unique<ProgressBar>(); }

}  // namespace sora
