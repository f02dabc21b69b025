// The name of this machine, for files on disks that several machines share.
#pragma once

#include <string>

namespace sora {

/// As gethostname() has it, made fit for file names: letters, digits, '.', '_' and '-', 64 bytes at most;
/// "unknown" when there is none.
std::string host_name();

/// For tests: from now on this process says that it runs on another machine. An empty name ends that.
void pretend_host_name(const std::string& name);

}  // namespace sora
