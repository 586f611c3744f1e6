/* What the parts of libomemo-peer.c share. */
#ifndef LIBOMEMO_PEER_H
#define LIBOMEMO_PEER_H

#include <signal_protocol.h>

/* The longest line, longer than any message of the tests; and the longest name of a contact. */
enum { LINE = 1 << 18, NAME = 128 };

/* What is left of a function after the first call that failed is its tidying up. */
#define TRY(call) do { result = (call); if (result < 0) goto done; } while (0)

struct bytes { uint8_t *data; size_t length; };

extern const signal_crypto_provider crypto_provider;
extern signal_context *context;
extern ratchet_identity_key_pair *identity;
extern uint32_t own_device, version;

int open_store(signal_protocol_store_context **store);

/* Words of the line, from `strtok`. What is not there or has another form is SG_ERR_INVAL. */
char *word(void);
int read_id(uint32_t *id);
/* The bytes take the place of their digits in the line. */
int read_bytes(struct bytes *bytes);
/* 0.3: 33 bytes, the first of them a type. omemo:2: 32 bytes, Ed25519 for an identity and X25519 for all else. */
int read_key(int is_identity, ec_public_key **key);
int read_address(signal_protocol_address *address);

/* The answer is collected, so that a failure half-way says nothing but its number. */
int say(const char *format, ...);
int say_bytes(const uint8_t *data, size_t length);
int say_buffer(signal_buffer *buffer);
int say_key(int is_identity, const ec_public_key *key);
void print_answer(int result);

#endif
