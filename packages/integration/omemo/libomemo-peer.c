/*
 * A device of libomemo-c for the tests: one identity, its prekeys and its sessions, all in memory. It is a process of its
 * own, driven by lines, because the library is under the GPL (version 3): this program is compiled where the tests run
 * and nowhere else, and nothing that is published links it or holds any of it.
 *
 *   libomemo-peer VERSION DEVICE        VERSION 3 is OMEMO 0.3, 4 is omemo:2
 *
 *   bundle                              ok IDENTITY SIGNED-ID SIGNED SIGNATURE { ID KEY }
 *   process JID DEVICE IDENTITY SIGNED-ID SIGNED SIGNATURE ID KEY
 *   encrypt JID DEVICE PLAINTEXT        ok key-exchange MESSAGE, or ok message MESSAGE
 *   decrypt JID DEVICE key-exchange|message MESSAGE        ok PLAINTEXT
 *   rotate                              a new signed prekey; the one before is kept, those before it are not
 *   forget JID DEVICE                   without a session from here on
 *
 * Bytes are hexadecimal digits, and "-" where there are none. Each line is answered by one: "ok" with what is asked for,
 * or "error" with the library's number.
 */
#include <string.h>

#include <key_helper.h>
#include <protocol.h>
#include <session_builder.h>
#include <session_cipher.h>

#include "libomemo-peer.h"

enum { PREKEYS = 10 };

signal_context *context;
ratchet_identity_key_pair *identity;
uint32_t own_device, version;

static uint32_t newest_signed;
static signal_protocol_store_context *store;
static char line[LINE];

/* The commands. */

static int say_pre_key(uint32_t id) {
  session_pre_key *key = NULL;
  int result = 0;
  if (!signal_protocol_pre_key_contains_key(store, id)) return 0;
  TRY(signal_protocol_pre_key_load_key(store, &key, id));
  TRY(say(" %u", id));
  TRY(say_key(0, ec_key_pair_get_public(session_pre_key_get_key_pair(key))));
done:
  SIGNAL_UNREF(key);
  return result;
}

static int bundle(void) {
  session_signed_pre_key *key = NULL;
  int result = 0;
  TRY(signal_protocol_signed_pre_key_load_key(store, &key, newest_signed));
  TRY(say_key(1, ratchet_identity_key_pair_get_public(identity)));
  TRY(say(" %u", newest_signed));
  TRY(say_key(0, ec_key_pair_get_public(session_signed_pre_key_get_key_pair(key))));
  if (version == 3) TRY(say_bytes(session_signed_pre_key_get_signature(key), session_signed_pre_key_get_signature_len(key)));
  else TRY(say_bytes(session_signed_pre_key_get_signature_omemo(key), session_signed_pre_key_get_signature_omemo_len(key)));
  for (uint32_t id = 1; id <= PREKEYS; id++) TRY(say_pre_key(id));
done:
  SIGNAL_UNREF(key);
  return result;
}

static int process(void) {
  signal_protocol_address address;
  struct bytes signature;
  uint32_t signed_id, id;
  ec_public_key *their_identity = NULL, *signed_key = NULL, *key = NULL;
  session_pre_key_bundle *made = NULL;
  session_builder *builder = NULL;
  int result = 0;
  TRY(read_address(&address));
  TRY(read_key(1, &their_identity));
  TRY(read_id(&signed_id));
  TRY(read_key(0, &signed_key));
  TRY(read_bytes(&signature));
  TRY(read_id(&id));
  TRY(read_key(0, &key));
  TRY(session_pre_key_bundle_create(&made, (uint32_t)address.device_id, address.device_id, id, key, signed_id, signed_key,
                                    signature.data, signature.length, their_identity));
  TRY(session_builder_create(&builder, store, &address, context));
  session_builder_set_version(builder, version);
  TRY(session_builder_process_pre_key_bundle(builder, made));
done:
  session_builder_free(builder);
  SIGNAL_UNREF(made);
  SIGNAL_UNREF(key);
  SIGNAL_UNREF(signed_key);
  SIGNAL_UNREF(their_identity);
  return result;
}

static int open_cipher(session_cipher **cipher, const signal_protocol_address *address) {
  int result = session_cipher_create(cipher, store, address, context);
  if (result >= 0) session_cipher_set_version(*cipher, version);
  return result;
}

static int encrypt(void) {
  signal_protocol_address address;
  struct bytes plaintext;
  session_cipher *cipher = NULL;
  ciphertext_message *message = NULL;
  int result = 0;
  TRY(read_address(&address));
  TRY(read_bytes(&plaintext));
  TRY(signal_protocol_session_contains_session(store, &address) ? 0 : SG_ERR_NO_SESSION);
  TRY(open_cipher(&cipher, &address));
  TRY(session_cipher_encrypt(cipher, plaintext.data, plaintext.length, &message));
  TRY(say(ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE ? " key-exchange" : " message"));
  TRY(say_buffer(ciphertext_message_get_serialized(message)));
done:
  SIGNAL_UNREF(message);
  session_cipher_free(cipher);
  return result;
}

static int open_message(session_cipher *cipher, struct bytes of, signal_buffer **plaintext) {
  signal_message *message = NULL;
  int result = 0;
  if (version == 3) TRY(signal_message_deserialize(&message, of.data, of.length, context));
  else TRY(signal_message_deserialize_omemo(&message, of.data, of.length, context));
  TRY(session_cipher_decrypt_signal_message(cipher, message, NULL, plaintext));
done:
  SIGNAL_UNREF(message);
  return result;
}

static int open_exchange(session_cipher *cipher, struct bytes of, uint32_t device, signal_buffer **plaintext) {
  pre_key_signal_message *message = NULL;
  int result = 0;
  if (version == 3) TRY(pre_key_signal_message_deserialize(&message, of.data, of.length, context));
  else TRY(pre_key_signal_message_deserialize_omemo(&message, of.data, of.length, device, context));
  TRY(session_cipher_decrypt_pre_key_signal_message(cipher, message, NULL, plaintext));
done:
  SIGNAL_UNREF(message);
  return result;
}

static int decrypt(void) {
  signal_protocol_address address;
  struct bytes message;
  session_cipher *cipher = NULL;
  signal_buffer *plaintext = NULL;
  int result = 0;
  TRY(read_address(&address));
  const char *kind = word();
  TRY(kind ? read_bytes(&message) : SG_ERR_INVAL);
  TRY(open_cipher(&cipher, &address));
  if (strcmp(kind, "key-exchange") == 0) TRY(open_exchange(cipher, message, (uint32_t)address.device_id, &plaintext));
  else TRY(open_message(cipher, message, &plaintext));
  TRY(say_buffer(plaintext));
done:
  signal_buffer_free(plaintext);
  session_cipher_free(cipher);
  return result;
}

static int rotate(void) {
  session_signed_pre_key *key = NULL;
  int result = 0;
  TRY(signal_protocol_key_helper_generate_signed_pre_key(&key, identity, newest_signed + 1, 0, context));
  TRY(signal_protocol_signed_pre_key_store_key(store, key));
  newest_signed++;
  if (newest_signed > 2) TRY(signal_protocol_signed_pre_key_remove_key(store, newest_signed - 2));
done:
  SIGNAL_UNREF(key);
  return result;
}

static int forget(void) {
  signal_protocol_address address;
  int result = read_address(&address);
  return result < 0 ? result : signal_protocol_session_delete_session(store, &address);
}

static int start(void) {
  signal_protocol_key_helper_pre_key_list_node *keys = NULL;
  int result = 0;
  TRY(signal_context_create(&context, NULL));
  TRY(signal_context_set_crypto_provider(context, &crypto_provider));
  TRY(open_store(&store));
  TRY(signal_protocol_key_helper_generate_identity_key_pair(&identity, context));
  TRY(signal_protocol_key_helper_generate_pre_keys(&keys, 1, PREKEYS, context));
  for (const signal_protocol_key_helper_pre_key_list_node *each = keys; each;
       each = signal_protocol_key_helper_key_list_next(each))
    TRY(signal_protocol_pre_key_store_key(store, signal_protocol_key_helper_key_list_element(each)));
  TRY(rotate());
done:
  signal_protocol_key_helper_key_list_free(keys);
  return result;
}

static int run(const char *command) {
  static const struct { const char *name; int (*run)(void); } commands[] = {
    { "bundle", bundle }, { "process", process }, { "encrypt", encrypt },
    { "decrypt", decrypt }, { "rotate", rotate }, { "forget", forget },
  };
  for (size_t n = 0; command && n < sizeof commands / sizeof *commands; n++)
    if (strcmp(command, commands[n].name) == 0) return commands[n].run();
  return SG_ERR_INVAL;
}

/* The next line without its end; of one that is too long nothing but its end is left. */
static int next_line(void) {
  if (!fgets(line, sizeof line, stdin)) return 0;
  size_t length = strcspn(line, "\n");
  int last = line[length];
  line[length] = '\0';
  if (last == '\n') return 1;
  line[0] = '\0';
  while (last != '\n' && last != EOF) last = getchar();
  return 1;
}

int main(int count, char **arguments) {
  version = count == 3 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0;
  own_device = count == 3 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 0;
  if ((version != 3 && version != 4) || own_device == 0 || own_device > INT32_MAX || start() < 0) return 1;
  while (next_line()) {
    print_answer(run(strtok(line, " ")));
    fflush(stdout);
  }
  return 0;
}
