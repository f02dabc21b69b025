// The CUDA kernels: passes over rows between the products of a network, each in one sweep over its operands.
// Sums are in fp32 whatever the type of the values. Compiled by NVRTC for the device at hand; as plain C++ by
// tests/nn/cuda, which runs the threads of a block one by one. Plain C++17 without headers.

namespace sora::nn::cuda {

struct Bf16 {
  unsigned short bits;
};

__device__ inline float widen(float value) { return value; }
__device__ inline float widen(Bf16 value) { return __uint_as_float(static_cast<unsigned>(value.bits) << 16); }

template <typename T>
__device__ inline T narrow(float value);
template <>
__device__ inline float narrow<float>(float value) {
  return value;
}
template <>
__device__ inline Bf16 narrow<Bf16>(float value) {
  unsigned bits = __float_as_uint(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {0x7fc0};  // not a number
  bits += 0x7fffu + ((bits >> 16) & 1u);                    // to the nearest, ties to even
  return {static_cast<unsigned short>(bits >> 16)};
}

template <typename T, int VEC>
struct alignas(sizeof(T) * VEC > 16 ? 16 : sizeof(T) * VEC) Pack {
  T values[VEC];
};

template <int VEC, typename T>
__device__ inline void load(const T* from, float* to) {
  const Pack<T, VEC> pack = *reinterpret_cast<const Pack<T, VEC>*>(from);
  for (int i = 0; i < VEC; ++i) to[i] = widen(pack.values[i]);
}

template <int VEC, typename T>
__device__ inline void store(T* to, const float* from) {
  Pack<T, VEC> pack;
  for (int i = 0; i < VEC; ++i) pack.values[i] = narrow<T>(from[i]);
  *reinterpret_cast<Pack<T, VEC>*>(to) = pack;
}

// The sum over the `group` threads of a row, in all of them.
template <int GROUP>
__device__ inline float group_sum(float value) {
  constexpr int width = GROUP < 32 ? GROUP : 32;
  for (int offset = width / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, offset, width);
  }
  if constexpr (GROUP > 32) {  // the row has the block to itself
    __shared__ float sums[GROUP / 32];
    __syncthreads();  // the sums of an earlier call have been read
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = value;
    __syncthreads();
    value = 0;
    for (int i = 0; i < GROUP / 32; ++i) value += sums[i];
  }
  return value;
}

// The part of a row that a thread has.
template <int DIM, int VEC, int GROUP>
struct Part {
  static constexpr int packs = Shape{DIM, VEC, GROUP}.packs();
  static constexpr int each = Shape{DIM, VEC, GROUP}.packs_each();
  static constexpr int rows_a_block = Shape{DIM, VEC, GROUP}.rows_a_block();

  long long row;
  int lane;        // within the row's threads
  bool is_inside;  // of the rows that there are; the others keep their warp company
  float values[each * VEC];

  __device__ explicit Part(long long rows) {
    row = static_cast<long long>(blockIdx.x) * rows_a_block + threadIdx.x / GROUP;
    lane = threadIdx.x % GROUP;
    is_inside = row < rows;
    for (int i = 0; i < each * VEC; ++i) values[i] = 0;
  }

  // f(column of the first value, the values) for each of the thread's packs.
  template <typename F>
  __device__ void for_packs(F f) {
    for (int i = 0; i < each; ++i) {
      const int pack = i * GROUP + lane;
      if (is_inside && pack < packs) f(pack * VEC, values + i * VEC);
    }
  }
  template <typename T>
  __device__ void read(const T* from) {
    for_packs([&](int column, float* v) { load<VEC>(from + column, v); });
  }
  template <typename T>
  __device__ void write(T* to) {
    for_packs([&](int column, float* v) { store<VEC>(to + column, v); });
  }
  __device__ float sum_of_squares(float mean) {
    float sum = 0;
    for_packs([&](int, float* v) {
      for (int i = 0; i < VEC; ++i) sum += (v[i] - mean) * (v[i] - mean);
    });
    return group_sum<GROUP>(sum);
  }
};

__device__ inline long long vector_of_row(const RowVectors& places, long long row) {
  const long long batch = row / places.batch_rows;
  const long long group = (row - batch * places.batch_rows) / places.group_rows;
  return batch * places.batch_stride + group * places.group_stride;
}

template <typename T, int DIM, int VEC, int GROUP>
__device__ void modulated_norm(const ModulatedNormArguments& a) {
  Part<DIM, VEC, GROUP> part(a.rows);
  part.read(static_cast<const T*>(a.x) + part.row * a.row_stride);
  float sum = 0;
  part.for_packs([&](int, float* v) {
    for (int i = 0; i < VEC; ++i) sum += v[i];
  });
  const float mean = group_sum<GROUP>(sum) / DIM;
  const float inverse = rsqrtf(part.sum_of_squares(mean) / DIM + a.eps);
  const long long place = vector_of_row(a.places, part.row);
  part.for_packs([&](int column, float* v) {
    float scale[VEC], shift[VEC];
    for (int i = 0; i < VEC; ++i) {
      scale[i] = 1 - a.scale_offset;
      shift[i] = 0;
    }
    if (a.scale) load<VEC>(a.scale + place + column, scale);
    if (a.shift) load<VEC>(a.shift + place + column, shift);
    for (int i = 0; i < VEC; ++i) v[i] = (v[i] - mean) * inverse * (scale[i] + a.scale_offset) + shift[i];
  });
  part.write(static_cast<T*>(a.out) + part.row * DIM);
}

template <typename T, int DIM, int VEC, int GROUP>
__device__ void norm_rotate(const NormRotateArguments& a) {
  Part<DIM, VEC, GROUP> part(a.rows);
  part.read(static_cast<const T*>(a.x) + part.row * a.row_stride);
  const float inverse = rsqrtf(part.sum_of_squares(0) / DIM + a.eps);
  const float* table = a.table ? a.table + part.row % a.batch_rows * a.head_dim : nullptr;
  part.for_packs([&](int column, float* v) {
    float weight[VEC];
    load<VEC>(a.weight + column, weight);
    // Rounded between the norm and the rotation, as the other forms do.
    for (int i = 0; i < VEC; ++i) v[i] = widen(narrow<T>(v[i] * inverse * weight[i]));
    if constexpr (VEC % 2 == 0) {
      for (int i = 0; table && i < VEC; i += 2) {
        float turn[2];  // cos and sin
        load<2>(table + (column + i) % a.head_dim, turn);
        const float first = v[i] * turn[0] - v[i + 1] * turn[1];
        v[i + 1] = v[i] * turn[1] + v[i + 1] * turn[0];
        v[i] = first;
      }
    }
  });
  part.write(static_cast<T*>(a.out) + part.row * DIM);
}

template <typename T, int DIM, int VEC, int GROUP>
__device__ void gated_residual(const GatedResidualArguments& a) {
  Part<DIM, VEC, GROUP> part(a.rows);
  const long long place = vector_of_row(a.places, part.row);
  T* x = static_cast<T*>(a.x) + part.row * DIM;
  const T* y = static_cast<const T*>(a.y) + part.row * DIM;
  part.read(x);
  part.for_packs([&](int column, float* v) {
    float branch[VEC], gate[VEC];
    load<VEC>(y + column, branch);
    load<VEC>(a.gate + place + column, gate);
    for (int i = 0; i < VEC; ++i) v[i] += gate[i] * branch[i];
  });
  part.write(x);
}

// Part of channel_norm and sum_taps.
template <int DIM, int VEC, int GROUP>
__device__ void normalise_channels(Part<DIM, VEC, GROUP>& part, const float* gamma, bool silu) {
  const float length = sqrtf(part.sum_of_squares(0));
  const float factor = sqrtf(static_cast<float>(DIM)) / (length > 1e-12f ? length : 1e-12f);
  part.for_packs([&](int column, float* v) {
    float g[VEC];
    load<VEC>(gamma + column, g);
    for (int i = 0; i < VEC; ++i) {
      v[i] = v[i] * factor * g[i];
      if (silu) v[i] = v[i] / (1 + expf(-v[i]));
    }
  });
}

template <typename T, int DIM, int VEC, int GROUP>
__device__ void channel_norm(const ChannelNormArguments& a) {
  Part<DIM, VEC, GROUP> part(a.rows);
  part.read(static_cast<const T*>(a.x) + part.row * DIM);
  normalise_channels(part, a.gamma, a.silu != 0);
  part.write(static_cast<T*>(a.out) + part.row * DIM);
}

// Adds `from` to the values at `column`.
template <int VEC, typename T>
__device__ inline void add(const T* from, float* values) {
  float more[VEC];
  load<VEC>(from, more);
  for (int i = 0; i < VEC; ++i) values[i] += more[i];
}

template <typename T, int DIM, int VEC, int GROUP>
__device__ void sum_taps(const SumTapsArguments& a) {
  Part<DIM, VEC, GROUP> part(a.frames * a.pixels);
  const long long frame = part.row / a.pixels;
  const long long width = static_cast<long long>(a.tap_count) * DIM;  // of a pixel's taps
  const T* newest = static_cast<const T*>(a.taps) + part.row * width + (a.tap_count - 1) * DIM;
  const T* history = static_cast<const T*>(a.history);
  const T* residual = static_cast<const T*>(a.residual);
  part.read(newest);
  part.for_packs([&](int column, float* v) {
    add<VEC>(static_cast<const T*>(a.bias) + column, v);
    if (a.tap_count == 3 && frame >= 1) add<VEC>(newest - a.pixels * width - DIM + column, v);
    if (a.tap_count == 3 && frame >= 2) add<VEC>(newest - 2 * a.pixels * width - 2 * DIM + column, v);
    if (history && frame < 2) add<VEC>(history + part.row * DIM + column, v);
    if (residual) add<VEC>(residual + part.row * DIM + column, v);
  });
  if (a.next && frame == a.frames - 1) {
    const long long pixel = part.row - frame * a.pixels;
    T* next = static_cast<T*>(a.next) + pixel * DIM;
    part.for_packs([&](int column, float*) {
      float soon[VEC], later[VEC];
      load<VEC>(newest - DIM + column, soon);
      load<VEC>(newest - 2 * DIM + column, later);
      if (frame >= 1) {
        add<VEC>(newest - a.pixels * width - 2 * DIM + column, soon);
      } else if (history) {
        add<VEC>(history + (a.pixels + pixel) * DIM + column, soon);
      }
      store<VEC>(next + column, soon);
      store<VEC>(next + a.pixels * DIM + column, later);
    });
  }
  if (a.gamma) normalise_channels(part, a.gamma, a.silu != 0);
  part.write(static_cast<T*>(a.out) + part.row * DIM);
}

}  // namespace sora::nn::cuda
