#include "CxxMsgpackTape.h"

#include <cstring>
#include <limits>
#include <msgpack.hpp>
#include <vector>

namespace {

using Token = msgpack_tape_token;

/// Memory that every parse of a thread writes into, so that only one exact copy is allocated for each message.
struct Scratch {
    std::vector<Token> tokens;
    std::vector<uint32_t> open;

    void recycle() {
        // One huge message must not pin its memory for the life of the thread.
        if (tokens.capacity() > 16384) std::vector<Token>().swap(tokens);
        tokens.clear();
        open.clear();
    }
};

/// Bytes of a value's header by its first byte; for numbers that is the whole value.
inline uint32_t header_size(uint8_t first) {
    if (first < 0xc4 || first >= 0xe0) return 1;
    static constexpr uint8_t sizes[] = {
        2, 3, 5,          // c4 bin 8, 16, 32
        2, 3, 5,          // c7 ext 8, 16, 32
        5, 9,             // ca float, double
        2, 3, 5, 9,       // cc unsigned
        2, 3, 5, 9,       // d0 signed
        1, 1, 1, 1, 1,    // d4 fixed extensions
        2, 3, 5,          // d9 str 8, 16, 32
        3, 5, 3, 5,       // dc array, de map
    };
    return sizes[first - 0xc4];
}

/// Follows the parser and keeps its own position, which the parser does not hand to visitors.
class Visitor : public msgpack::null_visitor {
public:
    Visitor(const uint8_t *bytes, size_t length, const msgpack_tape_limits &limits, Scratch &scratch)
        : bytes_(bytes), length_(length), limits_(limits), tokens_(scratch.tokens), open_(scratch.open) {}

    bool visit_nil() { return scalar(0, 0); }
    bool visit_boolean(bool value) { return scalar(value, 0); }
    bool visit_positive_integer(uint64_t value) { return scalar(value, 0); }
    bool visit_negative_integer(int64_t value) { return scalar(static_cast<uint64_t>(value), 0); }
    bool visit_float32(float value) { return visit_float64(value); }
    bool visit_float64(double value) {
        uint64_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        return scalar(bits, 0);
    }
    bool visit_str(const char *, uint32_t size) { return scalar(size, size); }
    bool visit_bin(const char *, uint32_t size) { return scalar(size, size); }
    // The parser counts the extension's type byte into its size.
    bool visit_ext(const char *, uint32_t size) { return scalar(size, size); }

    bool start_array(uint32_t count) { return start_container(count, count); }
    bool start_map(uint32_t count) { return start_container(count, 2 * static_cast<uint64_t>(count)); }
    bool end_array() { return end_container(); }
    bool end_map() { return end_container(); }

    void parse_error(size_t, size_t offset) { fail(msgpack_tape_malformed, offset); }
    void insufficient_bytes(size_t, size_t offset) { fail(msgpack_tape_truncated, offset); }

    msgpack_tape_status status = msgpack_tape_ok;
    size_t stopped_at = 0;

private:
    static constexpr uint32_t untaped = std::numeric_limits<uint32_t>::max();

    bool fail(msgpack_tape_status reason, size_t offset) {
        if (status == msgpack_tape_ok) {
            status = reason;
            stopped_at = offset;
        }
        return false;
    }

    bool is_taped() const { return open_.size() <= limits_.tape_depth; }

    bool append(uint32_t end, uint64_t value) {
        if (tokens_.size() >= limits_.max_tokens) return fail(msgpack_tape_too_many, position_);
        tokens_.push_back(Token{position_, end, value});
        return true;
    }

    bool scalar(uint64_t value, uint32_t payload) {
        const uint32_t end = position_ + header_size(bytes_[position_]) + payload;
        if (is_taped() && !append(end, value)) return false;
        position_ = end;
        return true;
    }

    bool start_container(uint32_t count, uint64_t values) {
        const uint32_t body = position_ + header_size(bytes_[position_]);
        // Each value takes a byte at least: a header that claims more lies, and nothing is allocated for it.
        if (values > length_ - body) return fail(msgpack_tape_truncated, length_);
        if (open_.size() >= limits_.max_depth) return fail(msgpack_tape_too_deep, position_);
        const bool taped = is_taped();
        if (taped && !append(body, count)) return false;
        open_.push_back(taped ? static_cast<uint32_t>(tokens_.size() - 1) : untaped);
        position_ = body;
        return true;
    }

    bool end_container() {
        const uint32_t token = open_.back();
        open_.pop_back();
        if (token != untaped) tokens_[token].end = position_;
        return true;
    }

    const uint8_t *bytes_;
    const size_t length_;
    const msgpack_tape_limits &limits_;
    std::vector<Token> &tokens_;
    std::vector<uint32_t> &open_;
    uint32_t position_ = 0;
};

}  // namespace

extern "C" msgpack_tape_result msgpack_tape_parse(
    const uint8_t *bytes, size_t length, const msgpack_tape_limits *limits) {
    thread_local Scratch scratch;
    msgpack_tape_result result{msgpack_tape_ok, 0, nullptr, 0};
    if (length > limits->max_bytes || length > std::numeric_limits<uint32_t>::max()) {
        result.status = msgpack_tape_too_long;
        return result;
    }
    if (length == 0) {
        result.status = msgpack_tape_truncated;
        return result;
    }
    try {
        scratch.recycle();
        Visitor visitor(bytes, length, *limits, scratch);
        size_t offset = 0;
        const bool parsed = msgpack::parse(reinterpret_cast<const char *>(bytes), length, offset, visitor);
        if (visitor.status != msgpack_tape_ok) {
            result.status = visitor.status;
            result.offset = visitor.stopped_at;
        } else if (!parsed) {
            result.status = msgpack_tape_malformed;
            result.offset = offset;
        } else if (offset != length) {
            result.status = msgpack_tape_trailing;
            result.offset = offset;
        } else {
            result.tokens = scratch.tokens.data();
            result.count = scratch.tokens.size();
        }
    } catch (const std::exception &) {
        result.status = msgpack_tape_out_of_memory;
    }
    return result;
}
