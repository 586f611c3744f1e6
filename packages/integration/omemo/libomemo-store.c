/* What libomemo-c stores, in memory and in serialized form: prekeys by their ids, sessions by name and device. */
#include <string.h>

#include "libomemo-peer.h"

enum { SLOTS = 16 };

struct slot { uint32_t id; char name[NAME]; signal_buffer *record; };
struct slots { struct slot all[SLOTS]; };

static struct slots sessions, pre_keys, signed_pre_keys;

static struct slot *find(struct slots *slots, uint32_t id, const char *name) {
  for (size_t n = 0; n < SLOTS; n++) {
    struct slot *slot = &slots->all[n];
    if (slot->record && slot->id == id && strcmp(slot->name, name) == 0) return slot;
  }
  return NULL;
}

static int put(struct slots *slots, uint32_t id, const char *name, const uint8_t *data, size_t length) {
  struct slot *slot = find(slots, id, name);
  for (size_t n = 0; n < SLOTS && !slot; n++) if (!slots->all[n].record) slot = &slots->all[n];
  signal_buffer *record = slot ? signal_buffer_create(data, length) : NULL;
  if (!record) return SG_ERR_NOMEM;
  signal_buffer_bzero_free(slot->record);
  slot->id = id;
  slot->record = record;
  snprintf(slot->name, NAME, "%s", name);
  return 0;
}

static int drop(struct slots *slots, uint32_t id, const char *name) {
  struct slot *slot = find(slots, id, name);
  if (!slot) return 0;
  signal_buffer_bzero_free(slot->record);
  slot->record = NULL;
  return 1;
}

static int load_key(signal_buffer **record, uint32_t id, void *keys) {
  struct slot *slot = find(keys, id, "");
  *record = slot ? signal_buffer_copy(slot->record) : NULL;
  return slot ? 0 : SG_ERR_INVALID_KEY_ID;
}

static int store_key(uint32_t id, uint8_t *data, size_t length, void *keys) { return put(keys, id, "", data, length); }
static int has_key(uint32_t id, void *keys) { return find(keys, id, "") != NULL; }
static int remove_key(uint32_t id, void *keys) { drop(keys, id, ""); return 0; }

static int load_session(signal_buffer **record, signal_buffer **extra, const signal_protocol_address *of, void *user) {
  struct slot *slot = find(user, (uint32_t)of->device_id, of->name);
  *extra = NULL;
  *record = slot ? signal_buffer_copy(slot->record) : NULL;
  return slot != NULL;
}

static int store_session(const signal_protocol_address *of, uint8_t *data, size_t length, uint8_t *extra, size_t more,
                         void *user) {
  (void)extra; (void)more;
  return put(user, (uint32_t)of->device_id, of->name, data, length);
}

static int has_session(const signal_protocol_address *of, void *user) {
  return find(user, (uint32_t)of->device_id, of->name) != NULL;
}

static int delete_session(const signal_protocol_address *of, void *user) {
  return drop(user, (uint32_t)of->device_id, of->name);
}

static int own_identity(signal_buffer **public_key, signal_buffer **private_key, void *user) {
  (void)user;
  int result = ec_public_key_serialize(public_key, ratchet_identity_key_pair_get_public(identity));
  return result < 0 ? result : ec_private_key_serialize(private_key, ratchet_identity_key_pair_get_private(identity));
}

static int own_id(void *user, uint32_t *id) { (void)user; *id = own_device; return 0; }

/* Trust is the business of whoever uses the library. */
static int save_identity(const signal_protocol_address *of, uint8_t *key, size_t length, void *user) {
  (void)of; (void)key; (void)length; (void)user;
  return 0;
}

static int trusts(const signal_protocol_address *of, uint8_t *key, size_t length, void *user) {
  (void)of; (void)key; (void)length; (void)user;
  return 1;
}

int open_store(signal_protocol_store_context **store) {
  signal_protocol_session_store for_sessions = {
    .load_session_func = load_session,
    .store_session_func = store_session,
    .contains_session_func = has_session,
    .delete_session_func = delete_session,
    .user_data = &sessions,
  };
  signal_protocol_pre_key_store for_pre_keys = { load_key, store_key, has_key, remove_key, NULL, &pre_keys };
  signal_protocol_signed_pre_key_store for_signed = { load_key, store_key, has_key, remove_key, NULL, &signed_pre_keys };
  signal_protocol_identity_key_store for_identities = {
    .get_identity_key_pair = own_identity,
    .get_local_registration_id = own_id,
    .save_identity = save_identity,
    .is_trusted_identity = trusts,
  };
  int result = 0;
  TRY(signal_protocol_store_context_create(store, context));
  TRY(signal_protocol_store_context_set_session_store(*store, &for_sessions));
  TRY(signal_protocol_store_context_set_pre_key_store(*store, &for_pre_keys));
  TRY(signal_protocol_store_context_set_signed_pre_key_store(*store, &for_signed));
  TRY(signal_protocol_store_context_set_identity_key_store(*store, &for_identities));
done:
  return result;
}
