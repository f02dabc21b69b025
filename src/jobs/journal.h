// What a folder of outputs knows about its jobs: a log that is appended to and synced, and locks.
//
//   FOLDER/.sora-gen/journal.jsonl   one event a line: run, enhanced, start, done, failed, stopped
//   FOLDER/.sora-gen/jobs.jsonl      the jobs of the list that was run last, one a line
//   FOLDER/.sora-gen/lock            byte 0: a run is at work; byte 1: the journal is written to;
//                                    byte 2: prompts are asked for;
//                                    a byte far out for each job that is being made (job_byte)
//   FOLDER/.sora-gen/KEY.safetensors what is denoised of a job that is not finished
//
// Our own, not SQLite's: lines that people and jq read, that outlive a torn write, and that machines which
// share the folder over NFS may append to, where SQLite's documentation advises against its locks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/locked_file.h"
#include "sora/generator.h"

namespace sora {

class JournalFields;

/// The last that the journal says about a job.
struct JobRecord {
  enum class State { started, done, failed, stopped };
  State state = State::started;
  std::string output;     ///< as in the list, relative to the folder when it lies in it
  bool was_free = false;  ///< nothing stood under the output's name when the job started
  double time = 0;        ///< of the event, seconds since 1970
  double seconds = 0;     ///< done: how long it took
  std::uint64_t bytes = 0;
  std::string sha256;
  std::int64_t frames = 0;
  std::int64_t modified = 0;  ///< done: the file's time of modification, ns
  int exit_code = 0;          ///< failed
  std::string error;          ///< failed
};

/// One line of jobs.jsonl.
struct ListedJob {
  std::string key;
  std::string output;
  std::string prompt;
};

class Journal {
 public:
  /// A folder's journal, whether it exists or not. Reading needs nothing more than that.
  explicit Journal(const std::filesystem::path& folder);

  static bool exists(const std::filesystem::path& folder);

  /// Begins a run: creates what is missing and takes the lock, once. Throws Error: busy when another run
  /// holds it (with `share`, only when that one does not share), cannot_create, io.
  void open(bool share);

  /// Reads what was appended since the last call, by others too. A last line that is not whole, as a crash
  /// leaves it, is left out. Throws Error: io, data with the line (a value of a wrong type, JSON past
  /// limits).
  void refresh();

  /// The record of a job; null when there is none.
  const JobRecord* find(const std::string& key) const;
  const std::map<std::string, JobRecord>& records() const { return records_; }

  /// Takes a job, so that no other run takes it; false when another has it.
  bool claim(const std::string& key);
  void release(const std::string& key);
  bool is_claimed(const std::string& key) const;  ///< by another open journal

  /// Events, appended and synced. Throws Error (io).
  void run_begins(std::uint64_t jobs);
  void started(const std::string& key, const std::string& output, bool was_free);
  void done(const std::string& key, const Result& result, const std::string& output, double seconds);
  void failed(const std::string& key, const std::string& output, int exit_code, const std::string& error);
  void stopped(const std::string& key, const std::string& output);

  /// What a prompt became that was written out (--enhance), by the rules of that kind (PromptInstruction);
  /// null when the journal does not know.
  const std::string* enhanced(const std::string& kind, const std::string& prompt) const;
  void add_enhanced(const std::string& kind, const std::string& prompt, const std::string& written);
  /// While this lives, no other run asks for prompts. Waits for it, and reads what it wrote.
  class Asking {
   public:
    explicit Asking(Journal& journal);
    ~Asking();
    Asking(const Asking&) = delete;

   private:
    Journal& journal_;
  };

  /// Replaces the list, whole.
  void write_list(const std::vector<ListedJob>& jobs);
  std::vector<ListedJob> read_list() const;

  /// Where latents of an unfinished job are kept.
  std::filesystem::path latents(const std::string& key) const;
  std::filesystem::path output_path(const JobRecord& record) const { return folder_ / record.output; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void append(const std::string& line);
  void read_line(std::string_view line);
  void read_enhanced(const JournalFields& fields);

  std::filesystem::path folder_;
  std::filesystem::path home_;  // folder_/.sora-gen
  std::optional<LockedFile> lock_;
  std::uint64_t read_to_ = 0;
  std::uint64_t lines_ = 0;  // read
  std::map<std::string, JobRecord> records_;
  std::map<std::pair<std::string, std::string>, std::string> enhanced_;  // by kind and prompt
};

/// Whether an output as a journal records it lies in the journal's folder. A folder may come from elsewhere,
/// and what its journal says names no file outside of it; such an output is the job's only if the job says so
/// too.
bool is_inside(const std::string& output);

/// Whether a record that says done still stands: the file is there, of its size, and either untouched since
/// or of the same digest.
bool output_is_whole(const std::filesystem::path& file, const JobRecord& record);

}  // namespace sora
