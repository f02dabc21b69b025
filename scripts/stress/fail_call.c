// Loaded before a program (LD_PRELOAD): the n-th call that changes a file under a folder fails.
//   FAIL_UNDER=/folder FAIL_AT=n FAIL_LOG=file    n = 0: none fails, they are only counted
// Counted are opens that create, writes, syncs, renames, links and closes of what was opened for writing.
// FAIL_LOG gets one line a call: number, name, path.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int calls;

#define REAL(name, ...) ((int (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))
#define REAL_SIZE(name, ...) ((ssize_t(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static int is_under(const char* path) {
  const char* folder = getenv("FAIL_UNDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

// Whether this call is the one; counts and logs it.
static int fails(const char* call, const char* path) {
  if (!is_under(path)) return 0;
  pthread_mutex_lock(&lock);
  const int number = ++calls;
  const char* log = getenv("FAIL_LOG");
  if (log) {
    char line[4400];
    const int n = snprintf(line, sizeof line, "%d %s %s\n", number, call, path);
    const int fd = REAL("open", const char*, int, ...)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd >= 0) {
      if (REAL_SIZE("write", int, const void*, size_t)(fd, line, (size_t)n) < 0) abort();
      REAL("close", int)(fd);
    }
  }
  pthread_mutex_unlock(&lock);
  const char* at = getenv("FAIL_AT");
  return at && number == atoi(at);
}

static int fails_fd(const char* call, int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  const int saved = errno;
  const int flags = fcntl(fd, F_GETFL);
  errno = saved;
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) return 0;
  return fails(call, path);
}

#define FAIL(code) return errno = (code), -1

static int open_mode(const char* name, const char* path, int flags, mode_t mode) {
  if ((flags & O_CREAT) && fails("open", path)) FAIL(ENOSPC);
  return REAL(name, const char*, int, ...)(path, flags, mode);
}
#define OPEN(name)                                       \
  int name(const char* path, int flags, ...) {           \
    va_list rest;                                        \
    va_start(rest, flags);                               \
    const mode_t mode = va_arg(rest, mode_t);            \
    va_end(rest);                                        \
    return open_mode(#name, path, flags, mode);          \
  }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void* data, size_t n) {
  if (fails_fd("write", fd)) FAIL(ENOSPC);
  return REAL_SIZE("write", int, const void*, size_t)(fd, data, n);
}
ssize_t writev(int fd, const struct iovec* parts, int n) {
  if (fails_fd("writev", fd)) FAIL(ENOSPC);
  return REAL_SIZE("writev", int, const struct iovec*, int)(fd, parts, n);
}
ssize_t pwrite(int fd, const void* data, size_t n, off_t at) {
  if (fails_fd("pwrite", fd)) FAIL(ENOSPC);
  return REAL_SIZE("pwrite", int, const void*, size_t, off_t)(fd, data, n, at);
}
ssize_t pwrite64(int fd, const void* data, size_t n, off64_t at) {
  if (fails_fd("pwrite", fd)) FAIL(ENOSPC);
  return REAL_SIZE("pwrite64", int, const void*, size_t, off64_t)(fd, data, n, at);
}
int fsync(int fd) {
  if (fails_fd("fsync", fd)) FAIL(EIO);
  return REAL("fsync", int)(fd);
}
int fdatasync(int fd) {
  if (fails_fd("fdatasync", fd)) FAIL(EIO);
  return REAL("fdatasync", int)(fd);
}
int close(int fd) {
  if (fails_fd("close", fd)) {
    REAL("close", int)(fd);  // as the kernel does: the descriptor is gone whatever is reported
    FAIL(EIO);
  }
  return REAL("close", int)(fd);
}
int rename(const char* from, const char* to) {
  if (fails("rename", to)) FAIL(EACCES);
  return REAL("rename", const char*, const char*)(from, to);
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  if (fails("renameat2", to)) FAIL(EACCES);
  return REAL("renameat2", int, const char*, int, const char*, unsigned)(a, from, b, to, flags);
}
int link(const char* from, const char* to) {
  if (fails("link", to)) FAIL(EACCES);
  return REAL("link", const char*, const char*)(from, to);
}
