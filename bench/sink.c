/* A relay for benchmarks: takes every message and keeps none. Loopback only.
 *
 *     sink PORT [DELAY]      DELAY: microseconds before each reply is written
 *
 * One thread a connection; replies to what came together leave together, as a relay with PIPELINING does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1 << 18 };
static const char END[] = "\r\n.\r\n";
static long delay;

static void say(int fd, const char *words, size_t length) {
    if (delay) usleep(delay);
    while (length) {
        ssize_t written = write(fd, words, length);
        if (written <= 0) return;
        words += written;
        length -= (size_t)written;
    }
}

static const char *reply_to(const char *line, int *in_data) {
    if (!strncasecmp(line, "EHLO", 4)) return "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
    if (!strncasecmp(line, "QUIT", 4)) return "221 2.0.0 Bye\r\n";
    if (!strncasecmp(line, "DATA", 4)) { *in_data = 1; return "354 go on\r\n"; }
    return "250 2.0.0 Ok\r\n";
}

static void *listen_to(void *given) {
    int fd = (int)(long)given, in_data = 0;
    char *heard = malloc(ROOM), replies[8192];
    size_t have = 0;
    say(fd, "220 sink\r\n", 10);
    for (;;) {
        ssize_t more = read(fd, heard + have, ROOM - have);
        if (more <= 0) break;
        have += (size_t)more;
        size_t at = 0, said = 0;
        for (;;) {
            char *end = in_data ? memmem(heard + at, have - at, END, 5) : memchr(heard + at, '\n', have - at);
            if (!end) break;
            const char *words = in_data ? "250 2.0.0 Ok\r\n" : NULL;
            if (in_data) { at = (size_t)(end - heard) + 5; in_data = 0; }
            else { words = reply_to(heard + at, &in_data); at = (size_t)(end - heard) + 1; }
            size_t length = strlen(words);
            if (said + length > sizeof replies) { say(fd, replies, said); said = 0; }
            memcpy(replies + said, words, length);
            said += length;
        }
        if (in_data && have - at > 4) at = have - 4; /* of a body only what may begin its end is kept */
        memmove(heard, heard + at, have - at);
        have -= at;
        if (said) say(fd, replies, said);
    }
    close(fd);
    free(heard);
    return NULL;
}

int main(int count, char **words) {
    if (count < 2) return 2;
    if (count > 2) delay = atol(words[2]);
    signal(SIGPIPE, SIG_IGN);
    int door = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(door, (struct sockaddr *)&place, sizeof place) || listen(door, 256)) return 1;
    for (;;) {
        int fd = accept(door, NULL, NULL);
        pthread_t thread;
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (pthread_create(&thread, NULL, listen_to, (void *)(long)fd)) close(fd);
        else pthread_detach(thread);
    }
}
