// --print-config beside --prompts: the options of each line, and where they come from.
#include <map>
#include <string>

#include "cli/batch/batch.h"
#include "cli/configuration.h"
#include "cli/terminal/terminal.h"
#include "sora/error.h"

namespace sora {
namespace {

// What a preset that the line names, and the line itself, change.
void add_sources(Options& options, const Options& all, const Overrides& line) {
  const auto preset = line.text("preset");
  if (const Overrides* own = own_preset(all.presets, preset)) {
    for (const std::string& name : own->names()) options.sources[name] = "preset " + *preset;
  }
  for (const std::string& name : line.names()) options.sources[name] = "prompts file";
}

}  // namespace

int print_list_config(Session& session) {
  const PromptsFile file = read_list(session.options);
  const ListSettings settings = list_settings(session.options);
  if (!file.errors.empty()) {
    throw Error(ErrorKind::data, "prompts",
                *session.options.prompts + ":" + std::to_string(file.errors.front().line) + ": " +
                    file.errors.front().message);
  }
  std::string text;
  for (const PromptLine& line : file.lines) {
    Options options = session.options;
    options.request = layered(settings.base, settings.presets, line.overrides);
    options.prompts.reset();
    options.has_prompt = true;
    add_sources(options, session.options, line.overrides);
    options.sources.erase("prompts");
    text += config_text(options, -1);
  }
  write_stdout(text);
  return 0;
}

}  // namespace sora
