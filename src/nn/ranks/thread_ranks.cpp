#include "nn/ranks/thread_ranks.h"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "weights/device_traits.h"

namespace sora::nn {
namespace {

using Mark = std::shared_ptr<c10::Event>;

// The work that is queued on this thread's stream of the device so far; null where none is queued.
Mark mark_on(at::Device device) {
  if (!traits_of(device).queues_work) return nullptr;
  auto event = std::make_shared<c10::Event>(device.type(), c10::EventFlag::PYTORCH_DEFAULT);
  event->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  return event;
}

void wait_for(const Mark& mark, at::Device device) {
  if (mark && traits_of(device).queues_work)
    mark->block(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  else if (mark)
    mark->synchronize();
}

// A tensor on its way. Its sender waits until `taken`, and queues what comes next behind `copied`.
struct Parcel {
  at::Tensor tensor;
  Mark ready;
  Mark copied = nullptr;
  bool taken = false;
};

struct Hub {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<int, int>, std::deque<std::shared_ptr<Parcel>>> parcels;  // by sender and receiver
  std::map<std::pair<int, int>, std::deque<std::string>> texts;
  std::optional<Error> failure;
  std::atomic<bool> failed = false;

  void check() {
    if (failed) throw *failure;  // written before `failed`, and never changed
  }
};

class ThreadRank final : public Communicator {
 public:
  ThreadRank(int rank, int size, std::shared_ptr<Hub> hub) : Communicator(rank, size), hub_(std::move(hub)) {}

  void send_text(int to, const std::string& text) override {
    const std::lock_guard lock(hub_->mutex);
    hub_->check();
    hub_->texts[{rank(), to}].push_back(text);
    hub_->changed.notify_all();
  }

  std::string receive_text(int from, const std::function<void()>& stop) override {
    constexpr auto kInterval = std::chrono::milliseconds(200);
    std::unique_lock lock(hub_->mutex);
    auto& waiting = hub_->texts[{from, rank()}];
    while (waiting.empty()) {
      hub_->check();
      if (!stop) {
        hub_->changed.wait(lock);
      } else {
        hub_->changed.wait_for(lock, kInterval);
        lock.unlock();
        stop();
        lock.lock();
      }
    }
    std::string text = std::move(waiting.front());
    waiting.pop_front();
    return text;
  }

  void abandon(const Error& error) noexcept override {
    const std::lock_guard lock(hub_->mutex);
    if (!hub_->failure) hub_->failure = error_of_rank(rank(), error);
    hub_->failed = true;
    hub_->changed.notify_all();
  }

  void check() override { hub_->check(); }

 protected:
  void move(const std::vector<Transfer>& transfers) override {
    std::vector<std::shared_ptr<Parcel>> own;
    std::unique_lock lock(hub_->mutex);
    for (const Transfer& transfer : transfers) {
      if (!transfer.send.defined()) continue;
      own.push_back(std::make_shared<Parcel>(Parcel{transfer.send, mark_on(transfer.send.device())}));
      hub_->parcels[{rank(), transfer.rank}].push_back(own.back());
    }
    hub_->changed.notify_all();
    for (const Transfer& transfer : transfers) {
      if (transfer.receive.defined()) take(transfer, lock);
    }
    for (const auto& parcel : own) {
      while (!parcel->taken) {
        hub_->check();
        hub_->changed.wait(lock);
      }
      wait_for(parcel->copied, parcel->tensor.device());
    }
  }

 private:
  void take(const Transfer& transfer, std::unique_lock<std::mutex>& lock) {
    auto& queue = hub_->parcels[{transfer.rank, rank()}];
    while (queue.empty()) {
      hub_->check();
      hub_->changed.wait(lock);
    }
    const std::shared_ptr<Parcel> parcel = queue.front();
    queue.pop_front();
    lock.unlock();  // the sender waits meanwhile
    const at::Tensor& from = parcel->tensor;
    if (from.sizes() != transfer.receive.sizes() || from.scalar_type() != transfer.receive.scalar_type())
      throw Error(ErrorKind::internal, "ranks", "a rank sends another tensor than is expected");
    const at::Device device = transfer.receive.device();
    wait_for(parcel->ready, device.is_cpu() ? from.device() : device);
    transfer.receive.copy_(from);
    Mark copied = mark_on(device);
    lock.lock();
    parcel->copied = std::move(copied);
    parcel->taken = true;
    hub_->changed.notify_all();
  }

  std::shared_ptr<Hub> hub_;
};

}  // namespace

std::vector<std::unique_ptr<Communicator>> make_thread_ranks(int count) {
  const auto hub = std::make_shared<Hub>();
  std::vector<std::unique_ptr<Communicator>> ranks;
  for (int i = 0; i < count; ++i) ranks.push_back(std::make_unique<ThreadRank>(i, count, hub));
  return ranks;
}

}  // namespace sora::nn
