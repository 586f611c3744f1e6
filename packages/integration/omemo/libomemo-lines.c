/* The lines of libomemo-peer.c: reading the words of one, and writing its answer. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "libomemo-peer.h"

static char answer[LINE];
static size_t answered;

char *word(void) { return strtok(NULL, " "); }

int read_id(uint32_t *id) {
  char *text = word(), *end = NULL;
  errno = 0;
  unsigned long value = text && *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
  if (!end || *end || errno || value > INT32_MAX) return SG_ERR_INVAL;
  *id = (uint32_t)value;
  return 0;
}

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int read_bytes(struct bytes *bytes) {
  char *text = word();
  if (!text) return SG_ERR_INVAL;
  *bytes = (struct bytes){ (uint8_t *)text, strcmp(text, "-") == 0 ? 0 : strlen(text) / 2 };
  if (bytes->length == 0) return strcmp(text, "-") == 0 ? 0 : SG_ERR_INVAL;
  if (strlen(text) % 2) return SG_ERR_INVAL;
  for (size_t n = 0; n < bytes->length; n++) {
    int high = digit(text[2 * n]), low = digit(text[2 * n + 1]);
    if (high < 0 || low < 0) return SG_ERR_INVAL;
    bytes->data[n] = (uint8_t)(high * 16 + low);
  }
  return 0;
}

int read_key(int is_identity, ec_public_key **key) {
  struct bytes bytes;
  if (read_bytes(&bytes) < 0 || bytes.length != (version == 3 ? 33 : 32)) return SG_ERR_INVAL;
  if (version == 3 || is_identity) return curve_decode_point(key, bytes.data, bytes.length, context);
  return curve_decode_point_mont(key, bytes.data, bytes.length, context);
}

int read_address(signal_protocol_address *address) {
  uint32_t device = 0;
  address->name = word();
  if (!address->name || strlen(address->name) >= NAME || read_id(&device) < 0) return SG_ERR_INVAL;
  address->name_len = strlen(address->name);
  address->device_id = (int32_t)device;
  return 0;
}

int say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(answer + answered, LINE - answered, format, arguments);
  va_end(arguments);
  if (written < 0 || (size_t)written >= LINE - answered) return SG_ERR_NOMEM;
  answered += (size_t)written;
  return 0;
}

int say_bytes(const uint8_t *data, size_t length) {
  int result = 0;
  TRY(say(length ? " " : " -"));
  for (size_t n = 0; n < length; n++) TRY(say("%02x", data[n]));
done:
  return result;
}

int say_buffer(signal_buffer *buffer) {
  return buffer ? say_bytes(signal_buffer_data(buffer), signal_buffer_len(buffer)) : SG_ERR_NOMEM;
}

int say_key(int is_identity, const ec_public_key *key) {
  signal_buffer *buffer = NULL;
  int result = 0;
  if (version == 3) TRY(ec_public_key_serialize(&buffer, key));
  else buffer = is_identity ? ec_public_key_get_ed(key) : ec_public_key_get_mont(key);
  TRY(say_buffer(buffer));
done:
  signal_buffer_free(buffer);
  return result;
}

void print_answer(int result) {
  if (result < 0) printf("error %d\n", result);
  else printf("ok%.*s\n", (int)answered, answer);
  answered = 0;
}
