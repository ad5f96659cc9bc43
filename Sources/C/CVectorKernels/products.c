#include "CVectorKernels.h"

// Every kernel here adds up in 32 bits. A lane's sum is the inner product of parts of both vectors, at every moment, so
// by Cauchy and Schwarz its magnitude stays at or below the product of both lengths, which the caller keeps below 2^31.

static void products_portable(
    const int16_t *queries, size_t query_count, const int16_t *matrix, size_t rows, size_t count, int64_t *products,
    size_t stride) {
    for (size_t query = 0; query < query_count; query++) {
        const int16_t *left = queries + query * count;
        for (size_t row = 0; row < rows; row++) {
            const int16_t *right = matrix + row * count;
            int32_t sum = 0;
            for (size_t i = 0; i < count; i++) sum += (int32_t)left[i] * (int32_t)right[i];
            products[query * stride + row] = sum;
        }
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

// Queries and rows that are worked on at once: so many sums as fit into the registers beside what is loaded.
enum { wide_queries = 4, wide_rows = 4, narrow_queries = 2, narrow_rows = 4 };
// Rows that are worked on before the next queries come: what stays in the second-level cache at 768 components.
enum { tile_rows = 128 };

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2"), always_inline)) static inline
#define NARROW __attribute__((target("avx2"), always_inline)) static inline

NARROW int32_t sum_eight(__m256i lanes) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(2, 3, 0, 1))));
}

WIDE int32_t sum_sixteen(__m512i lanes) {
    return sum_eight(_mm256_add_epi32(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1)));
}

// Inner products of `q` queries with `r` rows, both known to the compiler, so that the sums stay in registers.
WIDE void wide_block(
    const int16_t *queries, const int16_t *rows, size_t count, int64_t *products, size_t stride, int q, int r) {
    __m512i sums[wide_queries][wide_rows];
    for (int i = 0; i < q; i++) for (int j = 0; j < r; j++) sums[i][j] = _mm512_setzero_si512();
    size_t at = 0;
    for (; at + 32 <= count; at += 32) {
        __m512i right[wide_rows];
        for (int j = 0; j < r; j++) right[j] = _mm512_loadu_si512(rows + (size_t)j * count + at);
        for (int i = 0; i < q; i++) {
            const __m512i left = _mm512_loadu_si512(queries + (size_t)i * count + at);
            for (int j = 0; j < r; j++) sums[i][j] = _mm512_dpwssd_epi32(sums[i][j], left, right[j]);
        }
    }
    if (at < count) {
        const __mmask32 mask = ((__mmask32)1 << (count - at)) - 1;
        __m512i right[wide_rows];
        for (int j = 0; j < r; j++) right[j] = _mm512_maskz_loadu_epi16(mask, rows + (size_t)j * count + at);
        for (int i = 0; i < q; i++) {
            const __m512i left = _mm512_maskz_loadu_epi16(mask, queries + (size_t)i * count + at);
            for (int j = 0; j < r; j++) sums[i][j] = _mm512_dpwssd_epi32(sums[i][j], left, right[j]);
        }
    }
    for (int i = 0; i < q; i++) {
        for (int j = 0; j < r; j++) products[(size_t)i * stride + j] = sum_sixteen(sums[i][j]);
    }
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2"))) static void products_wide(
    const int16_t *queries, size_t query_count, const int16_t *matrix, size_t rows, size_t count, int64_t *products,
    size_t stride) {
    for (size_t tile = 0; tile < rows; tile += tile_rows) {
        const size_t end = tile + tile_rows < rows ? tile + tile_rows : rows;
        size_t query = 0;
        for (; query + wide_queries <= query_count; query += wide_queries) {
            const int16_t *left = queries + query * count;
            int64_t *out = products + query * stride;
            size_t row = tile;
            for (; row + wide_rows <= end; row += wide_rows) {
                wide_block(left, matrix + row * count, count, out + row, stride, wide_queries, wide_rows);
            }
            for (; row < end; row++) wide_block(left, matrix + row * count, count, out + row, stride, wide_queries, 1);
        }
        for (; query < query_count; query++) {
            const int16_t *left = queries + query * count;
            int64_t *out = products + query * stride;
            size_t row = tile;
            for (; row + wide_rows <= end; row += wide_rows) {
                wide_block(left, matrix + row * count, count, out + row, stride, 1, wide_rows);
            }
            for (; row < end; row++) wide_block(left, matrix + row * count, count, out + row, stride, 1, 1);
        }
    }
}

NARROW void narrow_block(
    const int16_t *queries, const int16_t *rows, size_t count, int64_t *products, size_t stride, int q, int r) {
    __m256i sums[narrow_queries][narrow_rows];
    for (int i = 0; i < q; i++) for (int j = 0; j < r; j++) sums[i][j] = _mm256_setzero_si256();
    size_t at = 0;
    for (; at + 16 <= count; at += 16) {
        __m256i right[narrow_rows];
        for (int j = 0; j < r; j++) {
            right[j] = _mm256_loadu_si256((const __m256i *)(rows + (size_t)j * count + at));
        }
        for (int i = 0; i < q; i++) {
            const __m256i left = _mm256_loadu_si256((const __m256i *)(queries + (size_t)i * count + at));
            for (int j = 0; j < r; j++) {
                sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(left, right[j]));
            }
        }
    }
    for (int i = 0; i < q; i++) {
        for (int j = 0; j < r; j++) {
            const int16_t *left = queries + (size_t)i * count;
            const int16_t *right = rows + (size_t)j * count;
            int32_t sum = sum_eight(sums[i][j]);
            for (size_t rest = at; rest < count; rest++) sum += (int32_t)left[rest] * (int32_t)right[rest];
            products[(size_t)i * stride + j] = sum;
        }
    }
}

__attribute__((target("avx2"))) static void products_narrow(
    const int16_t *queries, size_t query_count, const int16_t *matrix, size_t rows, size_t count, int64_t *products,
    size_t stride) {
    for (size_t tile = 0; tile < rows; tile += tile_rows) {
        const size_t end = tile + tile_rows < rows ? tile + tile_rows : rows;
        size_t query = 0;
        for (; query + narrow_queries <= query_count; query += narrow_queries) {
            const int16_t *left = queries + query * count;
            int64_t *out = products + query * stride;
            size_t row = tile;
            for (; row + narrow_rows <= end; row += narrow_rows) {
                narrow_block(left, matrix + row * count, count, out + row, stride, narrow_queries, narrow_rows);
            }
            for (; row < end; row++) {
                narrow_block(left, matrix + row * count, count, out + row, stride, narrow_queries, 1);
            }
        }
        for (; query < query_count; query++) {
            const int16_t *left = queries + query * count;
            int64_t *out = products + query * stride;
            size_t row = tile;
            for (; row + narrow_rows <= end; row += narrow_rows) {
                narrow_block(left, matrix + row * count, count, out + row, stride, 1, narrow_rows);
            }
            for (; row < end; row++) narrow_block(left, matrix + row * count, count, out + row, stride, 1, 1);
        }
    }
}

enum vector_path vector_best_path(void) {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx2")) {
        return vector_path_wide;
    }
    return __builtin_cpu_supports("avx2") ? vector_path_narrow : vector_path_portable;
}
#else
enum vector_path vector_best_path(void) {
    return vector_path_portable;
}
#endif

void vector_products_on_path(
    enum vector_path path, const int16_t *queries, size_t query_count, const int16_t *matrix, size_t rows,
    size_t count, int64_t *products, size_t stride) {
#if defined(__x86_64__)
    if (path == vector_path_wide) {
        return products_wide(queries, query_count, matrix, rows, count, products, stride);
    }
    if (path == vector_path_narrow) {
        return products_narrow(queries, query_count, matrix, rows, count, products, stride);
    }
#endif
    products_portable(queries, query_count, matrix, rows, count, products, stride);
}

void vector_products_int16(
    const int16_t *queries, size_t query_count, const int16_t *matrix, size_t rows, size_t count, int64_t *products,
    size_t stride) {
    vector_products_on_path(vector_best_path(), queries, query_count, matrix, rows, count, products, stride);
}

size_t vector_first_above(const int64_t *products, size_t from, size_t count, int64_t bound) {
    // Eight at a time without a branch between them: most are below.
    for (; from + 8 <= count; from += 8) {
        int above = 0;
        for (size_t i = 0; i < 8; i++) above |= products[from + i] > bound;
        if (above) break;
    }
    while (from < count && products[from] <= bound) from++;
    return from;
}
