// msgpack-c's packer: its functions are static inline and import as they are.
#pragma once
// Most messages are small: the first block of a buffer should come from malloc's small bins.
#define MSGPACK_SBUFFER_INIT_SIZE 1000
#include <msgpack.h>

/// A buffer and the packer that writes into it. The packer points at the buffer: the whole must not move.
typedef struct {
  msgpack_sbuffer buffer;
  msgpack_packer packer;
} cmsgpack_writer;

static inline msgpack_sbuffer *cmsgpack_writer_buffer(cmsgpack_writer *writer) { return &writer->buffer; }
static inline msgpack_packer *cmsgpack_writer_packer(cmsgpack_writer *writer) { return &writer->packer; }
