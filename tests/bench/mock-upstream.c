/* An Ollama-shaped upstream for benchmarks: one thread, epoll, prepared records, deadline pacing.
 *
 *   mock-upstream PORT MODEL CHUNKS GAP_US [quiet]
 *
 * Prints the port it bound. POST /api/chat streams CHUNKS records (or `num_predict` of the request),
 * record i due at start + i * GAP_US, or answers one object when the body says "stream":false.
 * quiet: sends the headers and one record, then nothing until the peer closes.
 * GET /api/tags, /api/version, /api/ps are Ollama's; GET /stats counts connections and streams;
 * GET /ticks/N sends one byte every N us, an exact clock for a load generator. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define IN_MAX (4 << 20)
#define WHEN "\"created_at\":\"2026-01-01T00:00:00.000000000Z\""

typedef enum { IDLE, STREAM, TICKS } Kind;
typedef struct Conn {
  int fd;
  Kind kind;
  long sent, total;
  long long due, gap;
  struct Conn *prev, *next; /* the timer list, ordered by due; prev is NULL when not on it */
  char *in, *out;
  size_t in_len, in_cap, out_len;
} Conn;

static int loop_fd, quiet, aligned;
static long chunks;
static long long gap_ns;
static const char *model;
static char record[512], last[768], whole[768];
static Conn timers = {.prev = &timers, .next = &timers};
static struct { long open, requests, streams, completed, aborted; } stats;

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void unschedule(Conn *c) {
  if (!c->prev) return;
  c->prev->next = c->next, c->next->prev = c->prev, c->prev = NULL;
}

static void schedule(Conn *c, long long due) {
  Conn *at = timers.prev; /* nearly always the latest: walk from the tail */
  while (at != &timers && at->due > due) at = at->prev;
  c->due = due, c->prev = at, c->next = at->next;
  at->next->prev = c, at->next = c;
}

static void watch(Conn *c, int op, unsigned events) {
  struct epoll_event e = {.events = events, .data.ptr = c};
  epoll_ctl(loop_fd, op, c->fd, &e);
}

static void finish(Conn *c, long *outcome) {
  unschedule(c);
  if (c->kind == STREAM) stats.streams--, (*outcome)++;
  c->kind = IDLE;
}

static void drop(Conn *c) {
  finish(c, &stats.aborted);
  stats.open--;
  close(c->fd), free(c->in), free(c->out), free(c);
}

/* Writes now, or keeps what the socket did not take until it is writable again. */
static void put(Conn *c, const char *data, size_t len) {
  ssize_t n = c->out_len ? 0 : send(c->fd, data, len, MSG_NOSIGNAL);
  if (n < 0) n = 0; /* a dead peer shows up as an epoll event */
  if ((size_t)n == len) return;
  c->out = realloc(c->out, c->out_len + len - n);
  memcpy(c->out + c->out_len, data + n, len - n);
  if (!c->out_len) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  c->out_len += len - n;
}

static void flush(Conn *c) {
  ssize_t n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
  if (n <= 0) return;
  memmove(c->out, c->out + n, c->out_len -= n);
  if (!c->out_len) watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void reply(Conn *c, const char *status, const char *body) {
  char head[1024];
  put(c, head, snprintf(head, sizeof head, "HTTP/1.1 %s\r\ncontent-type: application/json\r\n"
    "content-length: %zu\r\n\r\n%s", status, strlen(body), body));
}

static void start_stream(Conn *c, Kind kind, long total, long long gap) {
  c->kind = kind, c->sent = 0, c->total = total, c->gap = gap;
  if (kind == STREAM) stats.streams++;
  schedule(c, now_ns());
}

static void fire(Conn *c) {
  static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n"
    "transfer-encoding: chunked\r\n\r\n";
  char frame[2048], *end = frame;
  unschedule(c);
  if (c->out_len) return schedule(c, now_ns() + c->gap); /* a slow reader stalls the model */
  if (c->sent == 0) end += sprintf(end, "%s", c->kind == TICKS ? "HTTP/1.1 200 OK\r\n\r\n" : head);
  c->sent++;
  if (c->kind == TICKS) *end++ = '.';
  else {
    const char *body = c->sent == c->total ? last : record;
    end += sprintf(end, "%zx\r\n%s\r\n", strlen(body), body);
    if (c->sent == c->total) end += sprintf(end, "0\r\n\r\n"), finish(c, &stats.completed);
  }
  if (c->kind != IDLE && !(quiet && c->kind == STREAM)) {
    long long due = c->due + c->gap;
    schedule(c, aligned && c->kind == STREAM ? due - due % c->gap : due);
  }
  put(c, frame, end - frame);
}

static void chat(Conn *c, const char *body) {
  const char *predict = strstr(body, "\"num_predict\":");
  long total = predict ? atol(predict + 14) : chunks;
  if (!strstr(body, model)) return reply(c, "404 Not Found", "{\"error\":\"model not found\"}");
  if (strstr(body, "\"stream\":false")) return reply(c, "200 OK", whole);
  start_stream(c, STREAM, total > 0 ? total : 1, gap_ns);
}

static void route(Conn *c, const char *head, const char *body) {
  char json[1024];
  stats.requests++;
  if (!strncmp(head, "POST /api/chat ", 15)) return chat(c, body);
  if (!strncmp(head, "GET /api/version ", 17)) return reply(c, "200 OK", "{\"version\":\"0.12.0\"}");
  if (!strncmp(head, "GET /ticks/", 11))
    return start_stream(c, TICKS, 0, atol(head + 11) * 1000);
  if (!strncmp(head, "GET /api/ps ", 12)) return reply(c, "200 OK", "{\"models\":[]}");
  if (!strncmp(head, "GET /api/tags ", 14))
    snprintf(json, sizeof json, "{\"models\":[{\"name\":\"%s\",\"model\":\"%s\",\"modified_at\":"
      "\"2026-01-01T00:00:00Z\",\"size\":1000,\"digest\":\"%064d\",\"details\":{\"format\":\"gguf\","
      "\"family\":\"bench\",\"families\":[\"bench\"],\"parameter_size\":\"1B\","
      "\"quantization_level\":\"Q4_0\",\"parent_model\":\"\"}}]}", model, model, 7);
  else if (!strncmp(head, "GET /stats ", 11))
    snprintf(json, sizeof json, "{\"open\":%ld,\"requests\":%ld,\"streams\":%ld,\"completed\":%ld,"
      "\"aborted\":%ld}", stats.open, stats.requests, stats.streams, stats.completed, stats.aborted);
  else return reply(c, "404 Not Found", "{\"error\":\"not found\"}");
  reply(c, "200 OK", json);
}

/* Answers the requests that are complete in the buffer. Bodies: Content-Length or chunked. */
static void parse(Conn *c) {
  char *body, *field, *end;
  while (c->kind == IDLE && c->in_len && (body = strstr(c->in, "\r\n\r\n"))) {
    body += 4;
    end = body;
    if ((field = strcasestr(c->in, "\r\ncontent-length:")) && field < body) end += atol(field + 17);
    else if ((field = strcasestr(c->in, "\r\ntransfer-encoding:")) && field < body) {
      if (!(end = strstr(body, "0\r\n\r\n"))) return;
      end += 5;
    }
    if (end > c->in + c->in_len) return;
    char kept = *end;
    *end = 0;
    route(c, c->in, body);
    *end = kept;
    c->in_len -= end - c->in;
    memmove(c->in, end, c->in_len + 1);
  }
}

static void readable(Conn *c) {
  if (c->in_cap - c->in_len < 4096) c->in = realloc(c->in, (c->in_cap += c->in_cap + 8192) + 1);
  ssize_t n = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0 || c->in_len > IN_MAX) return drop(c);
  c->in[c->in_len += n] = 0;
  parse(c);
}

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    Conn *c = calloc(1, sizeof *c);
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    stats.open++;
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static int listen_on(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  socklen_t size = sizeof a;
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (void *)&a, sizeof a) || listen(fd, 4096)) return perror("listen"), exit(1), -1;
  getsockname(fd, (void *)&a, &size);
  printf("%d\n", ntohs(a.sin_port)), fflush(stdout);
  return fd;
}

int main(int argc, char **argv) {
  if (argc < 5) return fprintf(stderr, "usage: %s PORT MODEL CHUNKS GAP_US [quiet]\n", argv[0]), 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files), files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files);
  prctl(PR_SET_TIMERSLACK, 1000), prctl(PR_SET_PDEATHSIG, SIGKILL);
  model = argv[2], chunks = atol(argv[3]), gap_ns = atol(argv[4]) * 1000LL, quiet = argc > 5 && !strcmp(argv[5], "quiet"), aligned = argc > 5 && !quiet;
  sprintf(record, "{\"model\":\"%s\"," WHEN ",\"message\":{\"role\":\"assistant\",\"content\":"
    "\" token\"},\"done\":false}\n", model);
  const char *done = "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":1000000,"
    "\"load_duration\":1000,\"prompt_eval_count\":8,\"prompt_eval_duration\":1000,"
    "\"eval_count\":256,\"eval_duration\":1000000}";
  sprintf(last, "{\"model\":\"%s\"," WHEN ",\"message\":{\"role\":\"assistant\",\"content\":\"\"},%s\n",
    model, done);
  sprintf(whole, "{\"model\":\"%s\"," WHEN ",\"message\":{\"role\":\"assistant\",\"content\":\"Hi.\"},%s",
    model, done);
  loop_fd = epoll_create1(0);
  Conn listener = {.fd = listen_on(atoi(argv[1]))};
  watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
  struct epoll_event events[256];
  for (;;) {
    long long wait = timers.next->due - now_ns();
    if (wait < 0) wait = 0;
    struct timespec until = {wait / 1000000000LL, wait % 1000000000LL};
    int n = epoll_pwait2(loop_fd, events, 256, timers.next == &timers ? NULL : &until, NULL);
    for (int i = 0; i < n; i++) {
      Conn *c = events[i].data.ptr;
      if (c == &listener) accept_all(c->fd);
      else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
      else flush(c);
    }
    for (long long now = now_ns(); timers.next != &timers && timers.next->due <= now;) fire(timers.next);
  }
}
