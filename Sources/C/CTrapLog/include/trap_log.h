// What code runs in this process, in a file that outlives it, and the signal that ended it.
//
// The file is a header and seats. It is mapped into memory: what is written there is the system's as soon as it is
// written, and stays when the process dies. Numbers are in the machine's own order; the file is read on the same one.
#pragma once
#include <stdint.h>

#define TRAP_LOG_VERSION 1

struct trap_log_header {
    char magic[8];
    uint32_t version;
    uint32_t seats;
    // The signal of a trap; 0 while there has been none.
    int32_t signal;
    uint32_t reserved;
    // The start of the process, as it counts its starts.
    uint64_t life;
    // What tells the run from others; zeros before there is one.
    uint8_t run[32];
};

struct trap_log_seat {
    // 0 where nobody sits. Written after the rest where somebody sits down.
    uint32_t taken;
    uint32_t round;
    uint8_t root[16];
};

// From now on a trap of this process notes its signal in the header and goes on to whoever was to handle it before. A
// signal that another process has sent is none.
int trap_log_arm(struct trap_log_header *header);

// No trap is noted any more.
void trap_log_disarm(void);

// Gives the calling thread a stack on which a trap is noted also where its own has run over.
void trap_log_thread(void);

// Notes a taken seat so that no reader finds it half written.
void trap_log_sit(struct trap_log_seat *seat, uint32_t round, const uint8_t root[16]);

// Notes a free seat.
void trap_log_rise(struct trap_log_seat *seat);
