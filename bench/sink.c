/* A relay for benchmarks: takes every message and keeps none. Loopback only.
 *
 *     sink PORT [DELAY]      DELAY: microseconds before each reply is written
 *
 * When it is told to end (SIGTERM) it prints how many messages it has taken.
 *
 * One thread for all connections, so that it takes as little as possible from the sender beside it; replies to what came
 * together leave together, as a relay with PIPELINING does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18, REPLIES = 8192, LATER = 1 << 12, AT_ONCE = 64 };
static const char END[] = "\r\n.\r\n", TAKEN[] = "250 2.0.0 Ok\r\n";

struct line { int fd, in_data; size_t have, said; char heard[ROOM], replies[REPLIES]; };
struct answer { struct line *line; long due; size_t length; char words[REPLIES]; };

static struct answer *later; /* in turn: all wait equally long */
static size_t first, next;
static long delay, taken;
static volatile sig_atomic_t told_to_end;

static void end(int signal) { told_to_end = signal; }

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static void write_all(int fd, const char *words, size_t length) {
    while (length) {
        ssize_t written = write(fd, words, length);
        if (written <= 0) return;
        words += written;
        length -= (size_t)written;
    }
}

static void answer(struct line *line) {
    if (!delay) write_all(line->fd, line->replies, line->said);
    else {
        struct answer *waiting = &later[next++ % LATER];
        waiting->line = line;
        waiting->due = now() + delay;
        waiting->length = line->said;
        memcpy(waiting->words, line->replies, line->said);
    }
    line->said = 0;
}

static void say(struct line *line, const char *words) {
    size_t length = strlen(words);
    if (line->said + length > REPLIES) answer(line);
    memcpy(line->replies + line->said, words, length);
    line->said += length;
}

/* Milliseconds until the next answer is due, after all that are due have left. */
static int answer_those_due(void) {
    while (first < next) {
        struct answer *waiting = &later[first % LATER];
        long left = waiting->due - now();
        if (left > 0) return (int)(left / 1000) + 1;
        write_all(waiting->line->fd, waiting->words, waiting->length);
        first++;
    }
    return -1;
}

static const char *reply_to(const char *words, int *in_data) {
    if (!strncasecmp(words, "EHLO", 4)) return "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
    if (!strncasecmp(words, "QUIT", 4)) return "221 2.0.0 Bye\r\n";
    if (!strncasecmp(words, "DATA", 4)) { *in_data = 1; return "354 go on\r\n"; }
    return TAKEN;
}

/* Everything that has come whole is answered; of a body only what may begin its end is kept. */
static void understand(struct line *line) {
    size_t at = 0;
    for (;;) {
        char *from = line->heard + at;
        size_t left = line->have - at;
        char *end = line->in_data ? memmem(from, left, END, 5) : memchr(from, '\n', left);
        if (!end) break;
        if (line->in_data) { taken++; say(line, TAKEN); line->in_data = 0; at = (size_t)(end - line->heard) + 5; }
        else { say(line, reply_to(from, &line->in_data)); at = (size_t)(end - line->heard) + 1; }
    }
    if (line->in_data && line->have - at > 4) at = line->have - 4;
    memmove(line->heard, line->heard + at, line->have - at);
    line->have -= at;
    if (line->said) answer(line);
}

/* A closed line is not freed: an answer to it may still wait, and a benchmark opens few. */
static void hear(struct line *line) {
    ssize_t more = read(line->fd, line->heard + line->have, ROOM - line->have);
    if (more <= 0) { close(line->fd); line->fd = -1; return; }
    line->have += (size_t)more;
    understand(line);
}

static void let_in(int door, int lines) {
    int one = 1, fd = accept(door, NULL, NULL);
    struct line *line = fd < 0 ? NULL : calloc(1, sizeof *line);
    if (!line) return;
    line->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
    epoll_ctl(lines, EPOLL_CTL_ADD, fd, &event);
    write_all(fd, "220 sink\r\n", 10);
}

int main(int count, char **words) {
    if (count < 2) return 2;
    if (count > 2) delay = atol(words[2]);
    if (delay && !(later = calloc(LATER, sizeof *later))) return 1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, end);
    int door = socket(AF_INET, SOCK_STREAM, 0), lines = epoll_create1(0), one = 1;
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(door, (struct sockaddr *)&place, sizeof place) || listen(door, 256)) return 1;
    struct epoll_event at_the_door = {.events = EPOLLIN, .data.ptr = NULL}, events[AT_ONCE];
    epoll_ctl(lines, EPOLL_CTL_ADD, door, &at_the_door);
    while (!told_to_end) {
        int some = epoll_wait(lines, events, AT_ONCE, answer_those_due());
        for (int n = 0; n < some; n++)
            if (events[n].data.ptr) hear(events[n].data.ptr);
            else let_in(door, lines);
    }
    printf("%ld\n", taken);
}
