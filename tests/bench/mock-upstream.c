/* An Ollama-shaped upstream for benchmarks: one thread, epoll, prepared records, deadline pacing.
 *
 *   mock-upstream MODEL CHUNKS GAP_US [quiet]
 *
 * Prints the port it bound. POST /api/chat streams CHUNKS records (`num_predict` of the request, if
 * it has one), each GAP_US after the one before it, or answers one object to "stream":false.
 * "temperature":0 puts the records on one grid of GAP_US that all such streams share, as the slots of
 * one runner decode together. quiet: headers and one record, then nothing until the peer closes.
 * GET /api/tags, /api/version, /api/ps answer as Ollama does; GET /stats counts connections and
 * streams; GET /ticks/N sends a bare byte every N us: an exact clock for the load generator. */
#include "connection.h"

#define IN_MAX (4 << 20)
#define WHEN "\"created_at\":\"2026-01-01T00:00:00.000000000Z\""
#define SAYS(text) "\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"}"
#define DONE "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":1000000,\"load_duration\":" \
  "1000,\"prompt_eval_count\":8,\"prompt_eval_duration\":1000,\"eval_count\":256," \
  "\"eval_duration\":1000000}"
#define TAGS "{\"models\":[{\"name\":\"%s\",\"model\":\"%s\",\"modified_at\":\"2026-01-01T00:00:00Z\"," \
  "\"size\":1000,\"digest\":\"%064d\",\"details\":{\"parent_model\":\"\",\"format\":\"gguf\"," \
  "\"family\":\"bench\",\"families\":[\"bench\"],\"parameter_size\":\"1B\"," \
  "\"quantization_level\":\"Q4_0\"}}]}"
#define STATS "{\"open\":%ld,\"requests\":%ld,\"streams\":%ld,\"completed\":%ld,\"aborted\":%ld}"

static int quiet;
static long chunks;
static long long gap_ns;
static const char *model;
static char record[512], last[768], whole[768];

static void reply(Conn *c, const char *status, const char *body) {
  char head[2048];
  put(c, head, snprintf(head, sizeof head, "HTTP/1.1 %s\r\ncontent-type: application/json\r\n"
    "content-length: %zu\r\n\r\n%s", status, strlen(body), body));
}

static void start(Conn *c, Kind kind, long total, long long gap, int on_grid) {
  c->kind = kind, c->sent = 0, c->total = total, c->gap = gap > 0 ? gap : 1000, c->on_grid = on_grid;
  if (kind == STREAM) stats.streams++;
  schedule(c, now_ns());
}

/* Sends the record that is due, and sets the timer of the next one. */
static void fire(Conn *c) {
  static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n"
    "transfer-encoding: chunked\r\n\r\n";
  char frame[2048] = ".", *end = frame;
  long long next = c->due + c->gap;
  unschedule(c);
  if (c->out_len) return schedule(c, now_ns() + c->gap); /* a slow reader stalls the model */
  if (c->kind == TICKS) return put(c, frame, 1), schedule(c, next);
  const char *body = ++c->sent == c->total ? last : record;
  end += sprintf(end, "%s%zx\r\n%s\r\n", c->sent == 1 ? head : "", strlen(body), body);
  if (c->sent == c->total) end += sprintf(end, "0\r\n\r\n"), finish(c, &stats.completed);
  else if (!quiet) schedule(c, c->on_grid ? next - next % c->gap : next);
  put(c, frame, end - frame);
}

static void chat(Conn *c, const char *body) {
  const char *predict = strstr(body, "\"num_predict\":");
  long total = predict ? atol(predict + 14) : chunks;
  if (!strstr(body, model)) return reply(c, "404 Not Found", "{\"error\":\"model not found\"}");
  if (strstr(body, "\"stream\":false")) return reply(c, "200 OK", whole);
  start(c, STREAM, total > 0 ? total : 1, gap_ns, !!strstr(body, "\"temperature\":0"));
}

static void route(Conn *c, const char *head, const char *body) {
  char json[1024];
  stats.requests++;
  if (!strncmp(head, "POST /api/chat ", 15)) return chat(c, body);
  if (!strncmp(head, "GET /ticks/", 11)) return start(c, TICKS, 0, atol(head + 11) * 1000, 0);
  if (!strncmp(head, "GET /api/version ", 17)) return reply(c, "200 OK", "{\"version\":\"0.12.0\"}");
  if (!strncmp(head, "GET /api/ps ", 12)) return reply(c, "200 OK", "{\"models\":[]}");
  if (!strncmp(head, "GET /api/tags ", 14)) snprintf(json, sizeof json, TAGS, model, model, 7);
  else if (!strncmp(head, "GET /stats ", 11))
    snprintf(json, sizeof json, STATS, stats.open, stats.requests, stats.streams, stats.completed,
      stats.aborted);
  else return reply(c, "404 Not Found", "{\"error\":\"not found\"}");
  reply(c, "200 OK", json);
}

/* Where the body that starts at `body` ends, by Content-Length or chunked; NULL if not yet here. */
static char *body_end(Conn *c, char *body) {
  char *field = strcasestr(c->in, "\r\ncontent-length:"), *end = body;
  if (field && field < body) end += atol(field + 17);
  else if ((field = strcasestr(c->in, "\r\ntransfer-encoding:")) && field < body) {
    if (!(end = strstr(body, "0\r\n\r\n"))) return NULL;
    end += 5;
  }
  return end > c->in + c->in_len ? NULL : end;
}

/* Answers the requests that are complete in the buffer, one at a time. */
static void parse(Conn *c) {
  char *body, *end;
  while (c->kind == IDLE && c->in_len && (body = strstr(c->in, "\r\n\r\n"))) {
    if (!(end = body_end(c, body += 4))) return;
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

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: %s MODEL CHUNKS GAP_US [quiet]\n", argv[0]), 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files), files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files);
  prctl(PR_SET_TIMERSLACK, 1000), prctl(PR_SET_PDEATHSIG, SIGKILL);
  model = argv[1], chunks = atol(argv[2]), gap_ns = atol(argv[3]) * 1000LL, quiet = argc > 4;
  const char *opening = "{\"model\":\"%.64s\"," WHEN ",%s%s";
  snprintf(record, sizeof record, opening, model, SAYS(" token"), ",\"done\":false}\n");
  snprintf(last, sizeof last, opening, model, SAYS("") ",", DONE "\n");
  snprintf(whole, sizeof whole, opening, model, SAYS("Hi.") ",", DONE);
  loop_fd = epoll_create1(0);
  Conn listener = {.fd = listen_somewhere()};
  watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
  for (;;) {
    struct epoll_event events[256];
    int n = wait_events(events, 256);
    for (int i = 0; i < n; i++) {
      Conn *c = events[i].data.ptr;
      if (c == &listener) accept_all(c->fd);
      else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
      else flush(c);
    }
    for (long long now = now_ns(); timers.next != &timers && timers.next->due <= now;)
      fire(timers.next);
  }
}
