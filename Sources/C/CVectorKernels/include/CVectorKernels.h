// Vectors of 16-bit integers, exact whatever the processor: AVX2 and F16C where the machine has them, plain C elsewhere,
// with the same result to the bit. Inner products sum integers without rounding or overflow; half floats turn into
// fixed point by steps that are exact but for one rounding, which both paths do alike.
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

/// The ways of computing products; each gives the same to the bit.
enum vector_path {
    /// Plain C.
    vector_path_portable = 0,
    /// AVX2, 16 components at a time.
    vector_path_narrow = 1,
    /// AVX-512 with VNNI, 32 components at a time.
    vector_path_wide = 2,
};

/// The fastest way that this machine has.
enum vector_path vector_best_path(void);

/// Inner products of `query_count` vectors with `rows` others, all of `count` numbers and one behind the other:
/// that of query q and row r comes to `products[q * stride + r]`. The product of the lengths of a query and a row must be
/// below 2^31, which unit vectors are far from; the order in which the sums are made never matters then.
void vector_products_int16(
    const int16_t *queries, size_t query_count, const int16_t *matrix, size_t rows, size_t count, int64_t *products,
    size_t stride);

/// The same on a way that the machine has.
void vector_products_on_path(
    enum vector_path path, const int16_t *queries, size_t query_count, const int16_t *matrix, size_t rows,
    size_t count, int64_t *products, size_t stride);

/// The first place from `from` on whose product is above `bound`; `count` where there is none.
size_t vector_first_above(const int64_t *products, size_t from, size_t count, int64_t bound);

/// The same as `vector_dot_int16` without special instructions: what every other path is compared with.
int64_t vector_dot_int16_portable(const int16_t *left, const int16_t *right, size_t count);

/// Whether this machine takes the AVX2 path: 1 or 0.
int vector_has_avx2(void);

/// Half floats, little-endian in `halves`, as fixed point: each is rounded to the nearest 2^-14, ties to even, and cut
/// to -32767...32767; what is no number becomes 0. Neither address needs an alignment of its own.
void vector_fixed_from_halves(const uint8_t *halves, int16_t *fixed, size_t count);

/// The same as `vector_fixed_from_halves` without special instructions.
void vector_fixed_from_halves_portable(const uint8_t *halves, int16_t *fixed, size_t count);

/// Whether this machine converts half floats by F16C: 1 or 0.
int vector_has_f16c(void);

#ifdef __cplusplus
}
#endif
