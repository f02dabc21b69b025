// What the program does, one function a verb. Each takes the parsed line and returns the exit code.
#pragma once

#include <memory>

#include "cli/options.h"
#include "cli/progress.h"
#include "core/log.h"

namespace sora {

/// What every verb gets.
struct Session {
  Options options;
  LogSink log_sink;
  std::unique_ptr<ProgressDisplay> progress;
};

struct Verb {
  const char* name;
  const char* arguments;  ///< of the help line
  const char* help;
  bool takes_request;  ///< the options of a video mean something to it
  int (*run)(Session&);
};

int generate(Session& session);     ///< generate.cpp
int list_models(Session& session);  ///< models.cpp
int run_doctor(Session& session);   ///< doctor.cpp

}  // namespace sora
