// Standard input and pipes where torchrun, srun or mpirun started several processes with the same command.
#pragma once

#include <string>

#include "sora/request.h"

namespace sora {

/// Whether this process is one of those that only help rank 0 to make a video: they need no prompt.
bool helps_rank_0(const Request& request);

/// Throws Error (usage) where several processes were started, without --parallel off, and each would read
/// `what`: mpirun gives its standard input to rank 0 alone, and under torchrun every process takes a part.
/// srun gives all of it to each. `instead` says what to do.
void refuse_shared_input(const Request& request, const std::string& what, const std::string& instead);

/// The same for a pipe with a name, of which each process would take a part, under srun too.
void refuse_shared_pipe(const Request& request, const std::string& path);

}  // namespace sora
