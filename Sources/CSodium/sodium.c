// The bodies of the doors in CSodium.h. Pointers to nothing become pointers to an empty string:
// the library's signatures promise that its arguments are not null.
#include "CSodium.h"
#include <sodium.h>

static const void *some(const void *bytes) { return bytes ? bytes : ""; }

int csodium_start(void) { return sodium_init() < 0 ? -1 : 0; }

void *csodium_allocate(size_t count) { return sodium_malloc(count); }

void csodium_free(void *memory) { sodium_free(memory); }

void csodium_wipe(void *memory, size_t count) {
  if (count > 0) sodium_memzero(memory, count);
}

int csodium_is_equal(const void *left, const void *right, size_t count) {
  return sodium_memcmp(some(left), some(right), count) == 0;
}

void csodium_ed25519_keys(const uint8_t seed[32], uint8_t public_key[32], uint8_t secret_key[64]) {
  crypto_sign_seed_keypair(public_key, secret_key, seed);
}

void csodium_ed25519_sign(const uint8_t secret_key[64], const void *message, size_t count,
                          uint8_t signature[64]) {
  crypto_sign_detached(signature, NULL, some(message), count, secret_key);
}

int csodium_ed25519_verify(const uint8_t public_key[32], const void *message, size_t count,
                           const uint8_t signature[64]) {
  return crypto_sign_verify_detached(signature, some(message), count, public_key) == 0;
}

void csodium_xchacha_seal(uint8_t *message, size_t count, const void *associated,
                          size_t associated_count, const uint8_t nonce[24], const uint8_t key[32],
                          uint8_t tag[16]) {
  uint8_t nothing;
  if (!message) message = &nothing;
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
      message, tag, NULL, message, count, some(associated), associated_count, NULL, nonce, key);
}

int csodium_xchacha_open(uint8_t *message, size_t count, const void *associated,
                         size_t associated_count, const uint8_t nonce[24], const uint8_t key[32],
                         const uint8_t tag[16]) {
  uint8_t nothing;
  if (!message) message = &nothing;
  return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(message, NULL, message, count, tag,
                                                             some(associated), associated_count,
                                                             nonce, key) == 0;
}
