#include "weights/device_traits.h"

#include <algorithm>
#include <utility>

namespace sora {
namespace {

std::vector<DeviceKind>& kinds() {
  static std::vector<DeviceKind> all;
  return all;
}

}  // namespace

void register_device_kind(DeviceKind kind) {
  std::erase_if(kinds(), [&](const DeviceKind& other) { return other.name == kind.name; });
  kinds().push_back(std::move(kind));
}

const std::vector<DeviceKind>& device_kinds() { return kinds(); }

DeviceTraits traits_of(at::Device device) {
  for (const DeviceKind& kind : kinds()) {
    if (kind.type == device.type()) return kind.traits;
  }
  return {};
}

bool has_fp8_products(at::Device device) {
  const auto kind = std::ranges::find(kinds(), device.type(), &DeviceKind::type);
  return kind != kinds().end() && kind->fp8_products && kind->fp8_products(device);
}

}  // namespace sora
