// The bodies of the doors in COpenSSL.h. Functions are looked up once: OpenSSL takes longer to find
// one by name than to hash a short message with it.
#include "COpenSSL.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

static EVP_MD *functions[2];

static void find_functions(void) {
  functions[COPENSSL_SHA256] = EVP_MD_fetch(NULL, "SHA2-256", NULL);
  functions[COPENSSL_MD5] = EVP_MD_fetch(NULL, "MD5", NULL);
}

static const EVP_MD *found(int function) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_functions);
  return functions[function];
}

static EVP_MD_CTX *context(const copenssl_hasher *hasher) { return (EVP_MD_CTX *)hasher; }

copenssl_hasher *copenssl_start(int function) {
  if (!found(function)) return NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context && EVP_DigestInit_ex2(context, found(function), NULL) != 1) {
    EVP_MD_CTX_free(context);
    return NULL;
  }
  return (copenssl_hasher *)context;
}

int copenssl_update(copenssl_hasher *hasher, const void *bytes, size_t count) {
  return EVP_DigestUpdate(context(hasher), bytes, count) == 1 ? 0 : -1;
}

int copenssl_digest(const copenssl_hasher *hasher, void *digest) {
  EVP_MD_CTX *copy = EVP_MD_CTX_new();
  int done = copy && EVP_MD_CTX_copy_ex(copy, context(hasher)) == 1 &&
             EVP_DigestFinal_ex(copy, digest, NULL) == 1;
  EVP_MD_CTX_free(copy);
  return done ? 0 : -1;
}

void copenssl_free(copenssl_hasher *hasher) { EVP_MD_CTX_free(context(hasher)); }

int copenssl_digest_at_once(int function, const void *bytes, size_t count, void *digest) {
  if (!found(function)) return -1;
  return EVP_Digest(bytes, count, digest, NULL, found(function), NULL) == 1 ? 0 : -1;
}

int copenssl_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count,
                         void *code) {
  // OpenSSL takes a null key for one that was set before.
  const void *used = key ? key : "";
  return key_count <= 0x7FFFFFFF &&
                 HMAC(found(COPENSSL_SHA256), used, (int)key_count, bytes, count, code, NULL)
             ? 0
             : -1;
}
