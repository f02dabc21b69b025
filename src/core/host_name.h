// The name of this machine, for files on disks that several machines share.
#pragma once

#include <string>

namespace sora {

/// The name from gethostname(), with other characters than letters, digits, '.', '_' and '-' replaced by '_',
/// and at most 64 bytes long; "unknown" when there is none.
std::string host_name();

/// For tests: sets what host_name() returns. An empty name ends that.
void set_host_name_for_tests(const std::string& name);

}  // namespace sora
