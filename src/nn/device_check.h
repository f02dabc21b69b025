// A quick test of a device, the CPU included: what networks are made of, and copies each way.
#pragma once

#include <string>
#include <vector>

namespace sora {

struct DeviceTest {
  std::string name;     ///< product, attention, convolution, copy to it, copy back
  std::string problem;  ///< why it failed, on one line; empty: it did not
  double rate = 0;      ///< per second: operations, or bytes of a copy
  std::string unit;     ///< FLOP/s or B/s
};

/// Runs each on the device of that name ("cpu", "cuda:0") in its usual type, first small and then larger, for
/// some hundredths of a second, and compares a part of the result with the CPU's in double precision. Copies
/// only where the device has memory of its own. Does not throw: what fails is in the result.
std::vector<DeviceTest> check_device(const std::string& name);

}  // namespace sora
