// Error messages for failures that no catch block handles.
#pragma once

namespace sora {

/// After this call, an uncaught exception (as from a library while it is loaded) and a library that ends the
/// program itself (as libgomp does when it cannot start a thread) also lead to an error message, an exit code
/// and the removal of temporary files. The program itself must end by _exit().
void install_last_resort();

}  // namespace sora
