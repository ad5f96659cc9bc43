// Starting and reaping child processes.
#pragma once
#include <stddef.h>
#include <sys/types.h>

/// What a child is to be. Descriptors that are not named here stay closed in it; its standard input is /dev/null.
typedef struct {
  const char *executable;
  char *const *arguments;
  char *const *environment;
  /// The parent's descriptors that become the child's: `parent_fds[i]` is `child_fds[i]` there.
  const int *parent_fds;
  const int *child_fds;
  size_t fd_count;
  /// SIGKILL when the thread that starts the child ends.
  int killed_with_parent_thread;
  /// A process group of its own, so that the terminal's Ctrl-C does not reach it.
  int own_process_group;
} clinux_spawn_request;

/// Starts a child with all signals at their defaults and unblocked. Returns its id, or -errno, also when only the
/// exec failed in the child.
pid_t clinux_spawn(const clinux_spawn_request *request);

typedef struct {
  /// The child's id when it has ended, 0 when it runs, -errno when it cannot be waited for.
  pid_t pid;
  /// Exit code, or number of the signal that ended it.
  int code;
  int was_signalled;
} clinux_wait_result;

/// Waits for a child, or only looks when `blocks` is 0.
clinux_wait_result clinux_wait(pid_t pid, int blocks);

typedef struct {
  /// 0, or -errno.
  int status;
  int read_end, write_end;
} clinux_pipe;

/// Opens a pipe that children do not inherit unless told to.
clinux_pipe clinux_open_pipe(void);
