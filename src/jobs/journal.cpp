#include "jobs/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/ascii.h"
#include "core/file.h"
#include "core/host_name.h"
#include "core/json/json_line.h"
#include "core/output/output_file.h"
#include "core/unique_fd.h"
#include "jobs/journal_fields.h"
#include "plan/kept_latents.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using State = JobRecord::State;

constexpr std::uint64_t kRunByte = 0;
constexpr std::uint64_t kWriteByte = 1;
constexpr std::uint64_t kAskByte = 2;
constexpr std::size_t kLongestPrompt = 1 << 20;  // bytes
constexpr std::size_t kLongestName = 128;        // of a machine or its devices
constexpr std::int64_t kHighestRank = 1'000'000;
constexpr std::uint64_t kLongestList = std::uint64_t{1} << 31;

// 60 bits of the key as an offset, after the bytes with other meanings.
std::uint64_t job_byte(const std::string& key) {
  return 16 + std::strtoull(key.substr(0, 15).c_str(), nullptr, 16);
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

[[noreturn]] void fail_io(const fs::path& path, const char* what, int code) {
  throw Error(ErrorKind::io, "journal",
              path.string() + ": " + what + " failed: " + std::strerror(code) +
                  (code == ENOSPC || code == EDQUOT ? "; free some space and run it again" : ""));
}

// The journal may be a stranger's: a name of a machine or a device is short, and has no spaces or escapes.
std::string plain_name(std::string name) {
  const bool plain = name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](char c) {
                       return is_ascii_letter(c) || is_ascii_digit(c) ||
                              std::string_view("._-:,").find(c) != std::string_view::npos;
                     });
  return plain ? name : "";
}

MadeBy made_by(const JournalFields& fields) {
  MadeBy by{plain_name(fields.text("host")), plain_name(fields.text("device")), {}};
  if (fields.has("rank")) by.rank = static_cast<int>(fields.integer("rank", 0, kHighestRank));
  return by;
}

JsonLine event(const char* name, const std::string& key, const std::string& output) {
  JsonLine line;
  line.add("event", name).add("time", now());
  if (!key.empty()) line.add("key", key).add("output", output);
  return line;
}

std::int64_t modified_ns(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

}  // namespace

Journal::Journal(const fs::path& folder)
    : folder_(folder.empty() ? fs::path(".") : folder), home_(folder_ / ".sora-gen") {}

bool Journal::exists(const fs::path& folder) {
  std::error_code code;
  return fs::exists(folder / ".sora-gen" / "journal.jsonl", code);
}

void Journal::open(bool share) {
  if (lock_) return;
  std::error_code code;
  fs::create_directories(home_, code);
  if (code) {
    throw Error(ErrorKind::cannot_create, "journal",
                home_.string() + ": cannot be created: " + code.message());
  }
  lock_.emplace(home_ / "lock");
  const auto mode = share ? LockedFile::Mode::shared : LockedFile::Mode::exclusive;
  if (!lock_->try_lock(kRunByte, mode)) {
    const std::string holder = lock_->holder();
    lock_.reset();
    throw Error(
        ErrorKind::busy, "journal",
        folder_.string() + ": another run is at work in this folder" +
            (holder.empty() ? "" : " (" + holder + ")") + "; wait for it" +
            (share ? ", or start both with --share" : ", or start both with --share to divide the jobs"));
  }
  lock_->write_holder();
}

void Journal::refresh() {
  const fs::path path = home_ / "journal.jsonl";
  std::error_code code;
  if (!fs::exists(path, code)) return;
  const File file(path, "journal");
  if (file.size() <= read_to_) return;
  std::string text(file.size() - read_to_, '\0');
  file.read_at(text.data(), text.size(), read_to_);
  std::size_t start = 0;
  for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    read_line(std::string_view(text).substr(start, end - start));
  }
  read_to_ += start;
}

void Journal::read_line(std::string_view line) {
  const JournalFields fields(line, (home_ / "journal.jsonl").string() + ":" + std::to_string(++lines_));
  if (!fields.is_object()) return;  // an incomplete line, left by a crash before a later run
  const std::string event = fields.text("event");
  const std::string key = fields.text("key");
  if (event == "enhanced") read_enhanced(fields);
  if (key.empty()) return;
  JobRecord record;
  record.output = fields.text("output");
  record.time = fields.number("time");
  if (event == "done") {
    record.state = State::done;
    record.seconds = fields.number("seconds");
    record.bytes = static_cast<std::uint64_t>(fields.integer("bytes", 0, INT64_MAX));
    record.sha256 = fields.text("sha256");
    record.frames = fields.integer("frames", 0, INT64_MAX);
    record.modified = fields.integer("modified", INT64_MIN, INT64_MAX);
    record.latents = fields.boolean("latents");
    record.by = made_by(fields);
  } else if (event == "failed") {
    record.state = State::failed;
    record.exit_code = static_cast<int>(fields.integer("exit_code", 0, 255));
    record.error = fields.text("error");
  } else if (event == "stopped") {
    record.state = State::stopped;
  } else if (event == "start") {
    record.was_free = fields.boolean("was_free");
  } else {
    return;
  }
  // When a job stops or crashes and starts again, its output may exist because the job made it: was_free
  // stays true. Only a start after the job was done counts anew. ("stopped" may follow "done", if syncing
  // that record failed.)
  const auto before = records_.find(key);
  if (before != records_.end() && !(before->second.state == State::done && event == "start")) {
    record.was_free = record.was_free || before->second.was_free;
  }
  records_[key] = record;
}

const JobRecord* Journal::find(const std::string& key) const {
  const auto found = records_.find(key);
  return found == records_.end() ? nullptr : &found->second;
}

bool Journal::claim(const std::string& key) {
  return lock_->try_lock(job_byte(key), LockedFile::Mode::exclusive);
}

void Journal::release(const std::string& key) { lock_->unlock(job_byte(key)); }

bool Journal::is_claimed(const std::string& key) const {
  std::error_code code;
  if (!fs::exists(home_ / "lock", code)) return false;
  return LockedFile(home_ / "lock").is_locked(job_byte(key));
}

void Journal::append(const std::string& line) {
  lock_->lock(kWriteByte, LockedFile::Mode::exclusive);  // over NFS, appending alone is not enough
  struct Unlock {
    LockedFile& lock;
    ~Unlock() { lock.unlock(kWriteByte); }
  } unlock{*lock_};
  const fs::path path = home_ / "journal.jsonl";
  const UniqueFd owner(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  const int fd = owner.get();
  if (fd < 0) fail_io(path, "opening it", errno);
  // A crash may have left an incomplete line: the new line must not be appended to that.
  struct stat info {};
  char last = '\n';
  if (::fstat(fd, &info) == 0 && info.st_size > 0 && ::pread(fd, &last, 1, info.st_size - 1) != 1)
    last = '\n';
  const std::string text = (last == '\n' ? "" : "\n") + line + "\n";
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t n = ::write(fd, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_io(path, "write", n < 0 ? errno : ENOSPC);
    written += static_cast<std::size_t>(n);
  }
  if (::fdatasync(fd) != 0 && errno != EINVAL) fail_io(path, "sync", errno);
}

void Journal::run_begins(std::uint64_t jobs) {
  append(event("run", "", "")
             .add("version", SORA_GEN_VERSION)
             .add("host", host_name())
             .add("pid", static_cast<std::int64_t>(::getpid()))
             .add("jobs", jobs)
             .text());
}

void Journal::started(const std::string& key, const std::string& output, bool was_free) {
  append(event("start", key, output).add("was_free", was_free).text());
}

void Journal::done(const std::string& key, const Result& result, const std::string& output, double seconds,
                   bool latents, const MadeBy& by) {
  JsonLine line = event("done", key, output);
  line.add("bytes", result.bytes)
      .add("frames", result.frames)
      .add("sha256", result.sha256)
      .add("seconds", seconds)
      .add("modified", modified_ns(folder_ / output));
  if (latents) line.add("latents", true);
  if (!by.host.empty()) line.add("host", by.host);
  if (!by.device.empty()) line.add("device", by.device);
  if (by.rank) line.add("rank", *by.rank);
  append(line.text());
}

void Journal::failed(const std::string& key, const std::string& output, int exit_code,
                     const std::string& error) {
  append(event("failed", key, output).add("exit_code", exit_code).add("error", error).text());
}

void Journal::stopped(const std::string& key, const std::string& output) {
  append(event("stopped", key, output).text());
}

void Journal::read_enhanced(const JournalFields& fields) {
  std::string written = fields.text("enhanced");
  const bool fine =
      !written.empty() && written.size() <= kLongestPrompt && written.find('\0') == std::string::npos;
  if (fine) enhanced_[{fields.text("kind"), fields.text("prompt")}] = std::move(written);
}

const std::string* Journal::enhanced(const std::string& kind, const std::string& prompt) const {
  const auto found = enhanced_.find({kind, prompt});
  return found == enhanced_.end() ? nullptr : &found->second;
}

void Journal::add_enhanced(const std::string& kind, const std::string& prompt, const std::string& written) {
  append(event("enhanced", "", "").add("kind", kind).add("prompt", prompt).add("enhanced", written).text());
  enhanced_[{kind, prompt}] = written;
}

Journal::Asking::Asking(Journal& journal) : journal_(journal) {
  journal_.lock_->lock(kAskByte, LockedFile::Mode::exclusive);
  journal_.refresh();
}

Journal::Asking::~Asking() { journal_.lock_->unlock(kAskByte); }

void Journal::write_list(const std::vector<ListedJob>& jobs) {
  std::string text;
  for (const ListedJob& job : jobs) {
    text += JsonLine().add("key", job.key).add("output", job.output).add("prompt", job.prompt).text() + "\n";
  }
  OutputFile file(home_ / "jobs.jsonl", true);
  file.write(text.data(), text.size());
  file.commit();
}

std::vector<ListedJob> Journal::read_list() const {
  std::vector<ListedJob> jobs;
  std::error_code code;
  if (!fs::exists(home_ / "jobs.jsonl", code)) return jobs;
  const std::string text = read_text(home_ / "jobs.jsonl", "journal", kLongestList);
  std::uint64_t number = 0;
  for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    const JournalFields fields(std::string_view(text).substr(start, end - start),
                               (home_ / "jobs.jsonl").string() + ":" + std::to_string(++number));
    if (fields.is_object())
      jobs.push_back({fields.text("key"), fields.text("output"), fields.text("prompt")});
  }
  return jobs;
}

fs::path Journal::checkpoint_file(const std::string& key) const {
  return home_ / (key.substr(0, 32) + ".safetensors");
}

bool is_inside(const std::string& output) {
  const fs::path path = fs::path(output).lexically_normal();
  return !path.empty() && path.is_relative() && *path.begin() != "..";
}

bool lies_inside(const fs::path& folder, const std::string& output) {
  if (!is_inside(output)) return false;
  std::error_code code;
  const fs::path home = fs::weakly_canonical(folder, code);
  if (code) return false;
  const fs::path file = fs::weakly_canonical(folder / output, code);
  return !code && std::mismatch(home.begin(), home.end(), file.begin(), file.end()).first == home.end();
}

bool output_is_whole(const fs::path& file, const JobRecord& record) {
  std::error_code code;
  if (!fs::is_regular_file(file, code) || fs::file_size(file, code) != record.bytes || code) return false;
  if (record.modified != 0 && modified_ns(file) == record.modified) return true;
  return file_sha256(file, "journal") == record.sha256;
}

bool latents_are_there(const fs::path& file, const JobRecord& record) {
  const auto facts = find_latents_facts(latents_name(file.string()));
  return facts && facts->video_sha256 == record.sha256;
}

}  // namespace sora
