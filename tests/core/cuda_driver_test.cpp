// A driver is found wherever the system or a container puts its devices.
#include "core/cuda_driver.h"

#include <gtest/gtest.h>

#include <fstream>

#include "temporary_folder.h"

namespace sora {
namespace {

bool present_with(const char* file) {
  const TemporaryFolder dev;
  std::ofstream(dev / "null") << "";
  std::ofstream(dev / file) << "";
  return cuda_driver_present(dev.path());
}

TEST(CudaDriver, IsFoundByAnyDeviceFile) {
  for (const char* file : {"nvidia0", "nvidia3", "nvidia12", "dxg", "nvhost-gpu"}) {
    EXPECT_TRUE(present_with(file)) << file;
  }
  for (const char* file : {"nvidiactl", "nvidia-uvm", "nvidia", "dri", "sda"}) {
    EXPECT_FALSE(present_with(file)) << file;
  }
  EXPECT_FALSE(cuda_driver_present("/no/such/folder"));
}

}  // namespace
}  // namespace sora
