#include "nn/cpu/matrix_product.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nn/cpu/panel_product.h"
#include "nn/cpu/parallel.h"
#include "nn/cpu/simd.h"

// Note [Matrix products]
// On CPUs with AVX2 and no more, libtorch's product reaches 77 GFLOP/s where a core's FMA units give 90; the
// products of panels (panel_product.h) reach 82 to 87. The rows of x are read where they lie. The weight's
// rows, 16 at a time and `depth` long, are packed into a panel first. A thread keeps the panels of up to
// `widest` outputs in its own cache and multiplies all rows of x by them. Packing is one pass over the
// weight, which pays from some dozens of rows on, and widens bf16 at no measurable cost. Each output's terms
// are added in the same order whatever the number of threads or rows.
namespace sora::nn {
namespace {

constexpr std::int64_t depth = 384;      // 384 x 16 floats: half of a first-level cache
constexpr std::int64_t widest = 256;     // 384 x 256 floats: a third of a second-level cache
constexpr std::int64_t block_rows = 24;  // that stay in the first-level cache while panels go by
constexpr std::int64_t fewest_rows = 48;

/// Whether the loops below can take x.
bool fits(const at::Tensor& x) {
  return prefers_panels() && x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() > 0 && x.size(-1) > 0 &&
         x.numel() >= fewest_rows * x.size(-1);
}

bool fits(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return fits(x) && weight.is_cpu() && weight.scalar_type() == at::kFloat && weight.dim() == 2 &&
         weight.is_contiguous() && weight.size(0) % vec_size == 0 && weight.size(1) == x.size(-1) &&
         (!bias.defined() || (bias.scalar_type() == at::kFloat && bias.is_contiguous()));
}

SORA_INLINE Vec widened(const float* p) { return load(p); }
SORA_INLINE Vec widened(const at::BFloat16* p) {
  using Narrow = std::uint16_t __attribute__((vector_size(16), aligned(2), may_alias));
  using Wide = std::uint32_t __attribute__((vector_size(32)));
  return reinterpret_cast<Vec>(__builtin_convertvector(*reinterpret_cast<const Narrow*>(p), Wide) << 16);
}

SORA_INLINE float widened_one(float x) { return x; }
SORA_INLINE float widened_one(at::BFloat16 x) { return static_cast<float>(x); }

// Columns [0, k) of `width` rows of the weight -> panel [k, width].
template <class T>
SORA_INLINE void pack(const T* weight, std::int64_t stride, std::int64_t width, std::int64_t k,
                      float* panel) {
  for (std::int64_t r = 0; r < width; r += vec_size) {
    std::int64_t i = 0;
    for (; i + vec_size <= k; i += vec_size) {
      Vec block[vec_size];
      for (int j = 0; j < vec_size; ++j) block[j] = widened(weight + (r + j) * stride + i);
      transpose(block);
      for (int j = 0; j < vec_size; ++j) store(panel + (i + j) * width + r, block[j]);
    }
    for (; i < k; ++i) {
      for (int j = 0; j < vec_size; ++j) panel[i * width + r + j] = widened_one(weight[(r + j) * stride + i]);
    }
  }
}

SORA_SIMD void pack_floats(const float* weight, std::int64_t stride, std::int64_t width, std::int64_t k,
                           float* panel) {
  pack(weight, stride, width, k, panel);
}
SORA_SIMD void pack_bf16(const at::BFloat16* weight, std::int64_t stride, std::int64_t width, std::int64_t k,
                         float* panel) {
  pack(weight, stride, width, k, panel);
}

void make_panel(const at::Tensor& weight, std::int64_t row, std::int64_t column, std::int64_t width,
                std::int64_t k, float* panel) {
  const std::int64_t stride = weight.size(1), at = row * stride + column;
  if (weight.scalar_type() == at::kBFloat16) {
    pack_bf16(weight.const_data_ptr<at::BFloat16>() + at, stride, width, k, panel);
  } else {
    pack_floats(weight.const_data_ptr<float>() + at, stride, width, k, panel);
  }
}

/// out[r, j] = start[j] + sum over i of x[r, i] weight[j, i], for all rows of x [rows, k]; a row of `out` is
/// `out_stride` floats long. `start` may be null.
void multiply(const float* x, std::int64_t rows, const at::Tensor& weight, const float* start, float* out,
              std::int64_t out_stride) {
  const std::int64_t n = weight.size(0), k = weight.size(1), workers = at::get_num_threads();
  const std::int64_t share = std::clamp(round_up(n / (4 * workers), panel_width), panel_width, widest);
  const at::Tensor rooms = at::empty({workers, share * std::min(k, depth)}, at::kFloat);
  const auto some_outputs = [&](std::int64_t worker, std::int64_t item) {
    float* panels = rooms.mutable_data_ptr<float>() + worker * rooms.size(1);
    const std::int64_t first = item * share, last = std::min(n, first + share);
    for (std::int64_t i = 0; i < k; i += depth) {
      const std::int64_t deep = std::min(depth, k - i);
      for (std::int64_t j = first; j < last; j += panel_width) {
        make_panel(weight, j, i, std::min(panel_width, last - j), deep, panels + (j - first) * deep);
      }
      for (std::int64_t row = 0; row < rows; row += block_rows) {
        for (std::int64_t j = first; j < last; j += panel_width) {
          float* sums = out + row * out_stride + j;
          multiply_panel(x + row * k + i, k, std::min(block_rows, rows - row), panels + (j - first) * deep,
                         std::min(panel_width, last - j), deep, sums, out_stride,
                         i > 0 ? SumsBegin{sums, out_stride} : SumsBegin{start ? start + j : nullptr, 0});
        }
      }
    }
  };
  for_items((n + share - 1) / share, some_outputs);
}

}  // namespace

bool prefers_panels() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool value =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !__builtin_cpu_supports("avx512f");
  return value;
#else
  return false;
#endif
}

at::Tensor panels_product(const at::Tensor& x, const std::vector<at::Tensor>& parts, const at::Tensor& bias) {
  const at::Tensor in = x.contiguous();
  std::int64_t n = 0;
  for (const at::Tensor& part : parts) n += part.size(0);
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = n;
  at::Tensor out = at::empty(shape, x.options());
  std::int64_t first = 0;
  for (const at::Tensor& part : parts) {
    multiply(in.const_data_ptr<float>(), in.numel() / in.size(-1), part,
             bias.defined() ? bias.const_data_ptr<float>() + first : nullptr,
             out.mutable_data_ptr<float>() + first, n);
    first += part.size(0);
  }
  return out;
}

bool takes_bf16(const at::Tensor& x) { return fits(x); }

at::Tensor linear_product_of_bf16(const at::Tensor& x, const std::vector<at::Tensor>& parts,
                                  const at::Tensor& bias) {
  return panels_product(x, parts, bias);
}

at::Tensor linear_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return fits(x, weight, bias) ? panels_product(x, {weight}, bias) : at::linear(x, weight, bias);
}

}  // namespace sora::nn
