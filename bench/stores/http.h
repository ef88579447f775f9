// What a small server of tests needs of HTTP/1.1: requests with a length on connections that stay open, one thread each.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { MAX_HEAD = 32 * 1024, MAX_NAME = 1024, TAKEN_AT_ONCE = 4 << 20 };

typedef struct {
  char method[16], key[MAX_NAME], query[2048], type[256], if_match[64];
  int if_none_match, expects_continue;
  uint64_t length;   // of the body as it comes
  uint64_t decoded;  // of what it holds, where it comes in frames; else the same
} Request;

typedef struct {
  int fd;
  char head[MAX_HEAD];
  size_t filled;  // of `head`: what has come and was not taken yet
} Connection;

static int send_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    bytes += sent;
    length -= (size_t)sent;
  }
  return 1;
}

typedef struct {
  int status;
  uint64_t etag;
  const char *type;
  const char *body;
  uint64_t length;
} Answer;

static int send_answer(int fd, const Request *request, Answer answer) {
  char head[1024], etag[64] = "";
  if (answer.etag) snprintf(etag, sizeof etag, "ETag: \"%032llx\"\r\n", (unsigned long long)answer.etag);
  int length = snprintf(head, sizeof head, "HTTP/1.1 %d Status\r\nContent-Length: %llu\r\nContent-Type: %s\r\n%sLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n",
                        answer.status, (unsigned long long)answer.length, answer.type ? answer.type : "application/xml", etag);
  if (!send_all(fd, head, (size_t)length)) return 0;
  return strcmp(request->method, "HEAD") == 0 || !answer.body || send_all(fd, answer.body, answer.length);
}

// As S3 says it.
static int send_error(int fd, const Request *request, int status, const char *code) {
  char body[256];
  int length = snprintf(body, sizeof body, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>sink</Message></Error>", code);
  return send_answer(fd, request, (Answer){.status = status, .body = body, .length = (uint64_t)length});
}

static void decode(char *out, size_t room, const char *in, size_t length) {
  size_t used = 0;
  for (size_t i = 0; i < length && used + 1 < room; i++) {
    unsigned value;
    if (in[i] == '%' && i + 2 < length && sscanf(in + i + 1, "%2x", &value) == 1) {
      out[used++] = (char)value;
      i += 2;
    } else {
      out[used++] = in[i];
    }
  }
  out[used] = 0;
}

static void read_header(Request *request, const char *line) {
  const char *colon = strchr(line, ':');
  if (!colon) return;
  size_t name = (size_t)(colon - line);
  const char *value = colon + 1 + strspn(colon + 1, " ");
#define IS(wanted) (name == strlen(wanted) && strncasecmp(line, wanted, name) == 0)
  if (IS("content-length")) request->length = strtoull(value, NULL, 10);
  if (IS("x-amz-decoded-content-length")) request->decoded = strtoull(value, NULL, 10);
  if (IS("content-type")) snprintf(request->type, sizeof request->type, "%s", value);
  if (IS("if-none-match")) request->if_none_match = 1;
  if (IS("if-match")) snprintf(request->if_match, sizeof request->if_match, "%s", value);
  if (IS("expect")) request->expects_continue = 1;
#undef IS
}

// Waits for a request's head and takes it out of what has come; 0 at the connection's end.
static int read_head(Connection *connection, Request *request) {
  char *end;
  while (connection->head[connection->filled] = 0, !(end = strstr(connection->head, "\r\n\r\n"))) {
    if (connection->filled >= MAX_HEAD - 1) return 0;
    ssize_t length = recv(connection->fd, connection->head + connection->filled, MAX_HEAD - 1 - connection->filled, 0);
    if (length <= 0) return 0;
    connection->filled += (size_t)length;
  }
  *end = 0;
  memset(request, 0, sizeof *request);
  char *rest = connection->head, *first = strsep(&rest, "\n");
  char *target = strchr(first, ' ');
  if (!target) return 0;
  snprintf(request->method, sizeof request->method, "%.*s", (int)(target - first), first);
  target++;
  size_t length = strcspn(target, " "), path = strcspn(target, " ?");
  decode(request->key, sizeof request->key, target + 1, path > 0 ? path - 1 : 0);
  if (path < length) snprintf(request->query, sizeof request->query, "&%.*s", (int)(length - path - 1), target + path + 1);
  for (char *line; (line = strsep(&rest, "\n"));) {
    line[strcspn(line, "\r")] = 0;
    read_header(request, line);
  }
  if (!request->decoded) request->decoded = request->length;
  size_t taken = (size_t)(end + 4 - connection->head);
  memmove(connection->head, connection->head + taken, connection->filled - taken);
  connection->filled -= taken;
  return 1;
}

// Takes a body: into `kept`, if there is one, else nowhere; the kernel then drops its bytes without copying them.
static int take_body(Connection *connection, uint64_t length, char *kept, void (*on_bytes)(uint64_t)) {
  uint64_t done = connection->filled < length ? connection->filled : length;
  if (kept) memcpy(kept, connection->head, done);
  memmove(connection->head, connection->head + done, connection->filled - done);
  connection->filled -= done;
  on_bytes(done);
  while (done < length) {
    uint64_t left = length - done;
    size_t wanted = left < TAKEN_AT_ONCE ? (size_t)left : TAKEN_AT_ONCE;
    ssize_t taken = kept ? recv(connection->fd, kept + done, wanted, 0) : recv(connection->fd, NULL, wanted, MSG_TRUNC);
    if (taken <= 0) return 0;
    done += (uint64_t)taken;
    on_bytes((uint64_t)taken);
  }
  return 1;
}

// The value of a query's parameter, decoded; NULL without it.
static const char *read_query(const Request *request, const char *name, char *value, size_t room) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "&%s", name);
  for (const char *at = request->query; (at = strstr(at, wanted)); at++) {
    const char *after = at + strlen(wanted);
    if (*after != '=' && *after != '&' && *after != 0) continue;
    decode(value, room, after + (*after == '='), strcspn(after + (*after == '='), "&"));
    return value;
  }
  return NULL;
}
