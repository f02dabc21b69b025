// storyboard STORY: makes one continuous video from prompts at times. The file may have any options of a
// request; those on the command line override them.
#include <string>

#include "cli/shared_input.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "jobs/story_file.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::uint64_t kLargestStory = 4 << 20;  // bytes

}  // namespace

int make_storyboard(Session& session) {
  Options& options = session.options;
  Request& request = options.request;
  if (options.words.size() > 1) {
    if (options.on_line.has("shot")) {
      throw Error(ErrorKind::usage, "options",
                  "storyboard has both " + options.words[1] + " and --shot; leave one of them out");
    }
    const std::string& word = options.words[1];
    const std::string name = word == "-" ? "stdin" : word;
    if (word == "-") refuse_shared_input(request, "storyboard -", "write the story to a file and give that");
    const StoryFile file =
        parse_story(name, word == "-" ? read_stdin(kLargestStory, "is over 4 MB, expected a storyboard")
                                      : read_text(word, "storyboard", kLargestStory));
    request = layered(request, options.presets, file.options, options.on_line);
    check_story(name, file, request);
  }
  request.verb = "storyboard";
  options.has_prompt = true;
  return generate(session);
}

}  // namespace sora
