// Stands in for CUDA's driver and compiler: kernels for tensors of the CPU, run by the emulator.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "nn/cuda/emulated_kernels.h"
#include "nn/cuda/launcher.h"
#include "sora/error.h"

namespace sora {

/// What has happened, and what is to fail.
struct EmulatedTools {
  const emulated::KernelSet* set = &emulated::true_kernels();
  unsigned order = 0;
  int compiled = 0, loaded = 0, launched = 0;
  bool refuses_to_compile = false, refuses_to_launch = false;
  std::string refused_binary;  ///< load() refuses this one
};

class EmulatedDriver final : public nn::cuda::Driver {
 public:
  explicit EmulatedDriver(EmulatedTools& tools) : tools_(tools) {}
  int capability(at::Device) override { return 90; }
  nn::cuda::Function load(at::Device, const std::string& binary, const std::string& name) override {
    if (binary == tools_.refused_binary)
      throw Error(ErrorKind::unavailable, "kernels", "not for this driver");
    ++tools_.loaded;
    return &names_.emplace_back(name);
  }
  void launch(at::Device, nn::cuda::Function function, unsigned blocks, unsigned threads,
              const void* arguments) override {
    if (tools_.refuses_to_launch) throw Error(ErrorKind::unavailable, "kernels", "the launch was refused");
    ++tools_.launched;
    try {
      tools_.set->run(*static_cast<std::string*>(function), blocks, threads, tools_.order, arguments);
    } catch (const std::runtime_error& error) {
      throw Error(ErrorKind::unavailable, "kernels", error.what());
    }
  }

 private:
  EmulatedTools& tools_;
  std::deque<std::string> names_;
};

class EmulatedCompiler final : public nn::cuda::Compiler {
 public:
  explicit EmulatedCompiler(EmulatedTools& tools) : tools_(tools) {}
  std::string version() const override { return "emulated 1"; }
  std::string compile(const std::string& source, int capability) const override {
    if (tools_.refuses_to_compile) throw Error(ErrorKind::unavailable, "kernels", "a word that is not C++");
    ++tools_.compiled;
    return "binary for " + std::to_string(capability) + " of " + std::to_string(source.size());
  }

 private:
  EmulatedTools& tools_;
};

inline std::unique_ptr<nn::cuda::Launcher> make_emulated_launcher(EmulatedTools& tools,
                                                                  const std::filesystem::path& cache = {}) {
  return std::make_unique<nn::cuda::Launcher>(
      at::kCPU,
      [&tools] {
        return nn::cuda::Launcher::Tools(std::make_unique<EmulatedDriver>(tools),
                                         std::make_unique<EmulatedCompiler>(tools));
      },
      nn::cuda::BinaryCache(cache));
}

}  // namespace sora
