/* What libomemo-c asks of a platform, by OpenSSL. See libomemo-peer.c. */
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "libomemo-peer.h"

static int random_bytes(uint8_t *data, size_t length, void *user) {
  (void)user;
  return length <= INT32_MAX && RAND_bytes(data, (int)length) == 1 ? 0 : SG_ERR_UNKNOWN;
}

static int hmac_begin(void **state, const uint8_t *key, size_t length, void *user) {
  static char digest[] = "SHA256";
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *made = mac ? EVP_MAC_CTX_new(mac) : NULL;
  OSSL_PARAM options[] = { OSSL_PARAM_utf8_string("digest", digest, sizeof digest - 1), OSSL_PARAM_END };
  (void)user;
  EVP_MAC_free(mac);
  *state = made;
  return made && EVP_MAC_init(made, key, length, options) ? 0 : SG_ERR_UNKNOWN;
}

static int hmac_add(void *state, const uint8_t *data, size_t length, void *user) {
  (void)user;
  return EVP_MAC_update(state, data, length) ? 0 : SG_ERR_UNKNOWN;
}

static int hmac_end(void *state, signal_buffer **output, void *user) {
  uint8_t mac[EVP_MAX_MD_SIZE];
  size_t length = 0;
  (void)user;
  if (!EVP_MAC_final(state, mac, &length, sizeof mac)) return SG_ERR_UNKNOWN;
  *output = signal_buffer_create(mac, length);
  return *output ? 0 : SG_ERR_NOMEM;
}

static void hmac_free(void *state, void *user) {
  (void)user;
  EVP_MAC_CTX_free(state);
}

static int sha512_begin(void **state, void *user) {
  (void)user;
  *state = EVP_MD_CTX_new();
  return *state && EVP_DigestInit_ex(*state, EVP_sha512(), NULL) ? 0 : SG_ERR_UNKNOWN;
}

static int sha512_add(void *state, const uint8_t *data, size_t length, void *user) {
  (void)user;
  return EVP_DigestUpdate(state, data, length) ? 0 : SG_ERR_UNKNOWN;
}

static int sha512_end(void *state, signal_buffer **output, void *user) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  (void)user;
  if (!EVP_DigestFinal_ex(state, digest, &length) || !EVP_DigestInit_ex(state, EVP_sha512(), NULL)) return SG_ERR_UNKNOWN;
  *output = signal_buffer_create(digest, length);
  return *output ? 0 : SG_ERR_NOMEM;
}

static void sha512_free(void *state, void *user) {
  (void)user;
  EVP_MD_CTX_free(state);
}

static int run_cbc(EVP_CIPHER_CTX *state, int encrypts, const uint8_t *key, const uint8_t *iv, struct bytes text,
                   signal_buffer **output) {
  int first = 0, last = 0;
  uint8_t *out = malloc(text.length + EVP_MAX_BLOCK_LENGTH);
  int done = state && out && EVP_CipherInit_ex(state, EVP_aes_256_cbc(), NULL, key, iv, encrypts) &&
             EVP_CipherUpdate(state, out, &first, text.data, (int)text.length) &&
             EVP_CipherFinal_ex(state, out + first, &last);
  *output = done ? signal_buffer_create(out, (size_t)(first + last)) : NULL;
  free(out);
  return *output ? 0 : SG_ERR_UNKNOWN;
}

static int cbc(int encrypts, signal_buffer **output, int cipher, size_t key_length, const uint8_t *key, size_t iv_length,
               const uint8_t *iv, const uint8_t *text, size_t length) {
  struct bytes given = { (uint8_t *)text, length };
  if (cipher != SG_CIPHER_AES_CBC_PKCS5 || key_length != 32 || iv_length != 16 || length > LINE) return SG_ERR_INVAL;
  EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
  int result = run_cbc(state, encrypts, key, iv, given, output);
  EVP_CIPHER_CTX_free(state);
  return result;
}

static int cbc_encrypt(signal_buffer **output, int cipher, const uint8_t *key, size_t key_length, const uint8_t *iv,
                       size_t iv_length, const uint8_t *text, size_t length, void *user) {
  (void)user;
  return cbc(1, output, cipher, key_length, key, iv_length, iv, text, length);
}

static int cbc_decrypt(signal_buffer **output, int cipher, const uint8_t *key, size_t key_length, const uint8_t *iv,
                       size_t iv_length, const uint8_t *text, size_t length, void *user) {
  (void)user;
  return cbc(0, output, cipher, key_length, key, iv_length, iv, text, length);
}

const signal_crypto_provider crypto_provider = {
  .random_func = random_bytes,
  .hmac_sha256_init_func = hmac_begin,
  .hmac_sha256_update_func = hmac_add,
  .hmac_sha256_final_func = hmac_end,
  .hmac_sha256_cleanup_func = hmac_free,
  .sha512_digest_init_func = sha512_begin,
  .sha512_digest_update_func = sha512_add,
  .sha512_digest_final_func = sha512_end,
  .sha512_digest_cleanup_func = sha512_free,
  .encrypt_func = cbc_encrypt,
  .decrypt_func = cbc_decrypt,
};
