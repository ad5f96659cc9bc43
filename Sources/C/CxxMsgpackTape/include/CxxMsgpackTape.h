// Validates one MessagePack value with msgpack-c's C++ visitor and lays it out as a flat list of tokens.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One value, in the order of the input. Its type is told by the byte at `start`.
typedef struct {
    /// Offset of the value's first byte.
    uint32_t start;
    /// Offset behind the value's last byte; for a container, behind its last element.
    uint32_t end;
    /// Integers: the value, sign-extended. Floating point: the bits as a double. Texts, binary and extensions: the
    /// number of bytes, which end at `end`. Containers: the number of elements or pairs.
    uint64_t value;
} msgpack_tape_token;

typedef struct {
    /// Longest accepted input.
    uint64_t max_bytes;
    /// Deepest accepted nesting of containers.
    uint32_t max_depth;
    /// Largest number of tokens laid out.
    uint32_t max_tokens;
    /// Values inside more containers than this are validated but get no token.
    uint32_t tape_depth;
} msgpack_tape_limits;

typedef enum {
    msgpack_tape_ok = 0,
    /// The input ends inside a value.
    msgpack_tape_truncated,
    /// A byte that starts no value.
    msgpack_tape_malformed,
    /// Bytes follow the one value.
    msgpack_tape_trailing,
    msgpack_tape_too_long,
    msgpack_tape_too_deep,
    msgpack_tape_too_many,
    msgpack_tape_out_of_memory,
} msgpack_tape_status;

typedef struct {
    msgpack_tape_status status;
    /// Offset at which parsing stopped, for every status but ok.
    uint64_t offset;
    /// The tokens: memory of the calling thread, valid until its next call.
    const msgpack_tape_token *tokens;
    size_t count;
} msgpack_tape_result;

/// Parses `bytes`, which must hold exactly one value. Never reads outside them, and allocates at most
/// `max_tokens` tokens and a stack of `max_depth` containers, whatever the headers claim.
msgpack_tape_result msgpack_tape_parse(const uint8_t *bytes, size_t length, const msgpack_tape_limits *limits);

#ifdef __cplusplus
}
#endif
