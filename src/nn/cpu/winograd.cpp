#include "nn/cpu/winograd.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "nn/cpu/panel_product.h"
#include "nn/cpu/parallel.h"
#include "nn/cpu/simd.h"
#include "nn/cpu/winograd_tiles.h"

namespace sora::nn {
namespace {

// Tiles computed at once, each with sources and sums of 36 points. With fewer they stay in the faster cache;
// with more the kernels, which come from a slower cache, are reused more often.
constexpr std::int64_t tiles_at_once = 48;
// Where there are fewer blocks than threads, the threads share the work of one block, of at most this many
// floats (32 MB).
constexpr std::int64_t max_shared_floats = std::int64_t{8} << 20;
// Scratch memory of up to this many floats (8 MB) is kept even where less is needed.
constexpr std::int64_t small_scratch = std::int64_t{2} << 20;

/// A distance between the 36 points that does not map them all to the same cache lines.
std::int64_t point_stride(std::int64_t floats) { return round_up(floats, 1024) + 16; }

const float* pointer(const at::Tensor& x) { return x.defined() ? x.const_data_ptr<float>() : nullptr; }

}  // namespace

float* Workspace::at_least(at::Tensor& memory, std::int64_t count) {
  if (!memory.defined() || memory.numel() < count || memory.numel() > std::max(4 * count, small_scratch)) {
    memory.reset();  // freed before the new one is allocated
    memory = at::empty({count}, at::kFloat);
  }
  return memory.mutable_data_ptr<float>();
}

bool winograd_runs_on(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; }

WinogradKernels::WinogradKernels(const at::Tensor& weight, std::int64_t first_tap, Workspace& workspace)
    : in_(weight.size(0)),
      out_(weight.size(4)),
      padded_in_(round_up(in_, vec_size)),
      taps_(weight.size(3) - first_tap) {
  const std::int64_t rows = taps_ * padded_in_;
  stride_ = point_stride(rows * (16 * (panels() - 1) + panel_columns(panels() - 1)));
  float* data = workspace.kernels(tile_points * stride_);
  data_ = data;
  const float* weights = pointer(weight);
  for_ranges(panels() * taps_, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t panel = i / taps_, tap = i % taps_;
      const std::int64_t width = panel_columns(panel);
      TileKernels kernels;
      kernels.data = weights;
      kernels.in = in_;
      kernels.row_length = weight.size(3) * out_;
      kernels.first = (first_tap + tap) * out_;
      kernels.out = out_;
      transform_kernels(kernels, panel, width, data + panel * rows * 16 + tap * padded_in_ * width, stride_);
    }
  });
}

void WinogradKernels::convolve(const std::vector<at::Tensor>& pictures, bool doubled, const at::Tensor& bias,
                               const PixelEpilogue& epilogue, at::Tensor& out, Workspace& workspace) const {
  const auto count = static_cast<std::int64_t>(pictures.size());
  const std::int64_t row_length = count * padded_in_;  // the pictures' channels side by side
  const std::int64_t padded_out = round_up(out_, vec_size);
  const at::Tensor zeros = at::zeros({in_});

  const std::int64_t border = (pictures.front().size(0) - out.size(0) / (doubled ? 2 : 1)) / 2;  // 0 or 1
  std::vector<TileSource> sources(pictures.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const float* first = pointer(pictures[i]) + border * pictures[i].stride(0);
    sources[i] = {first, out.size(0), out.size(1), in_, doubled, pointer(zeros), border};
  }
  TileResult result;
  result.bias = pointer(bias);
  result.residual = pointer(epilogue.residual);
  result.gamma = pointer(epilogue.gamma);
  result.silu = epilogue.silu;
  result.out = out.mutable_data_ptr<float>();
  result.height = out.size(0);
  result.width = out.size(1);
  result.channels = out_;

  const std::int64_t columns = (result.width + tile_size - 1) / tile_size;
  const std::int64_t tiles = (result.height + tile_size - 1) / tile_size * columns;
  const std::int64_t threads = at::get_num_threads();
  const bool shared = tiles < 2 * threads * tiles_at_once && threads > 1;
  const std::int64_t tile_floats = tile_points * (row_length + padded_out);
  const std::int64_t block =
      std::min(tiles, shared ? std::max(tiles_at_once, max_shared_floats / tile_floats) : tiles_at_once);
  const std::int64_t source_stride = point_stride(block * row_length);
  const std::int64_t sum_stride = point_stride(block * padded_out);
  const std::int64_t room = tile_points * (source_stride + sum_stride);
  const std::int64_t pixel_room = tile_size * tile_size * padded_out;

  // The three steps for a block that begins with tile `first`, in memory `v` [36][tile][row_length] and
  // `m` [36][tile][padded_out].
  const auto take = [&](std::int64_t first, std::int64_t begin, std::int64_t end, float* v) {
    for (std::int64_t tile = begin; tile < end; ++tile) {
      for (std::int64_t i = 0; i < count; ++i) {
        transform_source(sources[static_cast<std::size_t>(i)], (first + tile) / columns,
                         (first + tile) % columns, v + tile * row_length + i * padded_in_, source_stride);
      }
    }
  };
  const auto multiply = [&](std::int64_t size, std::int64_t begin, std::int64_t end, const float* v,
                            float* m) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t point = i / panels(), panel = i % panels();
      const std::int64_t width = panel_columns(panel);
      // Missing older pictures have no rows of taps either.
      const float* kernel =
          data_ + point * stride_ + panel * taps_ * padded_in_ * 16 + (taps_ - count) * padded_in_ * width;
      multiply_panel(v + point * source_stride, row_length, size, kernel, width, row_length,
                     m + point * sum_stride + panel * 16, padded_out);
    }
  };
  const auto finish = [&](std::int64_t first, std::int64_t begin, std::int64_t end, const float* m,
                          float* pixels) {
    for (std::int64_t tile = begin; tile < end; ++tile) {
      transform_result(m + tile * padded_out, sum_stride, (first + tile) / columns, (first + tile) % columns,
                       result, pixels);
    }
  };

  const std::int64_t blocks = (tiles + block - 1) / block;
  const std::int64_t products = tile_points * panels();
  if (shared) {
    float* v = workspace.tiles(room + threads * pixel_room);
    float* m = v + tile_points * source_stride;
    for (std::int64_t first = 0; first < tiles; first += block) {
      const std::int64_t size = std::min(block, tiles - first);
      for_ranges(size, 1, [&](auto begin, auto end) { take(first, begin, end, v); });
      for_ranges(products, 1, [&](auto begin, auto end) { multiply(size, begin, end, v, m); });
      for_ranges(size, 1, [&](auto begin, auto end) {
        // There are at most as many ranges as threads, each of at least size / threads tiles.
        finish(first, begin, end, m, v + room + at::get_thread_num() * pixel_room);
      });
    }
    return;
  }
  float* memory = workspace.tiles(threads * (room + pixel_room));
  for_items(blocks, [&](std::int64_t worker, std::int64_t item) {
    const std::int64_t first = item * block;
    const std::int64_t size = std::min(block, tiles - first);
    float* v = memory + worker * (room + pixel_room);
    float* m = v + tile_points * source_stride;
    take(first, 0, size, v);
    multiply(size, 0, products, v, m);
    finish(first, 0, size, m, v + room);
  });
}

}  // namespace sora::nn
