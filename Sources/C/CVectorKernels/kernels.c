#include "CVectorKernels.h"

int64_t vector_dot_int16_portable(const int16_t *left, const int16_t *right, size_t count) {
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (int32_t)left[i] * (int32_t)right[i];
    return sum;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static int64_t dot_avx2(const int16_t *left, const int16_t *right, size_t count) {
    // Pairs of products fit into 32 bits, more may not: every pair is widened before it is added.
    __m256i low = _mm256_setzero_si256();
    __m256i high = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(left + i));
        __m256i b = _mm256_loadu_si256((const __m256i *)(right + i));
        __m256i pairs = _mm256_madd_epi16(a, b);
        low = _mm256_add_epi64(low, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(pairs)));
        high = _mm256_add_epi64(high, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(pairs, 1)));
    }
    int64_t lanes[4];
    _mm256_storeu_si256((__m256i *)lanes, _mm256_add_epi64(low, high));
    return lanes[0] + lanes[1] + lanes[2] + lanes[3]
        + vector_dot_int16_portable(left + i, right + i, count - i);
}

int vector_has_avx2(void) {
    return __builtin_cpu_supports("avx2") ? 1 : 0;
}

int64_t vector_dot_int16(const int16_t *left, const int16_t *right, size_t count) {
    return vector_has_avx2() ? dot_avx2(left, right, count) : vector_dot_int16_portable(left, right, count);
}
#else
int vector_has_avx2(void) {
    return 0;
}

int64_t vector_dot_int16(const int16_t *left, const int16_t *right, size_t count) {
    return vector_dot_int16_portable(left, right, count);
}
#endif

void vector_dot_rows_int16(const int16_t *query, const int16_t *matrix, size_t rows, size_t count, int64_t *products) {
    for (size_t row = 0; row < rows; row++) products[row] = vector_dot_int16(query, matrix + row * count, count);
}
