// The journal of a folder of outputs: a log of its jobs, which is appended to and synced, and locks.
//
//   FOLDER/.sora-gen/journal.jsonl   one event a line: run, enhanced, start, done, failed, stopped
//   FOLDER/.sora-gen/jobs.jsonl      the jobs of the last list, one a line
//   FOLDER/.sora-gen/lock            locked bytes: 0 while a run works, 1 while the journal is written, 2
//   while
//                                    prompts are asked for, and one for each job that is being made
//                                    (job_byte)
//   FOLDER/.sora-gen/KEY.safetensors the checkpoint of an unfinished job
//
// Not an SQLite database, since people and jq can read lines, an interrupted write damages only the last
// line, and machines that share the folder over NFS can append to it; SQLite's documentation advises against
// NFS.
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

/// What made a video, as far as the journal knows it: those of older versions say nothing of it.
struct MadeBy {
  std::string host;         ///< the machine's name; empty: not known
  std::string device;       ///< cpu, cuda:0, or several with commas; empty: not known
  std::optional<int> rank;  ///< of the process, where several were started together
};

/// The last event of a job.
struct JobRecord {
  enum class State { started, done, failed, stopped };
  State state = State::started;
  std::string output;     ///< as in the list, relative to the folder when it lies in it
  bool was_free = false;  ///< the output did not exist when the job started
  double time = 0;        ///< of the event, seconds since 1970
  double seconds = 0;     ///< done: how long it took
  std::uint64_t bytes = 0;
  std::string sha256;
  bool latents = false;  ///< done: its latents were kept beside it (--keep-latents)
  std::int64_t frames = 0;
  std::int64_t modified = 0;  ///< done: the file's time of modification, ns
  MadeBy by;                  ///< done
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
  /// The journal of a folder, which need not exist. Enough for reading.
  explicit Journal(const std::filesystem::path& folder);

  static bool exists(const std::filesystem::path& folder);

  /// Begins a run: creates missing files and takes the lock, once. Throws Error: busy when another run has it
  /// (with `share`, only when that run does not share), cannot_create, io.
  void open(bool share);

  /// Reads the lines that any process appended since the last call. An incomplete last line, as after a
  /// crash, is ignored. Throws Error: io, data with the line number (a value of a wrong type, JSON over a
  /// limit).
  void refresh();

  /// The record of a job; null when there is none.
  const JobRecord* find(const std::string& key) const;
  const std::map<std::string, JobRecord>& records() const { return records_; }

  /// Claims a job, so that no other run makes it. Returns false when another run has claimed it.
  bool claim(const std::string& key);
  void release(const std::string& key);
  bool is_claimed(const std::string& key) const;  ///< by another open journal

  /// Events, appended and synced. Throws Error (io).
  void run_begins(std::uint64_t jobs);
  void started(const std::string& key, const std::string& output, bool was_free);
  void done(const std::string& key, const Result& result, const std::string& output, double seconds,
            bool latents = false, const MadeBy& by = {});
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

  /// The file for the checkpoint of a job.
  std::filesystem::path checkpoint_file(const std::string& key) const;
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
  std::uint64_t lines_ = 0;  // that were read
  std::map<std::string, JobRecord> records_;
  std::map<std::pair<std::string, std::string>, std::string> enhanced_;  // by kind and prompt
};

/// Whether a recorded output is in the journal's folder. The folder may come from someone else, so a recorded
/// output outside of it is only used where the job itself has that output.
bool is_inside(const std::string& output);

/// Whether `output` is such a name, and no symbolic link leads from it out of `folder`.
bool lies_inside(const std::filesystem::path& folder, const std::string& output);

/// Whether the output of a job that is done is still complete: the file has the recorded size, and the
/// recorded modification time or digest.
bool output_is_whole(const std::filesystem::path& file, const JobRecord& record);

/// Whether the kept latents beside such an output are there, and say that they belong to it.
bool latents_are_there(const std::filesystem::path& file, const JobRecord& record);

}  // namespace sora
