#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "media/write/writers.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kFrames = 8;  // in the queue: two latent frames of the video VAEs

class QueuedWriter : public FrameWriter {
 public:
  QueuedWriter(std::unique_ptr<FrameWriter> inner, int width, int height)
      : inner_(std::move(inner)),
        height_(static_cast<std::size_t>(height)),
        row_(static_cast<std::size_t>(width) * 3),
        stride_((row_ + 64 + 63) / 64 * 64),  // libswscale reads in blocks, past the end of a row
        thread_([this] { run(); }) {}

  ~QueuedWriter() override {
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    Frame frame;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return queue_.size() < kFrames || error_; });
      if (error_) std::rethrow_exception(error_);
      if (!spare_.empty()) {
        frame = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    frame.resize(stride_ * height_ + 64);
    for (std::size_t y = 0; y < height_; ++y) {
      std::memcpy(frame.data() + y * stride_, rgb + static_cast<std::ptrdiff_t>(y) * stride, row_);
    }
    push({std::move(frame), {}});
  }

  void begin_sound(std::size_t index) override {
    push({{}, [index](FrameWriter& writer) { writer.begin_sound(index); }});
  }
  void end_sound() override {
    push({{}, [](FrameWriter& writer) { writer.end_sound(); }});
  }
  void copy(std::size_t index) override {
    push({{}, [index](FrameWriter& writer) { writer.copy(index); }});
  }

  Written finish() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    if (error_) std::rethrow_exception(error_);
    return written_;
  }

 private:
  using Frame = std::vector<std::uint8_t>;
  // A frame, or another action between two frames.
  struct Item {
    Frame frame;
    std::function<void(FrameWriter&)> order;
  };

  void push(Item item) {
    {
      const std::lock_guard lock(mutex_);
      if (error_) std::rethrow_exception(error_);
      queue_.push_back(std::move(item));
    }
    changed_.notify_all();
  }

  void run() {
    try {
      for (Item item; next(item);) {
        if (item.order) {
          item.order(*inner_);
          continue;
        }
        inner_->write(item.frame.data(), static_cast<std::ptrdiff_t>(stride_));
        const std::lock_guard lock(mutex_);
        spare_.push_back(std::move(item.frame));
      }
      if (!cancelled()) written_ = inner_->finish();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
    }
    changed_.notify_all();
  }

  // False at the end, and at once when the writer is destroyed before finish().
  bool next(Item& item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !queue_.empty() || ended_ || cancelled_; });
    if (cancelled_ || queue_.empty()) return false;
    item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return true;
  }

  bool cancelled() {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

  std::unique_ptr<FrameWriter> inner_;
  std::size_t height_;
  std::size_t row_;     // bytes
  std::size_t stride_;  // bytes

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::vector<Frame> spare_;
  std::exception_ptr error_;
  bool ended_ = false;
  bool cancelled_ = false;
  Written written_;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace

std::unique_ptr<FrameWriter> make_queued_writer(std::unique_ptr<FrameWriter> inner, int width, int height) {
  return std::make_unique<QueuedWriter>(std::move(inner), width, height);
}

}  // namespace sora
