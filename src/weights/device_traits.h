// Which kinds of devices there are besides the CPU, and what they can do. Code that needs to know asks here,
// and not which device it is, so that a kind of device is added in one place.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

namespace sora {

struct DeviceTraits {
  bool own_memory = false;     ///< tensors of the host must be copied to it
  bool queues_work = false;    ///< it works behind the host's back, in streams; events tell when it is done
  bool pinned_memory = false;  ///< it copies from pinned memory of the host without making the host wait
  bool bfloat16 = false;       ///< it computes bf16 at full speed
  bool several_attentions =
      false;  ///< libtorch has several methods for attention on it (nn/attention_choice.h)
};

struct DeviceKind {
  std::string name;   ///< cuda: its devices are called cuda:0, cuda:1 ...
  std::string title;  ///< for people: NVIDIA GPU
  at::DeviceType type = at::kCPU;
  DeviceTraits traits;
  std::function<bool()> present;  ///< whether there may be such a device; takes no time
  std::function<int()> count;     ///< how many can be used; loads their back end
  /// Whether this one multiplies fp8 matrices (at::_scaled_mm); empty: none does.
  std::function<bool(at::Device)> fp8_products = {};
};

/// Adds a kind, or replaces the one of that name.
void register_device_kind(DeviceKind kind);
const std::vector<DeviceKind>& device_kinds();

/// What `device` can do; for the CPU, and for kinds that are not registered, all false.
DeviceTraits traits_of(at::Device device);

/// DeviceKind::fp8_products of the device's kind.
bool has_fp8_products(at::Device device);

}  // namespace sora
