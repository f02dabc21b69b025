#include "nn/cuda/launcher.h"

#include <cstdlib>
#include <limits>
#include <string>

#include "core/folders.h"
#include "core/log.h"
#include "core/sha256.h"
#include "sora/error.h"

namespace sora::nn::cuda {
namespace {

constexpr const char* variable = "SORA_GEN_FUSED";

// Of the largest value: fp32 sums in another order, and one rounding to bf16.
double tolerance(at::ScalarType type) { return type == at::kFloat ? 1e-4 : 1.0 / 64; }

bool is_wanted() {
  const char* value = std::getenv(variable);
  return value == nullptr || std::string(value) != "off";
}

std::filesystem::path folder_of_cache() {
  const std::filesystem::path cache = cache_folder();
  return cache.empty() ? cache : cache / "kernels";
}

Launcher*& current() {
  static Launcher* replaced = nullptr;
  return replaced;
}

}  // namespace

Launcher::Launcher(at::DeviceType device_type, std::function<Tools()> open, BinaryCache cache)
    : device_type_(device_type), open_(std::move(open)), cache_(std::move(cache)), is_on_(is_wanted()) {}

Launcher& Launcher::instance() {
  static Launcher launcher(
      at::kCUDA, [] { return Tools(open_driver(), open_nvrtc()); }, BinaryCache(folder_of_cache()));
  return current() != nullptr ? *current() : launcher;
}

Launcher::Replaced::Replaced(Launcher& launcher) : before_(std::exchange(current(), &launcher)) {}
Launcher::Replaced::~Replaced() { current() = before_; }

void Launcher::switch_off(const std::string& reason) {
  if (!is_on_.exchange(false)) return;
  log(LogLevel::warning,
      "the fused kernels are switched off, and the results are computed in the usual, slower way: " + reason);
}

Launcher::Loaded& Launcher::loaded(const Kernel& kernel, at::Device device) {
  const auto [place, is_new] = loaded_.try_emplace({kernel, device.index()});
  if (!is_new && place->second.function != nullptr) return place->second;
  if (!tools_.first) tools_ = open_();
  auto [known, is_first] = capabilities_.try_emplace(device.index(), 0);
  if (is_first) known->second = tools_.first->capability(device);

  const std::string source = kernel.source();
  const std::string identity =
      tools_.second->version() + " sm_" + std::to_string(known->second) + "\n" + source;
  const std::string name = kernel.name() + "-" + sha256_hex(identity);
  std::optional<std::string> binary = cache_.find(name);
  if (binary) {
    try {
      place->second.function = tools_.first->load(device, *binary, kernel.name());
      return place->second;
    } catch (const Error&) {
      // Of another driver, perhaps: compiled anew below.
    }
  }
  binary = tools_.second->compile(source, known->second);
  place->second.function = tools_.first->load(device, *binary, kernel.name());
  cache_.keep(name, *binary);
  return place->second;
}

void Launcher::start(const Launch& launch, at::Device device, Function function) {
  const Shape shape = launch.kernel.shape();
  const std::int64_t blocks = (launch.rows + shape.rows_a_block() - 1) / shape.rows_a_block();
  if (blocks > std::numeric_limits<int>::max()) {
    throw Error(ErrorKind::unavailable, "kernels", "too many rows: " + std::to_string(launch.rows));
  }
  tools_.first->launch(device, function, static_cast<unsigned>(blocks),
                       static_cast<unsigned>(shape.threads()), launch.arguments);
}

void Launcher::check(const Launch& launch, const std::vector<at::Tensor>& expected, Loaded& entry) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const at::Tensor right = expected[i].to(at::kFloat);
    const at::Tensor found = launch.outputs[i].to(at::kFloat).view_as(right);
    const double largest = right.abs().max().item<double>();
    if (!(largest <= std::numeric_limits<float>::max())) return;  // nothing to compare with: the next time
    const double apart = (found - right).abs().max().item<double>();
    if (apart <= tolerance(expected[i].scalar_type()) * largest) continue;
    for (std::size_t j = 0; j < expected.size(); ++j) {
      launch.outputs[j].copy_(expected[j].view_as(launch.outputs[j]));
    }
    switch_off(launch.kernel.name() + " gives wrong numbers, by " + std::to_string(apart) +
               " where the largest is " + std::to_string(largest));
    return;
  }
  entry.is_checked = true;
}

bool Launcher::run(const Launch& launch, const std::function<std::vector<at::Tensor>()>& reference) {
  const std::lock_guard lock(mutex_);
  if (!is_on_) return false;
  const at::Device device = launch.outputs.front().device();
  std::vector<at::Tensor> expected;
  Loaded* entry = nullptr;
  try {
    entry = &loaded(launch.kernel, device);
    if (!entry->is_checked) expected = reference();
    start(launch, device, entry->function);
  } catch (const Error& error) {
    switch_off(error.message());
    return false;
  }
  if (expected.empty()) return true;
  try {
    check(launch, expected, *entry);
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    // A fault on the device ends all work of this process there.
    throw Error(ErrorKind::unavailable, "kernels",
                launch.kernel.name() + " failed on " + device.str() + " (" + error.what_without_backtrace() +
                    "); run again with " + variable + "=off in the environment");
  }
  return true;
}

}  // namespace sora::nn::cuda
