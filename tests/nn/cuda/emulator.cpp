#include "nn/cuda/emulator.h"

#include <ucontext.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

namespace sora::emulated {

Index thread_index, block_index;

namespace {

constexpr std::size_t stack_bytes = 64 << 10;
constexpr unsigned warp = 32;

enum class State { ready, at_block, at_warp, done };

struct Thread {
  ucontext_t context{};
  State state = State::ready;
  float offered = 0;  // in a shuffle
  std::unique_ptr<char[]> stack = std::make_unique<char[]>(stack_bytes);
};

struct Block {
  std::vector<Thread> threads;
  ucontext_t scheduler{};
  unsigned current = 0;
  void (*body)(const void*) = nullptr;
  const void* arguments = nullptr;
};

Block block;

void enter() {
  block.body(block.arguments);
  block.threads[block.current].state = State::done;
  swapcontext(&block.threads[block.current].context, &block.scheduler);
}

void wait(State state) {
  Thread& thread = block.threads[block.current];
  thread.state = state;
  swapcontext(&thread.context, &block.scheduler);
}

bool all(unsigned begin, unsigned end, State state) {
  return std::all_of(block.threads.begin() + begin, block.threads.begin() + end,
                     [&](const Thread& thread) { return thread.state == state; });
}

void release(unsigned begin, unsigned end) {
  for (unsigned i = begin; i < end; ++i) block.threads[i].state = State::ready;
}

bool is_at_warp(unsigned first) { return all(first, first + warp, State::at_warp); }

void run_ready(const std::vector<unsigned>& order, unsigned begin, unsigned end) {
  for (const unsigned i : order) {
    if (i < begin || i >= end || block.threads[i].state != State::ready) continue;
    block.current = i;
    thread_index.x = i;
    swapcontext(&block.scheduler, &block.threads[i].context);
  }
}

// Every warp as far as it comes without the others of the block: what it does too early, the others see.
void run_warps(const std::vector<unsigned>& order) {
  const auto count = static_cast<unsigned>(order.size());
  for (unsigned i = 0; i < count; i += warp) {
    const unsigned first = order[i] / warp * warp;
    run_ready(order, first, first + warp);
    while (is_at_warp(first)) {
      release(first, first + warp);
      run_ready(order, first, first + warp);
    }
  }
}

// Warps in any order, and the threads within each.
void shuffle_warps(std::vector<unsigned>& turns, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<unsigned> firsts;
  for (unsigned i = 0; i < turns.size(); i += warp) firsts.push_back(i);
  std::shuffle(firsts.begin(), firsts.end(), random);
  for (unsigned i = 0; i < firsts.size(); ++i) {
    const auto begin = turns.begin() + i * warp;
    std::iota(begin, begin + warp, firsts[i]);
    std::shuffle(begin, begin + warp, random);
  }
}

void run_block(const std::vector<unsigned>& order) {
  for (Thread& thread : block.threads) {
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.get();
    thread.context.uc_stack.ss_size = stack_bytes;
    thread.context.uc_link = nullptr;
    makecontext(&thread.context, enter, 0);
    thread.state = State::ready;
  }
  const auto count = static_cast<unsigned>(block.threads.size());
  for (;;) {
    run_warps(order);
    if (all(0, count, State::done)) return;
    if (!all(0, count, State::at_block))
      throw std::runtime_error("threads wait for each other at different places");
    release(0, count);
  }
}

}  // namespace

void wait_for_block() { wait(State::at_block); }

float exchange(float value, int lane_mask, int width) {
  const unsigned self = block.current, lane = self % warp;
  block.threads[self].offered = value;
  wait(State::at_warp);
  const unsigned other = lane ^ static_cast<unsigned>(lane_mask);
  // Lanes beyond the own segment of `width` give the own value.
  const bool reaches =
      other / static_cast<unsigned>(width) <= lane / static_cast<unsigned>(width) && other < warp;
  const float result = reaches ? block.threads[self - lane + other].offered : value;
  wait(State::at_warp);
  return result;
}

void run_grid(unsigned blocks, unsigned threads, unsigned order, void (*body)(const void*),
              const void* arguments) {
  if (threads == 0 || threads % warp != 0 || threads > 1024) throw std::runtime_error("no size for a block");
  if (block.threads.size() != threads) block.threads = std::vector<Thread>(threads);
  block.body = body;
  block.arguments = arguments;
  std::vector<unsigned> turns(threads);
  std::iota(turns.begin(), turns.end(), 0u);
  if (order == 1) std::reverse(turns.begin(), turns.end());
  if (order > 1) shuffle_warps(turns, order);
  for (unsigned i = 0; i < blocks; ++i) {
    block_index.x = order == 1 ? blocks - 1 - i : i;
    run_block(turns);
  }
}

}  // namespace sora::emulated
