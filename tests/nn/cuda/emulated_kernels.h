// The kernels of src/nn/cuda, compiled as plain C++, by name; and versions of them with a planted fault.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace sora::emulated {

struct KernelSet {
  const char* fault;  ///< what was changed in their text; empty in the true ones
  /// Throws std::runtime_error for a name that is not among them, a wrong size of blocks, or as run_grid().
  void (*run)(const std::string& name, unsigned blocks, unsigned threads, unsigned order,
              const void* arguments);
};

inline void PrintTo(const KernelSet& set, std::ostream* out) { *out << set.fault; }  // for GoogleTest

const KernelSet& true_kernels();
const std::vector<KernelSet>& faulty_kernels();

}  // namespace sora::emulated
