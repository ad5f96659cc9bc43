// Inner products of 16-bit integer vectors, exact whatever the processor: AVX2 where the machine has it, plain C
// elsewhere, with the same result to the bit because integers are summed without rounding or overflow.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Inner product of two vectors of `count` numbers. No number may be -32768: two products of the others fit into the
/// 32 bits that the processor adds pairs in, two of -32768 do not.
int64_t vector_dot_int16(const int16_t *left, const int16_t *right, size_t count);

/// Inner products of `query` with each of `rows` vectors of `count` numbers that lie one behind the other.
void vector_dot_rows_int16(const int16_t *query, const int16_t *matrix, size_t rows, size_t count, int64_t *products);

/// The same as `vector_dot_int16` without special instructions: what every other path is compared with.
int64_t vector_dot_int16_portable(const int16_t *left, const int16_t *right, size_t count);

/// Whether this machine takes the AVX2 path: 1 or 0.
int vector_has_avx2(void);

#ifdef __cplusplus
}
#endif
