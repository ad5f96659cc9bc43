#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/// What the child needs, made ready before the fork, since it may neither allocate nor lock.
typedef struct {
  const clinux_spawn_request *request;
  /// First descriptor above all that the child is to have.
  int free_from;
  /// Copies of the parent's descriptors, out of the way of the child's numbers.
  int *copies;
  int report;
  int descriptor_limit;
  pid_t parent;
} preparation;

static void close_on_exec_from(int first, int limit) {
  if (close_range((unsigned)first, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = first; fd < limit; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  }
}

static int move_descriptors(preparation *ready) {
  const clinux_spawn_request *request = ready->request;
  ready->report = fcntl(ready->report, F_DUPFD_CLOEXEC, ready->free_from);
  if (ready->report < 0) return -1;
  for (size_t i = 0; i < request->fd_count; ++i) {
    ready->copies[i] = fcntl(request->parent_fds[i], F_DUPFD_CLOEXEC, ready->free_from);
    if (ready->copies[i] < 0) return -1;
  }
  close_on_exec_from(3, ready->descriptor_limit);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || (nothing != 0 && dup2(nothing, 0) < 0)) return -1;
  for (size_t i = 0; i < request->fd_count; ++i) {
    if (dup2(ready->copies[i], request->child_fds[i]) < 0) return -1;
  }
  return 0;
}

/// Runs in the child: only async-signal-safe calls from here to the exec.
static _Noreturn void become(preparation *ready) {
  const clinux_spawn_request *request = ready->request;
  const int original_report = ready->report;
  if (request->own_process_group) setpgid(0, 0);
  if (request->killed_with_parent_thread) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // The parent may have died before the line above.
    if (getppid() != ready->parent) _exit(127);
  }
  if (move_descriptors(ready) == 0) {
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; ++number) sigaction(number, &by_default, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(request->executable, request->arguments, request->environment);
  }
  const int reason = errno;
  const int report = ready->report >= 0 ? ready->report : original_report;
  // Nothing is left to do when even the report fails: the parent sees the exit code.
  if (write(report, &reason, sizeof reason) < 0) _exit(126);
  _exit(127);
}

static pid_t start(preparation *ready) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -errno;
  ready->report = report[1];
  // No handler of the parent may run in the child before the handlers are reset.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) become(ready);
  const int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  if (pid < 0) {
    close(report[0]);
    return -fork_error;
  }
  int reason = 0;
  ssize_t count;
  do count = read(report[0], &reason, sizeof reason);
  while (count < 0 && errno == EINTR);
  close(report[0]);
  if (count != (ssize_t)sizeof reason) return pid;
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  return -reason;
}

pid_t clinux_spawn(const clinux_spawn_request *request) {
  preparation ready = {.request = request, .free_from = 3, .parent = getpid(), .descriptor_limit = 65536};
  for (size_t i = 0; i < request->fd_count; ++i) {
    if (request->child_fds[i] >= ready.free_from) ready.free_from = request->child_fds[i] + 1;
  }
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1 << 20) ready.descriptor_limit = (int)limit.rlim_cur;
  ready.copies = calloc(request->fd_count + 1, sizeof(int));
  if (ready.copies == NULL) return -ENOMEM;
  const pid_t pid = start(&ready);
  free(ready.copies);
  return pid;
}

clinux_wait_result clinux_wait(pid_t pid, int blocks) {
  int status = 0;
  pid_t ended;
  do ended = waitpid(pid, &status, blocks ? 0 : WNOHANG);
  while (ended < 0 && errno == EINTR);
  clinux_wait_result result = {ended < 0 ? -errno : ended, 0, 0};
  if (ended > 0) {
    result.was_signalled = WIFSIGNALED(status);
    result.code = result.was_signalled ? WTERMSIG(status) : WEXITSTATUS(status);
  }
  return result;
}

clinux_pipe clinux_open_pipe(void) {
  int ends[2] = {-1, -1};
  const int status = pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno;
  clinux_pipe result = {status, ends[0], ends[1]};
  return result;
}
