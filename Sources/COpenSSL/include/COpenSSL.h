// The door to OpenSSL for what it does best here: SHA-256 and MD5, and HMAC over SHA-256.
// Functions that return int return 0 when OpenSSL did what was asked.
#pragma once
#include <stddef.h>

enum { COPENSSL_SHA256 = 0, COPENSSL_MD5 = 1 };

/// A hash in progress.
typedef struct copenssl_hasher copenssl_hasher;

/// Begins a hash; null when the library refuses the function, as a FIPS configuration does MD5.
copenssl_hasher *copenssl_start(int function);
/// Takes the next bytes.
int copenssl_update(copenssl_hasher *hasher, const void *bytes, size_t count);
/// Writes the digest of what was taken so far; more may follow.
int copenssl_digest(const copenssl_hasher *hasher, void *digest);
/// Gives the hasher back.
void copenssl_free(copenssl_hasher *hasher);
/// The digest of bytes that are all there.
int copenssl_digest_at_once(int function, const void *bytes, size_t count, void *digest);
/// HMAC with SHA-256: 32 bytes.
int copenssl_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count,
                         void *code);
