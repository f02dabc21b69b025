// The verbs, one function each. Each one gets the parsed command line and returns the exit code.
#pragma once

#include <memory>

#include "cli/options.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/status_signal.h"
#include "core/log.h"

namespace sora {

/// The parsed options, and the displays of the program.
struct Session {
  Options options;
  LogSink log_sink;
  std::unique_ptr<ProgressDisplay> progress;
  LatestProgress latest;
};

struct Verb {
  const char* name;
  const char* arguments;  ///< for the help text
  const char* help;
  std::size_t words;   ///< number of arguments that it needs
  bool takes_request;  ///< it has the options of a video
  int (*run)(Session&);
  std::size_t more = 0;  ///< number of further, optional arguments
};

int generate(Session& session);         ///< generate.cpp
int make_from_files(Session& session);  ///< from_files.cpp
int make_storyboard(Session& session);  ///< storyboard.cpp
int make_live(Session& session);        ///< live/live.cpp
int run_batch(Session& session);        ///< batch.cpp
int show_status_of(Session& session);   ///< status.cpp
int decode_latents(Session& session);   ///< decode.cpp
int inspect_file(Session& session);     ///< inspect.cpp
int detect_files(Session& session);     ///< detect.cpp
int rerun_file(Session& session);       ///< inspect.cpp; with --verify also verify.cpp
int scout_seeds(Session& session);      ///< scout.cpp
int pick_drafts(Session& session);      ///< pick.cpp
int serve(Session& session);            ///< serve.cpp
int pull_model(Session& session);       ///< pull.cpp
int list_models(Session& session);      ///< models.cpp
int run_doctor(Session& session);       ///< doctor.cpp

}  // namespace sora
