// Two network namespaces and a wire between them that is as slow as it is told to be.
//
//   link DELAY_US CONNECTION_BYTES_PER_S TOTAL_BYTES_PER_S SLOW_ONE_IN SLOW_FACTOR CLIENT_ADDRESS SERVER_ADDRESS
//
// Prints "ready PID CLIENT_FD SERVER_FD" once both ends are up: /proc/PID/fd/CLIENT_FD is the client's namespace for nsenter, and so on. Runs until its standard
// input ends, then prints "dropped N" and goes; with it go the devices, and the namespaces once nobody is in them. Nothing of the machine's own network is touched.
//
// Each end is a TUN device of 1500 bytes that hands over what TCP wanted to send in one go (segmentation offload): the kernels do TCP with ordinary segments and an
// ordinary slow start, while this program moves up to 64 KiB at a time. A packet first waits until its connection (5-tuple, one direction) may send, at that connection's
// rate; then until the wire of its direction is free, at the total rate; then DELAY_US. Packets are dropped only past bounds that TCP's own buffers do not reach.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  MTU = 1500,
  DEVICE_QUEUE = 10000,
  MAX_PACKET = sizeof(struct virtio_net_hdr) + 65536,
  MAX_FLOW_BYTES = 16 << 20,  // above the 4 and 6 MiB that TCP's send and receive buffers grow to
  MAX_WAY_BYTES = 1 << 30,
  FLOW_SLOTS = 4096,
  FLOW_PROBES = 16,
  READ_BATCH = 64,
  COALESCE_NS = 50000,  // wake at most 20,000 times a second
};

typedef int64_t Nanoseconds;

typedef struct {
  uint32_t source, target;
  uint16_t source_port, target_port;
  uint8_t protocol;
} FlowKey;

typedef struct {
  FlowKey key;
  Nanoseconds free_at;  // when the last byte given to it will have been sent; 0 for a slot never used
  int64_t queued_bytes;
  double bytes_per_ns;
} Flow;

typedef struct {
  Nanoseconds at;  // first when its connection has sent it, then when it arrives
  uint64_t order;
  uint32_t flow;
  uint32_t length;
  unsigned char bytes[];
} Packet;

// One direction of the wire.
typedef struct {
  int from, to;
  Flow flows[FLOW_SLOTS];
  uint64_t opened_flows;
  Packet **heap;  // waiting for their connections, soonest first
  size_t heap_size, heap_capacity;
  Packet **line;  // on the wire, in order of arrival: a ring
  size_t line_head, line_size, line_capacity;
  Nanoseconds wire_free_at;
  int64_t bytes;
  uint64_t order, dropped;
} Way;

static Nanoseconds delay_ns;
static double connection_bytes_per_ns, total_bytes_per_ns, slow_factor;
static uint64_t slow_one_in;
static Way ways[2];

static void die(const char *action) {
  fprintf(stderr, "link: cannot %s: %s\n", action, strerror(errno));
  exit(1);
}

static void *allocate(void *old, size_t bytes) {
  void *memory = realloc(old, bytes);
  if (!memory) die("allocate memory");
  return memory;
}

static Nanoseconds now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (Nanoseconds)time.tv_sec * 1000000000 + time.tv_nsec;
}

// ---- packets waiting for their connection: a binary heap ----

static int is_sooner(const Packet *a, const Packet *b) { return a->at != b->at ? a->at < b->at : a->order < b->order; }

static void heap_push(Way *way, Packet *packet) {
  if (way->heap_size == way->heap_capacity) {
    way->heap_capacity = way->heap_capacity ? 2 * way->heap_capacity : 1024;
    way->heap = allocate(way->heap, way->heap_capacity * sizeof *way->heap);
  }
  size_t child = way->heap_size++;
  while (child > 0 && is_sooner(packet, way->heap[(child - 1) / 2])) {
    way->heap[child] = way->heap[(child - 1) / 2];
    child = (child - 1) / 2;
  }
  way->heap[child] = packet;
}

static Packet *heap_pop(Way *way) {
  Packet *first = way->heap[0], *last = way->heap[--way->heap_size];
  size_t parent = 0;
  for (size_t child; (child = 2 * parent + 1) < way->heap_size; parent = child) {
    if (child + 1 < way->heap_size && is_sooner(way->heap[child + 1], way->heap[child])) child++;
    if (!is_sooner(way->heap[child], last)) break;
    way->heap[parent] = way->heap[child];
  }
  way->heap[parent] = last;
  return first;
}

// ---- packets on the wire: a ring ----

static void line_push(Way *way, Packet *packet) {
  if (way->line_size == way->line_capacity) {
    size_t capacity = way->line_capacity ? 2 * way->line_capacity : 1024;
    Packet **line = allocate(NULL, capacity * sizeof *line);
    for (size_t i = 0; i < way->line_size; i++) line[i] = way->line[(way->line_head + i) % way->line_capacity];
    free(way->line);
    way->line = line;
    way->line_head = 0;
    way->line_capacity = capacity;
  }
  way->line[(way->line_head + way->line_size++) % way->line_capacity] = packet;
}

// ---- connections ----

static FlowKey key_of(const unsigned char *ip, size_t length) {
  FlowKey key;
  memset(&key, 0, sizeof key);  // padding too, since keys are compared as bytes
  if (length < 20 || ip[0] >> 4 != 4) return key;
  memcpy(&key.source, ip + 12, 4);
  memcpy(&key.target, ip + 16, 4);
  key.protocol = ip[9];
  size_t header = (size_t)(ip[0] & 15) * 4;
  if ((key.protocol == IPPROTO_TCP || key.protocol == IPPROTO_UDP) && length >= header + 4) {
    memcpy(&key.source_port, ip + header, 2);
    memcpy(&key.target_port, ip + header + 2, 2);
  }
  return key;
}

static uint32_t slot_of(const FlowKey *key) {
  uint32_t mixed = key->source ^ key->target ^ ((uint32_t)key->source_port << 16 | key->target_port) ^ key->protocol;
  mixed = (mixed ^ mixed >> 16) * 0x45d9f3b;
  return (mixed ^ mixed >> 16) % FLOW_SLOTS;
}

// A connection that has no slot takes the one that has been idle for longest.
static Flow *find_flow(Way *way, FlowKey key) {
  Flow *idlest = NULL;
  uint32_t slot = slot_of(&key);
  for (uint32_t probe = 0; probe < FLOW_PROBES; probe++) {
    Flow *flow = &way->flows[(slot + probe) % FLOW_SLOTS];
    if (flow->free_at && memcmp(&flow->key, &key, sizeof key) == 0) return flow;
    if (flow->queued_bytes == 0 && (!idlest || flow->free_at < idlest->free_at)) idlest = flow;
  }
  if (!idlest) return NULL;
  way->opened_flows++;
  int is_slow = slow_one_in && way->opened_flows % slow_one_in == 0;
  *idlest = (Flow){.key = key, .bytes_per_ns = connection_bytes_per_ns / (is_slow ? slow_factor : 1)};
  return idlest;
}

// ---- the way of a packet ----

static void take_in(Way *way, const unsigned char *bytes, size_t length, Nanoseconds now) {
  size_t header = sizeof(struct virtio_net_hdr);
  Flow *flow = find_flow(way, key_of(bytes + header, length - header));
  if (!flow || flow->queued_bytes + (int64_t)length > MAX_FLOW_BYTES || way->bytes + (int64_t)length > MAX_WAY_BYTES) {
    way->dropped++;
    return;
  }
  Packet *packet = allocate(NULL, sizeof *packet + length);
  memcpy(packet->bytes, bytes, length);
  Nanoseconds start = flow->free_at > now ? flow->free_at : now;
  flow->free_at = start + (Nanoseconds)((double)length / flow->bytes_per_ns);
  flow->queued_bytes += (int64_t)length;
  way->bytes += (int64_t)length;
  packet->at = flow->free_at;
  packet->order = way->order++;
  packet->flow = (uint32_t)(flow - way->flows);
  packet->length = (uint32_t)length;
  heap_push(way, packet);
}

static void read_in(Way *way) {
  static unsigned char buffer[MAX_PACKET];
  for (int count = 0; count < READ_BATCH; count++) {
    ssize_t length = read(way->from, buffer, sizeof buffer);
    if (length <= (ssize_t)sizeof(struct virtio_net_hdr)) return;
    take_in(way, buffer, (size_t)length, now_ns());
  }
}

// Moves what is due; returns when the next is.
static Nanoseconds move_on(Way *way, Nanoseconds now) {
  while (way->heap_size > 0 && way->heap[0]->at <= now) {
    Packet *packet = heap_pop(way);
    way->flows[packet->flow].queued_bytes -= packet->length;
    Nanoseconds start = way->wire_free_at > packet->at ? way->wire_free_at : packet->at;
    way->wire_free_at = start + (Nanoseconds)((double)packet->length / total_bytes_per_ns);
    packet->at = way->wire_free_at + delay_ns;
    line_push(way, packet);
  }
  while (way->line_size > 0 && way->line[way->line_head]->at <= now) {
    Packet *packet = way->line[way->line_head];
    if (write(way->to, packet->bytes, packet->length) < 0) way->dropped++;
    way->line_head = (way->line_head + 1) % way->line_capacity;
    way->line_size--;
    way->bytes -= packet->length;
    free(packet);
  }
  Nanoseconds next = INT64_MAX;
  if (way->heap_size > 0) next = way->heap[0]->at;
  if (way->line_size > 0 && way->line[way->line_head]->at < next) next = way->line[way->line_head]->at;
  return next;
}

// ---- namespaces and devices ----

static void set_flags(int socket_fd, const char *device, short flags) {
  struct ifreq request = {.ifr_flags = flags};
  strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (ioctl(socket_fd, SIOCSIFFLAGS, &request) < 0) die("bring a device up");
}

static void set_address(int socket_fd, unsigned long what, const char *device, const char *address) {
  struct ifreq request = {0};
  struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
  in->sin_family = AF_INET;
  if (inet_pton(AF_INET, address, &in->sin_addr) != 1) die("understand an address");
  strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (ioctl(socket_fd, what, &request) < 0) die("set an address");
}

static void set_tcp(const char *file, const char *value) {
  int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, value, strlen(value)) < 0) fprintf(stderr, "link: cannot write \"%s\" to %s: %s\n", value, file, strerror(errno));
  if (fd >= 0) close(fd);
}

// The same TCP on every machine; and what one connection learned of the path must not change how the next one starts, or runs would depend on their order.
static void settle_tcp(void) {
  set_tcp("/proc/sys/net/ipv4/tcp_congestion_control", "cubic");
  set_tcp("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
}

// Enters a new network namespace and opens a device in it.
static int open_end(const char *address, int *namespace_fd) {
  const char *device = "wire";
  if (unshare(CLONE_NEWNET) < 0) die("make a network namespace");
  *namespace_fd = open("/proc/self/ns/net", O_RDONLY);
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (*namespace_fd < 0 || tun < 0) die("open /dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (ioctl(tun, TUNSETIFF, &request) < 0) die("make a TUN device");
  if (ioctl(tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0) die("let the device segment");
  int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_mtu = MTU;
  if (ioctl(socket_fd, SIOCSIFMTU, &request) < 0) die("set the MTU");
  request.ifr_qlen = DEVICE_QUEUE;
  if (ioctl(socket_fd, SIOCSIFTXQLEN, &request) < 0) die("set the length of the queue");
  set_address(socket_fd, SIOCSIFADDR, device, address);
  set_address(socket_fd, SIOCSIFNETMASK, device, "255.255.255.0");
  set_flags(socket_fd, device, IFF_UP | IFF_RUNNING);
  set_flags(socket_fd, "lo", IFF_UP | IFF_RUNNING);
  close(socket_fd);
  settle_tcp();
  return tun;
}

static void run_until_input_ends(void) {
  for (;;) {
    Nanoseconds now = now_ns();
    Nanoseconds a = move_on(&ways[0], now), b = move_on(&ways[1], now);
    Nanoseconds next = a < b ? a : b;
    Nanoseconds wait = next - now < COALESCE_NS ? COALESCE_NS : next - now;
    struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    struct pollfd polled[3] = {{ways[0].from, POLLIN, 0}, {ways[1].from, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (ppoll(polled, 3, next == INT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR) die("wait");
    for (int i = 0; i < 2; i++) {
      if (polled[i].revents) read_in(&ways[i]);
    }
    char word[64];
    if (polled[2].revents && read(STDIN_FILENO, word, sizeof word) <= 0) return;
  }
}

int main(int count, char **words) {
  if (count != 8) {
    fprintf(stderr, "link: 7 arguments wanted\n");
    return 2;
  }
  delay_ns = (Nanoseconds)atoll(words[1]) * 1000;
  connection_bytes_per_ns = atof(words[2]) / 1e9;
  total_bytes_per_ns = atof(words[3]) / 1e9;
  slow_one_in = strtoull(words[4], NULL, 10);
  slow_factor = atof(words[5]);
  if (connection_bytes_per_ns <= 0 || total_bytes_per_ns <= 0 || slow_factor < 1) {
    fprintf(stderr, "link: rates and factor must be positive\n");
    return 2;
  }
  int client_namespace, server_namespace;
  int client = open_end(words[6], &client_namespace);
  int server = open_end(words[7], &server_namespace);
  ways[0].from = ways[1].to = client;
  ways[1].from = ways[0].to = server;
  prctl(PR_SET_TIMERSLACK, 1000);
  // A wire does not get slower because its ends are busy.
  struct sched_param priority = {.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_FIFO, &priority) < 0) fprintf(stderr, "link: runs at ordinary priority: %s\n", strerror(errno));
  printf("ready %d %d %d\n", (int)getpid(), client_namespace, server_namespace);
  fflush(stdout);
  run_until_input_ends();
  printf("dropped %llu\n", (unsigned long long)(ways[0].dropped + ways[1].dropped));
  return 0;
}
