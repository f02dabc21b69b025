// libsora, loaded on demand: libtorch alone takes half a second to load, and help, errors and dry runs do not
// need it.
#pragma once

#include <filesystem>
#include <memory>

#include "pipeline/run/entry.h"

namespace sora {

/// Sets environment variables that libsora reads when it is loaded. load_library() does so too; a program
/// with several threads must call this before it starts the second one, since other threads may read the
/// environment.
void prepare_for_library();

/// Loads libsora: from ../lib beside the program, as in a build folder and an installation, else from the
/// loader's search path. Its log goes to `log_sink`, and signals remove its temporary files too. It is never
/// unloaded, since libtorch cannot be. Throws Error: unavailable (it or a library that it needs is missing),
/// internal (of another build).
const Entry& load_library(const LogSink& log_sink);

/// The file that load_library() loads; empty: libsora is looked for on the loader's search path.
std::filesystem::path library_path();

struct GeneratorDeleter {
  const Entry* entry;
  void operator()(Generator* generator) const { entry->destroy(generator); }
};
using GeneratorPtr = std::unique_ptr<Generator, GeneratorDeleter>;

inline GeneratorPtr make_generator(const Entry& entry) { return {entry.create(), GeneratorDeleter{&entry}}; }

}  // namespace sora
