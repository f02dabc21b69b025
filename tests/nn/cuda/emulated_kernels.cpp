// One set of kernels. Compiled once with the true text, and once for every fault that CMakeLists.txt plants:
//   KERNELS  the file with the kernels        SET  the name of this set, which is also the name of its
//   namespace
#include "nn/cuda/emulated_kernels.h"

#include <map>
#include <stdexcept>

#include "nn/cuda/emulator.h"

#define cuda SET  // sora::nn::cuda would be the same in all sets
#include "nn/cuda/kernel_arguments.h"
#include KERNELS
#undef cuda

namespace sora::nn::SET {
namespace {

struct Entry {
  unsigned threads;
  void (*body)(const void*);
};

template <class Arguments, void (*kernel)(const Arguments&)>
void call(const void* arguments) {
  kernel(*static_cast<const Arguments*>(arguments));
}

using Entries = std::map<std::string, Entry>;

template <typename T, int DIM, int VEC>
void add_rows(Entries& entries, const std::string& type) {
  constexpr Shape s = shape_of(DIM, VEC);
  static_assert(s.group > 0);
  const std::string end = type + std::to_string(DIM) + "x" + std::to_string(VEC);
  constexpr auto threads = static_cast<unsigned>(s.threads());
  entries["modulated_norm" + end] = {threads,
                                     call<ModulatedNormArguments, modulated_norm<T, DIM, VEC, s.group>>};
  entries["norm_rotate" + end] = {threads, call<NormRotateArguments, norm_rotate<T, DIM, VEC, s.group>>};
  entries["gated_residual" + end] = {threads,
                                     call<GatedResidualArguments, gated_residual<T, DIM, VEC, s.group>>};
  entries["channel_norm" + end] = {threads, call<ChannelNormArguments, channel_norm<T, DIM, VEC, s.group>>};
  entries["sum_taps" + end] = {threads, call<SumTapsArguments, sum_taps<T, DIM, VEC, s.group>>};
}

Entries make_entries() {
  Entries entries;
  add_rows<float, 3, 1>(entries, "_f32_");
  add_rows<float, 10, 2>(entries, "_f32_");
  add_rows<float, 24, 4>(entries, "_f32_");
  add_rows<float, 96, 4>(entries, "_f32_");
  add_rows<float, 96, 1>(entries, "_f32_");
  add_rows<float, 1000, 4>(entries, "_f32_");
  add_rows<Bf16, 24, 8>(entries, "_bf16_");
  add_rows<Bf16, 42, 2>(entries, "_bf16_");
  add_rows<Bf16, 1536, 8>(entries, "_bf16_");
  return entries;
}

}  // namespace

void run(const std::string& name, unsigned blocks, unsigned threads, unsigned order, const void* arguments) {
  static const Entries entries = make_entries();
  const auto found = entries.find(name);
  if (found == entries.end()) throw std::runtime_error("the test has no " + name);
  if (found->second.threads != threads) throw std::runtime_error("another size of blocks for " + name);
  emulated::run_grid(blocks, threads, order, found->second.body, arguments);
}

}  // namespace sora::nn::SET
