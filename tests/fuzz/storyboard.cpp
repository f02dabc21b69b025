// A storyboard: lines of times and prompts, or JSON.
#include "fuzz.h"
#include "jobs/story_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sora;
  using namespace sora::fuzz;
  survives([&] {
    const StoryFile file = parse_story("story.txt", Input(data, size).rest());
    Request request;
    file.options.apply(request);
    require(request.verb == "storyboard", "a storyboard became " + request.verb);
    require(file.lines.size() == request.shot.size(), "shots without a line");
    check_story("story.txt", file, request);
  });
  return 0;
}
