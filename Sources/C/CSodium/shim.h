// libsodium's hash state is aligned to 64 bytes, which Swift cannot import: it travels as an untyped pointer.
#pragma once
#include <sodium.h>

static inline size_t shim_blake2b_state_size(void) { return sizeof(crypto_generichash_blake2b_state); }
static inline int shim_blake2b_init(void *state, size_t size, const unsigned char *personal) {
    return crypto_generichash_blake2b_init_salt_personal(
        (crypto_generichash_blake2b_state *)state, NULL, 0, size, NULL, personal);
}
static inline void shim_blake2b_update(void *state, const void *bytes, unsigned long long count) {
    crypto_generichash_blake2b_update(
        (crypto_generichash_blake2b_state *)state, (const unsigned char *)bytes, count);
}
static inline void shim_blake2b_final(void *state, unsigned char *output, size_t size) {
    crypto_generichash_blake2b_final((crypto_generichash_blake2b_state *)state, output, size);
}
