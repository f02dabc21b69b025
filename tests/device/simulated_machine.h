// The queues and the memory of the simulated device (simulated_device.h); for its own sources.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "simulated_device.h"

namespace sora::sim {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;
constexpr int kDevices = 2;

/// For each stream, how much of its work comes before something.
using Clock = std::map<int, std::int64_t>;

/// Memory of the device, or pinned memory of the host.
struct Block {
  char* memory = nullptr;
  std::size_t bytes = 0;
  std::size_t counted = 0;  // bytes, rounded up as a real allocator does
  bool pinned = false;
  int device = 0;
  int stream = 0;          // that it was allocated on
  std::vector<int> known;  // further streams that the allocator was told of
  Clock reads, writes;     // the last ones, by stream
  ~Block();
};
using Blocks = std::vector<std::shared_ptr<Block>>;

struct Event {
  int stream = -1;  // not recorded yet
  Clock clock;
};

class Machine {
 public:
  static Machine& get();

  // Memory
  void* allocate(std::size_t bytes, bool pinned);
  void release(void* memory);
  void know(const void* memory, int stream);                  // record_stream
  std::shared_ptr<Block> block_at(const void* memory) const;  // null: no memory of ours

  // Work of a stream, which uses memory. begin() makes all that comes before it; the caller then computes at
  // once.
  void begin(int stream, const Blocks& reads, const Blocks& writes, const std::string& name);
  void queue(int stream, const Blocks& reads, const Blocks& writes, const std::string& name,
             std::function<void()> copy);

  // Streams and events
  int new_stream(int device);
  int device_of(int stream) const;
  void record(Event& event, int stream);
  void block(const Event& event, int stream);
  bool reached(const Event& event) const;
  void wait(const Event& event);
  void wait_for_stream(int stream);
  void wait_for_all();
  void count_wait();  // of the host; only those of the thread that reset the counters count

  std::recursive_mutex mutex;
  Counters counters;
  std::vector<std::string> faults;
  std::int64_t memory_limit = 0;
  std::thread::id watched;

 private:
  struct Work {
    std::int64_t place = 0;
    std::function<void()> copy;  // or else it waits for
    int stream = -1;             // this stream
    std::int64_t until = 0;      // to get here
  };
  struct Queue {
    int device = 0;
    Clock clock;            // what comes before its next work
    std::int64_t end = 0;   // work that was queued
    std::int64_t done = 0;  // work that the host knows to be done
    std::deque<Work> waiting;
  };
  struct Freed {
    std::size_t bytes;
    Clock until;
  };

  Machine();
  void enqueue(int stream, const Blocks& reads, const Blocks& writes, const std::string& name);
  void check(const Clock& earlier, int stream, const std::string& what);
  void run(int stream, std::int64_t until);
  void host_reached(const Clock& clock);
  void forget_freed();

  std::vector<Queue> queues_;
  Clock host_;
  std::map<const char*, std::shared_ptr<Block>> blocks_;
  std::vector<Freed> freed_;
};

/// The same memory as a tensor of the CPU, which does not keep it: as on a real device, a queued copy holds
/// no tensor of the program.
at::Tensor on_cpu(const at::Tensor& x);

/// The current device and stream of this thread.
int current_device();
void set_current_device(int device);
int current_stream(int device);
int exchange_stream(int device, int stream);

}  // namespace sora::sim
