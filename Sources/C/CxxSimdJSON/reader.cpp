#include "CxxSimdJSON.h"

#include <new>

#include <simdjson.h>

struct simdjson_parser {
    simdjson::dom::parser parser;
};

extern "C" simdjson_parser *simdjson_parser_create(void) {
    try {
        return new simdjson_parser();
    } catch (...) {
        return nullptr;
    }
}

extern "C" void simdjson_parser_destroy(simdjson_parser *parser) { delete parser; }

static simdjson_parse_status status_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS: return SIMDJSON_PARSE_OK;
    case simdjson::DEPTH_ERROR: return SIMDJSON_PARSE_TOO_DEEP;
    case simdjson::UTF8_ERROR: return SIMDJSON_PARSE_NOT_UTF8;
    case simdjson::NUMBER_ERROR: return SIMDJSON_PARSE_BAD_NUMBER;
    case simdjson::STRING_ERROR:
    case simdjson::UNCLOSED_STRING:
    case simdjson::UNESCAPED_CHARS: return SIMDJSON_PARSE_BAD_STRING;
    case simdjson::EMPTY: return SIMDJSON_PARSE_EMPTY;
    case simdjson::MEMALLOC: return SIMDJSON_PARSE_NO_MEMORY;
    default: return SIMDJSON_PARSE_BAD_SYNTAX;
    }
}

// Nothing may be thrown through the C boundary: exceptions end here.
extern "C" simdjson_parse_status simdjson_parser_parse(
    simdjson_parser *parser, const uint8_t *bytes, size_t count, size_t max_depth, simdjson_tape *tape) {
    try {
        auto &inner = parser->parser;
        if (inner.max_depth() != max_depth || inner.capacity() < count) {
            auto error = inner.allocate(count < 1024 ? 1024 : count, max_depth);
            if (error) { return status_of(error); }
        }
        simdjson::dom::element root;
        // The last argument makes simdjson copy into a buffer of its own with the padding that it reads beyond.
        auto error = inner.parse(bytes, count, true).get(root);
        if (error) { return status_of(error); }
        tape->words = inner.doc.tape.get();
        tape->strings = inner.doc.string_buf.get();
        return SIMDJSON_PARSE_OK;
    } catch (const std::bad_alloc &) {
        return SIMDJSON_PARSE_NO_MEMORY;
    } catch (...) {
        return SIMDJSON_PARSE_BAD_SYNTAX;
    }
}
