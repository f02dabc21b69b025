// Work in a child process, for libraries that read strangers' files: whatever happens there, this process and
// its finished video live on.
#pragma once

#include <functional>
#include <string>

namespace sora {

/// Runs `work` in a copy of this process (fork) and returns its answer. The child has at most 2 GB more
/// memory than this process, and prints nothing. An Error that `work` throws is thrown here. Throws Error
/// (unavailable) when the child crashes, gives no answer within `seconds`, or one of over 16 MB; `what`
/// begins the message.
std::string run_isolated(const std::string& what, int seconds, const std::function<std::string()>& work);

}  // namespace sora
