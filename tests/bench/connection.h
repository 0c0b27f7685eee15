/* The machinery under mock-upstream.c: connections, unsent bytes, and a list of timers. */
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

typedef enum { IDLE, STREAM, TICKS } Kind;

typedef struct Conn {
  int fd;
  Kind kind;
  int on_grid;
  long sent, total;
  long long due, gap;
  struct Conn *prev, *next; /* the timer list, ordered by due; prev is NULL when not on it */
  char *in, *out;
  size_t in_len, in_cap, out_len;
} Conn;

static int loop_fd;
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

/* Waits for sockets until the first timer is due. */
static int wait_events(struct epoll_event *events, int max) {
  if (timers.next == &timers) return epoll_wait(loop_fd, events, max, -1);
  long long wait = timers.next->due - now_ns();
  if (wait < 0) wait = 0;
  struct timespec left = {wait / 1000000000LL, wait % 1000000000LL};
  return epoll_pwait2(loop_fd, events, max, &left, NULL);
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

/* Writes now, and keeps what the socket did not take until it is writable again. */
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

/* Listens on a free loopback port and prints it. */
static int listen_somewhere(void) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(fd, (void *)&a, sizeof a) || listen(fd, 4096)) perror("listen"), exit(1);
  getsockname(fd, (void *)&a, &size);
  printf("%d\n", ntohs(a.sin_port)), fflush(stdout);
  return fd;
}
