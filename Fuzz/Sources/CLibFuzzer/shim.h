#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: its main without its own `main`. No header of the toolchain declares it.
int LLVMFuzzerRunDriver(
    int *_Nonnull argc, char *_Nullable *_Nonnull *_Nonnull argv,
    int (*_Nonnull read)(const uint8_t *_Nullable bytes, size_t count));
