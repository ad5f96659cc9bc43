// A JSON parser behind a plain C header: simdjson's tape of a whole, validated document.
//
// The tape's format is documented by simdjson (doc/tape.md). It is made by the library alone, so that a reader may
// trust its offsets; everything in it is gone with the next parse or with the parser.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct simdjson_parser simdjson_parser;

typedef enum {
    SIMDJSON_PARSE_OK = 0,
    SIMDJSON_PARSE_TOO_DEEP = 1,
    SIMDJSON_PARSE_NOT_UTF8 = 2,
    SIMDJSON_PARSE_BAD_NUMBER = 3,
    SIMDJSON_PARSE_BAD_STRING = 4,
    SIMDJSON_PARSE_EMPTY = 5,
    SIMDJSON_PARSE_NO_MEMORY = 6,
    SIMDJSON_PARSE_BAD_SYNTAX = 7
} simdjson_parse_status;

typedef struct {
    const uint64_t *words;   // tape[0] is the root; its payload is the index behind the last word
    const uint8_t *strings;  // at each offset: a 32-bit length in native order, the bytes, a zero
} simdjson_tape;

// A parser with its buffers, or NULL when memory is out.
simdjson_parser *simdjson_parser_create(void);
void simdjson_parser_destroy(simdjson_parser *parser);

// Parses `count` bytes, which need no padding (they are copied). On success fills `tape`.
simdjson_parse_status simdjson_parser_parse(
    simdjson_parser *parser, const uint8_t *bytes, size_t count, size_t max_depth, simdjson_tape *tape);

#ifdef __cplusplus
}
#endif
