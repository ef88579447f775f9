// A store that throws bytes away: just enough of S3 for an upload, by path style, without looking at signatures.
//
//   sink PORT
//
// Prints "ready" once it listens, on all addresses, and runs until its standard input ends. Small objects (manifests, tags, lists) are kept, listed and given out, with conditions
// on their PUT; of large ones and of parts only the size is, and the kernel drops their bytes without copying them (MSG_TRUNC). ETags are numbers, not MD5s.
// What the store of a bench wants besides: GET /_sink tells when how much of all bodies had come, as lines "BYTES NANOSECONDS"; DELETE /_sink forgets everything but the bucket's format.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http.h"

enum {
  MAX_KEPT = 1 << 20,
  MAX_TEXT = 8 << 20,
  MAX_PARTS = 10001,
  MAX_OBJECTS = 4096,
  MAX_UPLOADS = 256,
  MARK_BYTES = 64 << 20,
  MAX_MARKS = 4096,
};

typedef struct {
  char key[MAX_NAME], type[256];
  uint64_t etag, size;
  char *body;  // NULL where only the size is known
} Object;

typedef struct {
  char key[MAX_NAME];
  uint64_t id;  // 0 for a free slot
  uint64_t sizes[MAX_PARTS];
} Upload;

typedef struct {
  uint64_t bytes;
  int64_t at_ns;
} Mark;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Object objects[MAX_OBJECTS];
static size_t object_count;
static Upload uploads[MAX_UPLOADS];
static uint64_t last_number;
static uint64_t received;
static Mark marks[MAX_MARKS];
static size_t mark_count;

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// ---- what is kept; under the lock ----

static Object *find_object(const char *key) {
  for (size_t i = 0; i < object_count; i++) {
    if (strcmp(objects[i].key, key) == 0) return &objects[i];
  }
  return NULL;
}

static void keep_object(const Request *request, uint64_t size, char *body) {
  Object *object = find_object(request->key);
  if (!object) {
    if (object_count == MAX_OBJECTS) {
      free(body);
      return;
    }
    object = &objects[object_count++];
  } else {
    free(object->body);
  }
  *object = (Object){.etag = ++last_number, .size = size, .body = body};
  snprintf(object->key, sizeof object->key, "%s", request->key);
  snprintf(object->type, sizeof object->type, "%s", request->type);
}

static void forget_object(const char *key) {
  Object *object = find_object(key);
  if (!object) return;
  free(object->body);
  *object = objects[--object_count];
}

// What `bucketry init` would have written stays.
static void forget_all(void) {
  for (size_t i = 0; i < object_count;) {
    if (strstr(objects[i].key, "/_bucketry/format")) i++;
    else forget_object(objects[i].key);
  }
  memset(uploads, 0, sizeof uploads);
  received = mark_count = 0;
}

static Upload *find_upload(uint64_t id) {
  for (size_t i = 0; i < MAX_UPLOADS; i++) {
    if (uploads[i].id == id) return &uploads[i];
  }
  return NULL;
}

static void count_bytes(uint64_t bytes) {
  pthread_mutex_lock(&lock);
  if (mark_count == 0) marks[mark_count++] = (Mark){0, now_ns()};
  uint64_t before = received;
  received += bytes;
  int is_due = before / MARK_BYTES != received / MARK_BYTES;
  if (is_due && mark_count < MAX_MARKS) marks[mark_count++] = (Mark){received, now_ns()};
  pthread_mutex_unlock(&lock);
}

// ---- answers ----

static uint64_t etag_of_part(uint64_t id, uint64_t part) { return id * 100000 + part; }

// Whether the conditions of a write hold; under the lock.
static int may_write(const Request *request) {
  const Object *there = find_object(request->key);
  if (request->if_none_match && there) return 0;
  if (!*request->if_match) return 1;
  char etag[64];
  snprintf(etag, sizeof etag, "\"%032llx\"", (unsigned long long)(there ? there->etag : 0));
  return there && strcmp(etag, request->if_match) == 0;
}

static int put_object(int fd, const Request *request, char *body) {
  pthread_mutex_lock(&lock);
  int holds = may_write(request);
  if (holds) keep_object(request, request->decoded, body);
  uint64_t etag = last_number;
  pthread_mutex_unlock(&lock);
  if (holds) return send_answer(fd, request, (Answer){.status = 200, .etag = etag});
  free(body);
  return send_error(fd, request, 412, "PreconditionFailed");
}

static int get_object(int fd, const Request *request) {
  char *body = NULL, type[256];
  pthread_mutex_lock(&lock);
  const Object *there = find_object(request->key);
  Answer answer = {.status = 404};
  if (there) {
    answer = (Answer){.status = 200, .etag = there->etag, .type = type, .length = there->size};
    snprintf(type, sizeof type, "%s", *there->type ? there->type : "application/octet-stream");
    if (there->body) body = memcpy(malloc(there->size + 1), there->body, there->size);
  }
  pthread_mutex_unlock(&lock);
  if (answer.status == 404) return send_error(fd, request, 404, "NoSuchKey");
  int is_head = strcmp(request->method, "HEAD") == 0;
  if (!body && !is_head) return send_error(fd, request, 501, "NotImplemented");
  answer.body = body;
  int is_sent = send_answer(fd, request, answer);
  free(body);
  return is_sent;
}

// A document that is made of what is kept: `write` fills it under the lock.
static int send_text(int fd, const Request *request, const char *type, void (*write)(FILE *, const Request *)) {
  char *text = malloc(MAX_TEXT);
  FILE *file = fmemopen(text, MAX_TEXT, "w");
  pthread_mutex_lock(&lock);
  write(file, request);
  pthread_mutex_unlock(&lock);
  fflush(file);
  uint64_t length = (uint64_t)ftell(file);
  fclose(file);
  int is_sent = send_answer(fd, request, (Answer){.status = 200, .type = type, .body = text, .length = length});
  free(text);
  return is_sent;
}

static void write_objects(FILE *file, const Request *request) {
  char prefix[MAX_NAME] = "", full[2 * MAX_NAME];
  read_query(request, "prefix", prefix, sizeof prefix);
  size_t bucket = strcspn(request->key, "/");
  snprintf(full, sizeof full, "%.*s/%s", (int)bucket, request->key, prefix);
  fprintf(file, "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>");
  for (size_t i = 0; i < object_count; i++) {
    if (strncmp(objects[i].key, full, strlen(full)) != 0) continue;
    fprintf(file, "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"%032llx\"</ETag><Size>%llu</Size></Contents>",
            objects[i].key + bucket + 1, (unsigned long long)objects[i].etag, (unsigned long long)objects[i].size);
  }
  fprintf(file, "</ListBucketResult>");
}

static void write_uploads(FILE *file, const Request *request) {
  (void)request;  // a bench continues no upload
  fprintf(file, "<?xml version=\"1.0\"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
}

static void write_parts(FILE *file, const Request *request) {
  char id[32] = "0";
  read_query(request, "uploadId", id, sizeof id);
  const Upload *upload = find_upload(strtoull(id, NULL, 10));
  fprintf(file, "<?xml version=\"1.0\"?><ListPartsResult><IsTruncated>false</IsTruncated>");
  for (unsigned part = 1; upload && upload->id && part < MAX_PARTS; part++) {
    if (!upload->sizes[part]) continue;
    fprintf(file, "<Part><PartNumber>%u</PartNumber><ETag>\"%032llx\"</ETag><Size>%llu</Size></Part>", part,
            (unsigned long long)etag_of_part(upload->id, part), (unsigned long long)upload->sizes[part]);
  }
  fprintf(file, "</ListPartsResult>");
}

static void write_marks(FILE *file, const Request *request) {
  (void)request;
  for (size_t i = 0; i < mark_count; i++) fprintf(file, "%llu %lld\n", (unsigned long long)marks[i].bytes, (long long)marks[i].at_ns);
  if (mark_count > 0) fprintf(file, "%llu %lld\n", (unsigned long long)received, (long long)now_ns());
}

static int create_upload(int fd, const Request *request) {
  char body[MAX_NAME];
  pthread_mutex_lock(&lock);
  Upload *upload = find_upload(0);
  if (upload) {
    upload->id = ++last_number;
    snprintf(upload->key, sizeof upload->key, "%s", request->key);
  }
  uint64_t id = upload ? upload->id : 0;
  pthread_mutex_unlock(&lock);
  if (!id) return send_error(fd, request, 503, "SlowDown");
  int length = snprintf(body, sizeof body, "<?xml version=\"1.0\"?><InitiateMultipartUploadResult><UploadId>%llu</UploadId></InitiateMultipartUploadResult>",
                        (unsigned long long)id);
  return send_answer(fd, request, (Answer){.status = 200, .body = body, .length = (uint64_t)length});
}

static int put_part(int fd, const Request *request, uint64_t id, uint64_t part) {
  pthread_mutex_lock(&lock);
  Upload *upload = id ? find_upload(id) : NULL;
  int is_there = upload && part < MAX_PARTS;
  if (is_there) upload->sizes[part] = request->decoded;
  pthread_mutex_unlock(&lock);
  if (!is_there) return send_error(fd, request, 404, "NoSuchUpload");
  return send_answer(fd, request, (Answer){.status = 200, .etag = etag_of_part(id, part)});
}

static int complete_upload(int fd, const Request *request, uint64_t id) {
  char body[256];
  uint64_t size = 0, etag = 0;
  int status = 404;
  pthread_mutex_lock(&lock);
  Upload *upload = id ? find_upload(id) : NULL;
  if (upload) {
    status = may_write(request) ? 200 : 412;
    if (status == 200) {
      for (size_t part = 1; part < MAX_PARTS; part++) size += upload->sizes[part];
      keep_object(request, size, NULL);
      memset(upload, 0, sizeof *upload);
      etag = last_number;
    }
  }
  pthread_mutex_unlock(&lock);
  if (status != 200) return send_error(fd, request, status, status == 404 ? "NoSuchUpload" : "PreconditionFailed");
  int length = snprintf(body, sizeof body, "<?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>\"%032llx\"</ETag></CompleteMultipartUploadResult>",
                        (unsigned long long)etag);
  return send_answer(fd, request, (Answer){.status = 200, .body = body, .length = (uint64_t)length});
}

static int delete_something(int fd, const Request *request, uint64_t id) {
  pthread_mutex_lock(&lock);
  Upload *upload = id ? find_upload(id) : NULL;
  if (strcmp(request->key, "_sink") == 0) forget_all();
  else if (upload) memset(upload, 0, sizeof *upload);
  else if (!id) forget_object(request->key);
  pthread_mutex_unlock(&lock);
  return send_answer(fd, request, (Answer){.status = 204});
}

static int answer(int fd, const Request *request, char *body) {
  char value[MAX_NAME];
  uint64_t id = read_query(request, "uploadId", value, sizeof value) ? strtoull(value, NULL, 10) : 0;
  uint64_t part = read_query(request, "partNumber", value, sizeof value) ? strtoull(value, NULL, 10) : 0;
  int names_uploads = read_query(request, "uploads", value, sizeof value) != NULL;
  int is_bucket = !strchr(request->key, '/') || request->key[strcspn(request->key, "/") + 1] == 0;
  const char *method = request->method;
  if (strcmp(method, "PUT") == 0 && id) return put_part(fd, request, id, part);
  if (strcmp(method, "PUT") == 0) return put_object(fd, request, body);
  if (strcmp(method, "POST") == 0 && names_uploads) return create_upload(fd, request);
  if (strcmp(method, "POST") == 0 && id) return complete_upload(fd, request, id);
  if (strcmp(method, "DELETE") == 0) return delete_something(fd, request, id);
  int is_get = strcmp(method, "GET") == 0;
  if (is_get && strcmp(request->key, "_sink") == 0) return send_text(fd, request, "text/plain", write_marks);
  if (is_get && id) return send_text(fd, request, NULL, write_parts);
  if (is_get && names_uploads) return send_text(fd, request, NULL, write_uploads);
  if (is_get && is_bucket) return send_text(fd, request, NULL, write_objects);
  if (is_get || strcmp(method, "HEAD") == 0) return get_object(fd, request);
  return send_error(fd, request, 501, "NotImplemented");
}

static void *serve(void *given) {
  Connection *connection = given;
  Request request;
  while (read_head(connection, &request)) {
    if (request.expects_continue && !send_all(connection->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) break;
    char value[8];
    int is_kept = request.length <= MAX_KEPT && request.decoded == request.length && strcmp(request.method, "PUT") == 0 && !read_query(&request, "partNumber", value, sizeof value);
    char *body = is_kept ? malloc(request.length + 1) : NULL;
    if (!take_body(connection, request.length, body, count_bytes)) break;
    if (!answer(connection->fd, &request, body)) break;
  }
  close(connection->fd);
  free(connection);
  return NULL;
}

static void *accept_all(void *given) {
  int listener = *(int *)given, fd, yes = 1;
  while ((fd = accept(listener, NULL, NULL)) >= 0 || errno == ECONNABORTED) {
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    Connection *connection = calloc(1, sizeof *connection);
    connection->fd = fd;
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, connection) == 0) pthread_detach(thread);
  }
  return NULL;
}

int main(int count, char **words) {
  if (count != 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  static int listener;
  int yes = 1;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1])), .sin_addr.s_addr = INADDR_ANY};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 512) < 0) {
    fprintf(stderr, "sink: cannot listen on port %s: %s\n", words[1], strerror(errno));
    return 1;
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, accept_all, &listener) != 0) return 1;
  puts("ready");
  fflush(stdout);
  char word[64];
  while (read(STDIN_FILENO, word, sizeof word) > 0) {
  }
  return 0;
}
