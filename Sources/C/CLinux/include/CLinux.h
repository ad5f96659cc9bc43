// Linux system calls that Swift's Glibc module leaves out.
#pragma once
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "clinux_process.h"
#include "clinux_system.h"

// Names the calling thread; the system shows at most 15 bytes.
static inline int clinux_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

// Sets the most arenas that malloc makes for threads; 0 where it refuses. Those that exist already stay.
static inline int clinux_limit_arenas(int count) { return mallopt(M_ARENA_MAX, count); }

// Gives free pages of all arenas back to the system; 1 where there were any.
static inline int clinux_trim_heap(void) { return malloc_trim(0); }

