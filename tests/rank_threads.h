// Ranks as threads of a test.
#pragma once

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "nn/ranks/collectives.h"
#include "nn/ranks/thread_ranks.h"
#include "sora/error.h"

namespace sora::test {

/// Calls `work` as each of `count` ranks, in threads of their own. What one of them throws is a failure of
/// the test.
inline void as_ranks(int count, const std::function<void(const nn::RankGroup&)>& work) {
  const auto ranks = nn::make_thread_ranks(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      const c10::InferenceMode inference;
      at::set_num_threads(1);
      nn::RankGroup group{ranks[static_cast<std::size_t>(i)].get(), {}, i};
      for (int j = 0; j < count; ++j) group.members.push_back(j);
      try {
        work(group);
      } catch (const std::exception& error) {
        ADD_FAILURE() << "rank " << i << ": " << error.what();
        group.communicator->abandon({ErrorKind::internal, "test", error.what()});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace sora::test
