// libsora, opened on demand: libtorch alone takes half a second to start, which help, errors and dry runs
// do not wait for.
#pragma once

#include <filesystem>
#include <memory>

#include "pipeline/run/entry.h"

namespace sora {

/// Sets what libsora reads from the environment when it is opened. load_library() does so too; a program with
/// several threads calls it before it starts the second one, since others may read the environment then.
void prepare_for_library();

/// Opens libsora: beside the program (../lib, where both the build tree and an installation have it), else
/// where the loader looks. Takes over its log and its clean-up on signals. It is never closed, since
/// libtorch cannot be. Throws Error: unavailable (not found, or a library that it needs is missing),
/// internal (of another build).
const Entry& load_library(const LogSink& log_sink);

/// The file that load_library() takes; empty when the loader path decides.
std::filesystem::path library_path();

struct GeneratorDeleter {
  const Entry* entry;
  void operator()(Generator* generator) const { entry->destroy(generator); }
};
using GeneratorPtr = std::unique_ptr<Generator, GeneratorDeleter>;

inline GeneratorPtr make_generator(const Entry& entry) { return {entry.create(), GeneratorDeleter{&entry}}; }

}  // namespace sora
