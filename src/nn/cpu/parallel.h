// Loops over libtorch's own threads. ATen's parallel_for is a header that would need OpenMP in this build,
// while libtorch has its own copy of OpenMP.
#pragma once

#include <cstdint>
#include <functional>

namespace sora::nn {

/// Calls f(begin, end) for ranges that together are [0, count), of at least `grain` where there are as many;
/// at most one range a thread.
void for_ranges(std::int64_t count, std::int64_t grain,
                const std::function<void(std::int64_t, std::int64_t)>& f);

/// Calls f(worker, item) for every item of [0, count), each worker taking the next one when it is free.
/// Workers are numbered from 0; their number is at most at::get_num_threads().
void for_items(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& f);

}  // namespace sora::nn
