// animate, extend, connect, loop, remix, edit, finish: sets the files on the command line as options of the
// request.
#include <string>

#include "cli/verbs.h"
#include "plan/model/model_choice.h"
#include "sora/error.h"

namespace sora {
namespace {

void set_file(std::optional<std::string>& field, const std::string& file, const char* option,
              const std::string& verb) {
  if (field) {
    throw Error(ErrorKind::usage, "options",
                verb + " has both " + file + " and " + option + "; leave one of them out");
  }
  field = file;
}

}  // namespace

int make_from_files(Session& session) {
  Options& options = session.options;
  Request& request = options.request;
  request.verb = options.words.front();
  if (options.words.size() > 1) {
    const bool image = request.verb == "animate";
    set_file(image ? request.image : request.input, options.words[1], image ? "--image" : "--input",
             request.verb);
  }
  if (options.words.size() > 2) set_file(request.input_2, options.words[2], "--input-2", request.verb);
  if (options.given.has("model")) keep_given_model(request);
  return generate(session);
}

}  // namespace sora
