#include "nn/device.h"

#include <ATen/Context.h>
#include <ATen/DeviceGuard.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <map>
#include <mutex>
#include <utility>

#include "core/cuda_driver.h"
#include "core/log.h"
#include "core/text.h"
#include "nn/cuda/driver.h"
#include "nn/cuda_loader.h"
#include "sora/error.h"

namespace sora {
namespace {

int cuda_devices() { return load_cuda_backend() ? at::detail::getCUDAHooks().deviceCount() : 0; }

// Ada (8.9), Hopper (9.0) and later.
bool multiplies_fp8(at::Device device) {
  static std::map<int, bool> known;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const auto [entry, is_new] = known.try_emplace(device.index(), false);
  if (!is_new) return entry->second;
  try {
    entry->second = nn::cuda::open_driver()->capability(device) >= 89;
  } catch (const std::exception& error) {
    log(LogLevel::debug, std::string("its compute capability is not known: ") + error.what());
  }
  return entry->second;
}

const bool cuda_registered = (register_device_kind({"cuda",
                                                    "NVIDIA GPU",
                                                    at::kCUDA,
                                                    {.own_memory = true,
                                                     .queues_work = true,
                                                     .pinned_memory = true,
                                                     .bfloat16 = true,
                                                     .several_attentions = true},
                                                    [] { return cuda_driver_present(); },
                                                    cuda_devices,
                                                    multiplies_fp8}),
                              true);

[[noreturn]] void no_device(const std::string& device) {
  throw Error(ErrorKind::usage, "device",
              "\"" + excerpt(device) + "\" is not a device, expected cpu, cuda or cuda:N");
}

at::Device device_named(const std::string& name) {
  const std::size_t colon = name.find(':');
  for (const DeviceKind& kind : device_kinds()) {
    if (name.substr(0, colon) != kind.name) continue;
    std::uint64_t number = 0;
    if (colon != std::string::npos && !set_from_text(number, name.substr(colon + 1)).empty()) no_device(name);
    const int count = kind.count();
    if (count == 0) {
      throw Error(
          ErrorKind::unavailable, "device",
          name + ": no " + kind.title + " can be used here; see sora-gen doctor, or use --device cpu");
    }
    if (number >= static_cast<std::uint64_t>(count)) {
      throw Error(
          ErrorKind::usage, "device",
          name + ": expected " + kind.name + ":0" +
              (count == 1 ? ", the only one here" : " to " + kind.name + ":" + std::to_string(count - 1)));
    }
    return {kind.type, static_cast<at::DeviceIndex>(number)};
  }
  no_device(name);
}

// What other programs and our own context use is not free. What our allocator holds is, for the next run.
void read_memory(UsableDevice& device, at::DeviceType type, int number) {
  try {
    auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(type));
    if (allocator == nullptr) return;
    at::globalContext().lazyInitDevice(type);
    const auto index = static_cast<c10::DeviceIndex>(number);
    const c10::DeviceGuard guard(at::Device(type, index));
    const auto [free, memory] = allocator->getMemoryInfo(index);
    const std::int64_t ours = allocator->getDeviceStats(index).reserved_bytes[0].current;
    device.memory = memory;
    device.free = memory == 0 ? 0 : free + static_cast<std::uint64_t>(std::max<std::int64_t>(0, ours));
  } catch (const std::exception& error) {
    log(LogLevel::debug, device.name + ": its memory is not known: " + error.what());
  }
}

}  // namespace

Placement make_placement(const std::string& device, const std::string& dtype) {
  Placement placement;
  if (device != "cpu") placement.device = device_named(device);
  const bool has_bfloat16 = traits_of(placement.device).bfloat16;
  if (dtype.empty()) {
    placement.dtype = has_bfloat16 ? at::kBFloat16 : at::kFloat;
  } else if (dtype == "float32") {
    placement.dtype = at::kFloat;
  } else if (dtype == "bfloat16" && has_bfloat16) {
    placement.dtype = at::kBFloat16;
  } else {
    throw Error(ErrorKind::usage, "device",
                "--dtype " + dtype + " on " + device + ": expected float32, or bfloat16 on CUDA");
  }
  set_float32_precision(placement.dtype);
  return placement;
}

void prepare_devices() {
  for (const DeviceKind& kind : device_kinds()) {
    if (kind.present()) (void)kind.count();
  }
}

std::vector<UsableDevice> usable_devices() {
  std::vector<UsableDevice> all;
  for (const DeviceKind& kind : device_kinds()) {
    const int count = kind.count();
    for (int i = 0; i < count; ++i) {
      UsableDevice device{kind.name + ":" + std::to_string(i), kind.title};
      read_memory(device, kind.type, i);
      all.push_back(std::move(device));
    }
  }
  return all;
}

void set_float32_precision(at::ScalarType dtype) {
  at::globalContext().setAllowTF32CuDNN(dtype != at::kFloat);
  at::globalContext().setAllowTF32CuBLAS(false);
}

}  // namespace sora
