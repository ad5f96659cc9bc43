#define _GNU_SOURCE
#include "trap_log.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

// What a trap of Swift's or of C's ends with, a stack that runs over among them.
static const int traps[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
enum { trap_count = sizeof traps / sizeof traps[0] };

// A signal's handler is given nothing but the signal: where it writes has to stand somewhere.
static struct trap_log_header *armed;
static struct sigaction before[trap_count];
static _Thread_local char spare_stack[32768];
static _Thread_local int has_spare_stack;

static void note(int signal, siginfo_t *info, void *context) {
    (void)context;
    struct trap_log_header *header = __atomic_load_n(&armed, __ATOMIC_ACQUIRE);
    // The system's own signals have codes above 0. What abort() sends comes from this very process.
    int is_own = info->si_code > 0 || info->si_pid == getpid();
    if (header && is_own) {
        int32_t none = 0;
        __atomic_compare_exchange_n(&header->signal, &none, signal, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
    for (int i = 0; i < trap_count; i++) {
        if (traps[i] == signal) sigaction(signal, &before[i], NULL);
    }
    // A fault comes again when its instruction does; what was sent has to be sent again.
    if (info->si_code <= 0) raise(signal);
}

int trap_log_arm(struct trap_log_header *header) {
    struct trap_log_header *none = NULL;
    if (!__atomic_compare_exchange_n(&armed, &none, header, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return -1;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = note;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < trap_count; i++) sigaction(traps[i], &action, &before[i]);
    return 0;
}

void trap_log_disarm(void) {
    if (!__atomic_load_n(&armed, __ATOMIC_ACQUIRE)) return;
    for (int i = 0; i < trap_count; i++) sigaction(traps[i], &before[i], NULL);
    __atomic_store_n(&armed, (struct trap_log_header *)NULL, __ATOMIC_SEQ_CST);
}

void trap_log_thread(void) {
    if (has_spare_stack) return;
    stack_t stack;
    memset(&stack, 0, sizeof stack);
    stack.ss_sp = spare_stack;
    stack.ss_size = sizeof spare_stack;
    sigaltstack(&stack, NULL);
    has_spare_stack = 1;
}

void trap_log_sit(struct trap_log_seat *seat, uint32_t round, const uint8_t root[16]) {
    seat->round = round;
    memcpy(seat->root, root, 16);
    __atomic_store_n(&seat->taken, 1, __ATOMIC_RELEASE);
}

void trap_log_rise(struct trap_log_seat *seat) { __atomic_store_n(&seat->taken, 0, __ATOMIC_RELEASE); }
