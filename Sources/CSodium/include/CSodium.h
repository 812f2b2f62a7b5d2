// The door to libsodium: secret memory, Ed25519, XChaCha20-Poly1305. Every function may be called
// from any thread, and needs `csodium_start` before it, once.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Makes the library ready; -1 when it cannot be used.
int csodium_start(void);

/// Memory between guard pages, locked if the system allows it; null when there is none left.
void *csodium_allocate(size_t count);
/// Wipes and gives back what `csodium_allocate` gave.
void csodium_free(void *memory);
/// Overwrites with zeros, in a way that no compiler leaves out.
void csodium_wipe(void *memory, size_t count);
/// 1 when all bytes are the same, in a time that tells nothing about which are not.
int csodium_is_equal(const void *left, const void *right, size_t count);

/// The key pair that a seed stands for; the secret key is the seed and the public key. RFC 8032.
void csodium_ed25519_keys(const uint8_t seed[32], uint8_t public_key[32], uint8_t secret_key[64]);
/// Signs.
void csodium_ed25519_sign(const uint8_t secret_key[64], const void *message, size_t count,
                          uint8_t signature[64]);
/// 1 when the signature is valid: in its one encoding, under a key of full order.
int csodium_ed25519_verify(const uint8_t public_key[32], const void *message, size_t count,
                           const uint8_t signature[64]);

/// Encrypts where it lies, and writes the tag that proves it and the associated data.
void csodium_xchacha_seal(uint8_t *message, size_t count, const void *associated,
                          size_t associated_count, const uint8_t nonce[24], const uint8_t key[32],
                          uint8_t tag[16]);
/// Decrypts where it lies; 0, and the message is zeros, when the tag does not prove it.
int csodium_xchacha_open(uint8_t *message, size_t count, const void *associated,
                         size_t associated_count, const uint8_t nonce[24], const uint8_t key[32],
                         const uint8_t tag[16]);
