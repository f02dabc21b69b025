#include "net/hub/pull.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <set>
#include <system_error>

#include "checkpoint/hub_cache.h"
#include "checkpoint/published_models.h"
#include "core/folders.h"
#include "core/text.h"
#include "core/unique_fd.h"
#include "net/hub/download.h"
#include "net/hub/manifest.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

[[noreturn]] void fail(ErrorKind kind, const std::string& message) { throw Error(kind, "pull", message); }

void make_folder(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) fail(ErrorKind::cannot_create, path.string() + ": cannot be created: " + code.message());
}

void move_to(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::rename(from, to, code);
  if (code) fail(ErrorKind::io, to.string() + ": cannot be put in place: " + code.message());
}

void sync_folder(const fs::path& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) (void)::fsync(folder.get());
}

// Of two runs that fetch one model, one does.
class FolderLock {
 public:
  FolderLock(const fs::path& models, const std::string& name)
      : path_(models / ("." + name + ".lock")),
        fd_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)) {
    if (!fd_) {
      const std::error_code code(errno, std::generic_category());
      fail(ErrorKind::cannot_create, path_.string() + ": cannot be created: " + code.message());
    }
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0)
      fail(ErrorKind::busy, name + " is being fetched by another run");
  }
  FolderLock(const FolderLock&) = delete;
  ~FolderLock() {
    std::error_code code;
    fs::remove(path_, code);
  }

 private:
  fs::path path_;
  UniqueFd fd_;
};

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    std::error_code of_file;
    if (it->is_regular_file(of_file)) bytes += it->file_size(of_file);
  }
  return bytes;
}

// Files of another revision, or that are half.
void remove_others(const fs::path& work, const HubListing& listing) {
  std::set<fs::path> wanted;
  for (const HubFile& file : listing.files) wanted.insert(work / file.path);
  std::vector<fs::path> others;
  for (const auto& entry : fs::recursive_directory_iterator(work))
    if (!entry.is_directory() && wanted.count(entry.path()) == 0) others.push_back(entry.path());
  for (const fs::path& path : others) fs::remove(path);
}

class Puller {
 public:
  Puller(const PullSettings& settings, const PullHooks& hooks, const Hub& hub)
      : hooks_(hooks),
        hub_(hub),
        models_(settings.models),
        name_(settings.repository.substr(settings.repository.find('/') + 1)),
        final_(models_ / name_),
        work_(models_ / ("." + name_ + ".part")) {
    result_.folder = final_;
  }

  PullResult run(const PullSettings& settings) {
    result_.listing = hub_.listing(settings.repository, settings.revision);
    std::optional<FolderLock> lock;
    if (!settings.only_look) {
      make_folder(models_);
      lock.emplace(models_, name_);
    }
    check_files();
    if (result_.was_there) return result_;
    if (settings.only_look) return hooks_.begins(result_), result_;
    make_folder(work_);
    check_room();
    hooks_.begins(result_);
    for (const HubFile& file : result_.listing.files) fetch(file);
    put_in_place();
    return result_;
  }

 private:
  void check_files() {
    HubListing& listing = result_.listing;
    const bool weights = std::any_of(listing.files.begin(), listing.files.end(),
                                     [](const HubFile& file) { return file.path.ends_with(".safetensors"); });
    if (!weights) {
      fail(ErrorKind::no_input,
           listing.repository + ": none of its files is a .safetensors" +
               (listing.pickles > 0
                    ? ", and pickles are never fetched, since loading them can run code"
                    : "; for others there is: " + script_command("fetch-model") + " --only PATTERN"));
    }
    std::sort(listing.files.begin(), listing.files.end(),
              [](const HubFile& a, const HubFile& b) { return a.bytes < b.bytes; });
    for (const HubFile& file : listing.files) result_.bytes += file.bytes;
    result_.here_before = bytes_in(work_);
    std::error_code code;
    if (!fs::exists(fs::symlink_status(final_, code))) return;
    const auto commit = fetched_commit(final_);
    if (!commit) {
      fail(ErrorKind::cannot_create,
           final_.string() + ": is there already, and was not fetched by this program; move it away");
    }
    result_.was_there = *commit == listing.commit && all_have_their_size();
  }

  bool all_have_their_size() const {
    std::error_code code;
    return std::all_of(result_.listing.files.begin(), result_.listing.files.end(), [&](const HubFile& file) {
      return fs::is_regular_file(final_ / file.path, code) &&
             fs::file_size(final_ / file.path, code) == file.bytes;
    });
  }

  void check_room() const {
    std::error_code code;
    const auto free = fs::space(models_, code).available;
    const std::uint64_t needed = result_.bytes - std::min(result_.here_before, result_.bytes);
    if (code || needed <= free) return;
    fail(ErrorKind::io, models_.string() + ": " + bytes_text(needed) + " are needed, and " +
                            bytes_text(free) +
                            " are free; make room, or set SORA_GEN_MODELS to a folder on another disk");
  }

  void fetch(const HubFile& file) {
    const fs::path target = work_ / file.path;
    fs::path part = target;
    part += ".part";
    make_folder(target.parent_path());
    std::error_code code;
    if (!is_good(target, file)) {
      fs::remove(target, code);
      if (is_good(final_ / file.path, file)) {  // the same in the revision that is here
        fs::create_hard_link(final_ / file.path, target, code);
        if (code) fs::copy_file(final_ / file.path, target);
      } else {
        download(
            hub_, result_.listing, file, part, [&](std::uint64_t bytes) { hooks_.bytes(here_ + bytes); },
            hooks_.stop);
        move_to(part, target);
      }
    }
    here_ += file.bytes;
    hooks_.file(file, here_);
  }

  void put_in_place() {
    remove_others(work_, result_.listing);
    write_manifest(work_, result_.listing);
    std::error_code code;
    if (fs::exists(final_, code)) {
      const fs::path aside = models_ / ("." + name_ + ".old");
      fs::remove_all(aside, code);
      move_to(final_, aside);
      move_to(work_, final_);
      fs::remove_all(aside, code);
    } else {
      move_to(work_, final_);
    }
    sync_folder(models_);
  }

  const PullHooks& hooks_;
  const Hub& hub_;
  fs::path models_;
  std::string name_;
  fs::path final_, work_;
  PullResult result_;
  std::uint64_t here_ = 0;
};

}  // namespace

PullSettings pull_settings(const std::string& name) {
  PullSettings settings;
  const std::size_t at = name.find('@');
  const std::string model = name.substr(0, at);
  if (at != std::string::npos) settings.revision = name.substr(at + 1);
  if (const PublishedModel* known = published_model(model)) {
    settings.repository = known->repository;
  } else if (is_hub_name(model)) {
    settings.repository = model;
  } else {
    std::vector<std::string> names;
    for (const PublishedModel& each : published_models()) names.push_back(each.short_name);
    const std::string hint = nearest(ascii_lower(model), names);
    fail(ErrorKind::usage, "\"" + excerpt(model) + "\" is no name that is known" +
                               (hint.empty() ? "" : "; did you mean " + hint + "?") +
                               "; sora-gen pull lists them, others are given as OWNER/NAME");
  }
  const bool plain = std::all_of(settings.revision.begin(), settings.revision.end(),
                                 [](char c) { return c > ' ' && c < '\x7f'; });
  if (settings.revision.empty() || settings.revision.size() > 200 || !plain)
    fail(ErrorKind::usage,
         "\"" + excerpt(settings.revision) + "\" is no revision; leave it out for the newest");
  return settings;
}

fs::path models_folder() {
  const char* set = std::getenv("SORA_GEN_MODELS");
  const std::string folders = set == nullptr ? "" : set;
  for (std::size_t begin = 0; begin < folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    if (end > begin) return folders.substr(begin, end - begin);
    begin = end + 1;
  }
  if (const fs::path own = data_folder(); !own.empty()) return own / "models";
  fail(ErrorKind::usage, "there is no folder for models: set SORA_GEN_MODELS to one, or HOME");
}

PullResult pull(const PullSettings& settings, const PullHooks& hooks) {
  const Hub hub(hooks.stop);
  return Puller(settings, hooks, hub).run(settings);
}

}  // namespace sora
