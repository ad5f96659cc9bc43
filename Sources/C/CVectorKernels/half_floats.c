#include "CVectorKernels.h"

// A half float is significand * 2^(exponent - 25), so its value in units of 2^-14 is significand * 2^exponent / 2^11,
// which one shift rounds for all exponents alike.
static int16_t fixed_from_half(uint16_t bits) {
    const int64_t exponent = bits >> 10 & 0x1f;
    const int64_t fraction = bits & 0x3ff;
    if (exponent == 31 && fraction != 0) return 0;
    // Subnormal numbers share the smallest exponent and lack the leading one.
    const int64_t scaled = exponent == 0 ? fraction << 1 : (fraction + 1024) << exponent;
    const int64_t rounded = (scaled + 1023 + (scaled >> 11 & 1)) >> 11;
    const int16_t cut = rounded > INT16_MAX ? INT16_MAX : (int16_t)rounded;
    return bits >> 15 ? -cut : cut;
}

void vector_fixed_from_halves_portable(const uint8_t *halves, int16_t *fixed, size_t count) {
    for (size_t i = 0; i < count; i++) fixed[i] = fixed_from_half((uint16_t)(halves[2 * i] | halves[2 * i + 1] << 8));
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2,f16c"))) static __m256i eight_fixed(const uint8_t *halves) {
    // To single precision and times 2^14 are exact, and conversion rounds ties to even like the portable path: the
    // rounding mode is the one that every thread starts with.
    __m256 values = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
    const __m256 numbers = _mm256_cmp_ps(values, values, _CMP_ORD_Q);
    values = _mm256_and_ps(_mm256_mul_ps(values, _mm256_set1_ps(16384)), numbers);
    values = _mm256_max_ps(_mm256_min_ps(values, _mm256_set1_ps(32767)), _mm256_set1_ps(-32767));
    return _mm256_cvtps_epi32(values);
}

__attribute__((target("avx2,f16c"))) static void fixed_f16c(const uint8_t *halves, int16_t *fixed, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        // Packing works on halves of the registers, whose quarters the permutation puts back in order.
        const __m256i packed = _mm256_packs_epi32(eight_fixed(halves + 2 * i), eight_fixed(halves + 2 * i + 16));
        _mm256_storeu_si256((__m256i *)(fixed + i), _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0)));
    }
    vector_fixed_from_halves_portable(halves + 2 * i, fixed + i, count - i);
}

int vector_has_f16c(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") ? 1 : 0;
}

void vector_fixed_from_halves(const uint8_t *halves, int16_t *fixed, size_t count) {
    if (vector_has_f16c()) {
        fixed_f16c(halves, fixed, count);
    } else {
        vector_fixed_from_halves_portable(halves, fixed, count);
    }
}
#else
int vector_has_f16c(void) {
    return 0;
}

void vector_fixed_from_halves(const uint8_t *halves, int16_t *fixed, size_t count) {
    vector_fixed_from_halves_portable(halves, fixed, count);
}
#endif
