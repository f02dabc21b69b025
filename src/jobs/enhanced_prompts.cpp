#include "jobs/enhanced_prompts.h"

#include "plan/verbs/story.h"

namespace sora {
namespace {

// --prompt " " is none.
bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

bool is_written_out(const Request& request) { return request.original_prompt.has_value(); }

}  // namespace

std::vector<std::string> texts_to_enhance(const Request& request) {
  std::vector<std::string> texts;
  if (is_written_out(request)) return texts;
  for (const std::string& shot : request.shot) {
    double time = 0;
    std::string text;
    if (split_shot(shot, time, text).empty() && !is_blank(text)) texts.push_back(text);
  }
  if (request.shot.empty() && !is_blank(request.prompt)) texts.push_back(request.prompt);
  return texts;
}

bool put_enhanced(Request& request, const EnhancedText& enhanced) {
  if (is_written_out(request)) return true;
  std::vector<std::string> shots;
  std::string original;
  for (const std::string& shot : request.shot) {
    double time = 0;
    std::string text;
    const bool fine = split_shot(shot, time, text).empty() && !is_blank(text);
    const std::string* written = fine ? enhanced(text) : &shot;
    if (written == nullptr) return false;
    shots.push_back(fine ? time_text(time) + " " + *written : shot);
    original += (original.empty() ? "" : "\n") + shot;
  }
  if (!shots.empty()) {
    request.shot = shots;
    request.prompt.clear();  // it may stand there if it is that of the first shot
  } else if (!is_blank(request.prompt)) {
    const std::string* written = enhanced(request.prompt);
    if (written == nullptr) return false;
    original = request.prompt;
    request.prompt = *written;
  } else {
    return true;
  }
  request.original_prompt = original;
  return true;
}

}  // namespace sora
