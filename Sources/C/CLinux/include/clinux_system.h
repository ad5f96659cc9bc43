// Facts about the system, with errno carried out of the call.
#pragma once
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>
#include <unistd.h>

typedef struct {
  /// Seconds of processor time, of this process and of its ended and awaited children.
  double user, system, children_user, children_system;
  /// Largest resident size so far, in bytes.
  uint64_t peak_resident;
} clinux_usage;

static inline clinux_usage clinux_current_usage(void) {
  struct rusage own = {0}, children = {0};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  clinux_usage usage = {
      .user = own.ru_utime.tv_sec + own.ru_utime.tv_usec / 1e6,
      .system = own.ru_stime.tv_sec + own.ru_stime.tv_usec / 1e6,
      .children_user = children.ru_utime.tv_sec + children.ru_utime.tv_usec / 1e6,
      .children_system = children.ru_stime.tv_sec + children.ru_stime.tv_usec / 1e6,
      .peak_resident = (uint64_t)own.ru_maxrss * 1024,
  };
  return usage;
}

typedef struct {
  /// 0, or -errno.
  int status;
  /// The kind's magic number, as in statfs(2).
  uint64_t magic;
  /// Bytes that an ordinary user may still write.
  uint64_t available;
} clinux_file_system;

static inline clinux_file_system clinux_file_system_of(const char *path) {
  struct statfs facts;
  clinux_file_system result = {0, 0, 0};
  if (statfs(path, &facts) != 0) {
    result.status = -errno;
    return result;
  }
  result.magic = (uint64_t)(uint32_t)facts.f_type;
  result.available = (uint64_t)facts.f_bavail * (uint64_t)facts.f_frsize;
  return result;
}

/// Blocks `signals` in the calling thread and in those that it starts, and opens a descriptor to read them from.
/// Returns it, or -errno.
static inline int clinux_signal_descriptor(const int *signals, size_t count) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < count; ++i) sigaddset(&set, signals[i]);
  const int status = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (status != 0) return -status;
  const int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return descriptor < 0 ? -errno : descriptor;
}

/// The next signal that waits on such a descriptor, or 0.
static inline int clinux_next_signal(int descriptor) {
  struct signalfd_siginfo info;
  return read(descriptor, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/// A write to a closed socket or pipe then fails with EPIPE instead of ending the process.
static inline void clinux_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }
