#include "cli/serve/events.h"

#include "core/json/json_line.h"

namespace sora {

std::string plan_event(const std::string& id, const Plan& plan) {
  std::string text = JsonLine().add("event", "plan").add("id", id).text();
  text.pop_back();
  const std::string shown = plan_json(plan, -1);
  return text + ",\"plan\":" + shown.substr(0, shown.find('\n')) + "}";
}

std::string enhanced_event(const QueuedRequest& queued) {
  const Request& request = queued.request;
  JsonLine line;
  line.add("event", "enhanced").add("id", queued.id);
  line.add("original_prompt", request.original_prompt.value_or(""));
  if (request.shot.empty()) return line.add("prompt", request.prompt).text();
  return line.add("shot", request.shot).text();
}

std::string progress_event(const std::string& id, const Progress& progress) {
  return JsonLine()
      .add("event", "progress")
      .add("id", id)
      .add("phase", phase_name(progress.phase))
      .add("text", phase_text(progress.phase))
      .add("step", progress.step)
      .add("steps", progress.steps)
      .add("frame", progress.frame)
      .add("frames", progress.frames)
      .add("elapsed", progress.elapsed)
      .add("eta", progress.eta)
      .text();
}

std::string done_event(const QueuedRequest& queued, const Result& result) {
  return JsonLine()
      .add("event", "done")
      .add("id", queued.id)
      .add("output", result.output)
      .add("bytes", result.bytes)
      .add("frames", result.frames)
      .add("sha256", result.sha256)
      .add("signed", result.is_signed)
      .add("watermark", result.watermark.empty() ? std::nullopt : std::optional(result.watermark))
      .add("seed", *queued.request.seed)
      .add("seconds", result.seconds)
      .text();
}

}  // namespace sora
