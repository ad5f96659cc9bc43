#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: its main without its own `main`. No header of the toolchain declares it.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*read)(const uint8_t *bytes, size_t count));
