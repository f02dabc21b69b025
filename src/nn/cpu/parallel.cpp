#include "nn/cpu/parallel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>

#include <algorithm>
#include <atomic>

namespace sora::nn {

void for_ranges(std::int64_t count, std::int64_t grain,
                const std::function<void(std::int64_t, std::int64_t)>& f) {
  if (count <= grain || at::get_num_threads() == 1) {
    if (count > 0) f(0, count);
    return;
  }
  // ATen's iterator distributes its elements over libtorch's threads: one byte for each index, never read.
  const at::Tensor marks = at::empty({count}, at::kByte);
  auto iterator = at::TensorIterator::borrowing_nullary_op(marks);
  const char* base = static_cast<const char*>(marks.const_data_ptr());
  // The two-dimensional form, whose second size is one here: ATen's one-dimensional form gives a warning.
  iterator.for_each(
      [&](char** data, const std::int64_t* strides, std::int64_t size, std::int64_t repeats) {
        for (std::int64_t r = 0; r < repeats; ++r) {
          const std::int64_t begin = data[0] + r * strides[1] - base;
          f(begin, begin + size);
        }
      },
      std::max<std::int64_t>(1, grain));
}

void for_items(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& f) {
  std::atomic<std::int64_t> next{0};
  for_ranges(std::min<std::int64_t>(count, at::get_num_threads()), 1,
             [&](std::int64_t begin, std::int64_t end) {
               // A thread may be given several worker numbers; the first of them takes all items.
               for (std::int64_t worker = begin; worker < end; ++worker) {
                 for (std::int64_t item = next++; item < count; item = next++) f(worker, item);
               }
             });
}

}  // namespace sora::nn
