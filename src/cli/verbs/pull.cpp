// pull NAME: a published model fetched into the folder where models are looked for. pull: which there are.
#include "net/hub/pull.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "checkpoint/published_models.h"
#include "cli/signals.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs.h"
#include "core/json/json_line.h"
#include "core/text.h"
#include "models/family.h"
#include "plan/model_memory.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Clock = std::chrono::steady_clock;

std::string list_text(bool json) {
  std::string text;
  MachineFacts machine = machine_facts();
  for (const PublishedModel& model : published_models()) {
    if (json) {
      JsonLine line;
      line.add("name", model.short_name).add("repository", model.repository);
      if (const auto facts = facts_without_files(model.short_name)) {
        const ModelMemory memory = memory_of_model(*facts, machine);
        line.add("weight_bytes", facts->weight_bytes).add("device", memory.device).add("fits", memory.fits);
        line.add("offload", memory.offload).add("peak_gb", memory.peak_gb);
      }
      text += line.text() + "\n";
    } else {
      text += model.short_name + std::string(24 - std::min<std::size_t>(model.short_name.size(), 23), ' ') +
              model.repository + "\n";
    }
  }
  return text;
}

// How it goes, on stderr: a status line on a terminal, else a line for each file; JSON lines for programs.
class PullDisplay {
 public:
  explicit PullDisplay(const Options& options)
      : json_(json_on_stderr(options)),
        silent_(options.quiet || options.progress == "none"),
        bar_(!json_ && !silent_ && options.progress != "plain" && stderr_is_terminal()) {}
  PullDisplay(const PullDisplay&) = delete;
  ~PullDisplay() {
    if (bar_) clear_status();
  }

  void begins(const PullResult& result) {
    total_ = result.bytes;
    begun_ = result.here_before;
    start_ = Clock::now();
    const HubListing& listing = result.listing;
    std::string text = one_line(listing.repository) + " at " + listing.commit.substr(0, 12) + ": " +
                       std::to_string(listing.files.size()) + " files, " + bytes_text(result.bytes);
    if (result.here_before > 0) text += ", of which " + bytes_text(result.here_before) + " are here";
    say(text + ", into " + one_line(result.folder.string()));
    if (listing.pickles > 0)
      say(std::to_string(listing.pickles) +
          (listing.pickles == 1 ? " file is a pickle" : " files are pickles") +
          " and left out, since loading one can run code");
  }

  void file(const HubFile& file, std::uint64_t here) {
    if (json_) {
      write_stderr_line(JsonLine()
                            .add("event", "file")
                            .add("file", file.path)
                            .add("bytes", here)
                            .add("total", total_)
                            .text());
    } else if (!bar_) {
      say(one_line(file.path) + ": " + bytes_text(file.bytes));
    }
  }

  void bytes(std::uint64_t here) {
    const auto now = Clock::now();
    if ((!bar_ && !json_) || now - shown_ < std::chrono::milliseconds(json_ ? 1000 : 250)) return;
    shown_ = now;
    if (json_) {
      write_stderr_line(JsonLine().add("event", "fetch").add("bytes", here).add("total", total_).text());
      return;
    }
    const double seconds = std::max(std::chrono::duration<double>(now - start_).count(), 0.001);
    const auto rate = static_cast<double>(here - std::min(begun_, here)) / seconds;
    std::string line = std::to_string(total_ > 0 ? 100 * here / total_ : 100) + " %  " + bytes_text(here) +
                       " of " + bytes_text(total_) + ", " + bytes_text(static_cast<std::uint64_t>(rate)) +
                       "/s";
    if (rate > 1) line += ", " + seconds_text(static_cast<double>(total_ - here) / rate) + " left";
    show_status(line.substr(0, static_cast<std::size_t>(std::max(stderr_columns() - 1, 0))));
  }

  void say(const std::string& text) {
    if (!silent_ && !json_) write_stderr_line(text);
  }

 private:
  bool json_, silent_, bar_;
  std::uint64_t total_ = 0, begun_ = 0;
  Clock::time_point start_, shown_;
};

std::string files_text(const PullResult& result) {
  std::string text;
  for (const HubFile& file : result.listing.files)
    text += one_line(file.path) + "  " + bytes_text(file.bytes) + "\n";
  return text + result.folder.string() + "  " + bytes_text(result.bytes) + ", " +
         (result.was_there ? "there already" : bytes_text(result.here_before) + " of it here") +
         "; a dry run fetches nothing\n";
}

std::string result_line(const PullResult& result) {
  return JsonLine()
             .add("name", result.folder.filename().string())
             .add("path", result.folder.string())
             .add("repository", result.listing.repository)
             .add("commit", result.listing.commit)
             .add("files", static_cast<std::uint64_t>(result.listing.files.size()))
             .add("bytes", result.bytes)
             .add("was_there", result.was_there)
             .text() +
         "\n";
}

}  // namespace

int pull_model(Session& session) {
  const Options& options = session.options;
  if (options.words.size() < 2) return write_stdout(list_text(options.json)), 0;
  PullSettings settings = pull_settings(options.words[1]);
  settings.models = models_folder();
  settings.only_look = options.dry_run;
  begin_work(true);  // the first signal ends it between two pieces, with a line that says so
  PullDisplay display(options);
  PullHooks hooks;
  hooks.stop = [] { return stop_signal() != 0; };
  hooks.begins = [&](const PullResult& result) {
    if (!options.dry_run) display.begins(result);
  };
  hooks.file = [&](const HubFile& file, std::uint64_t here) { display.file(file, here); };
  hooks.bytes = [&](std::uint64_t here) { display.bytes(here); };
  const PullResult result = pull(settings, hooks);
  if (options.json) {
    write_stdout(result_line(result));
  } else if (options.dry_run) {
    write_stdout(files_text(result));
  }
  if (options.dry_run) return 0;
  display.say(one_line(result.folder.string()) +
              (result.was_there ? ": is there already, and whole" : ": whole") + "; sora-gen --model " +
              one_line(result.folder.filename().string()) + " --prompt \"...\"");
  return 0;
}

}  // namespace sora
