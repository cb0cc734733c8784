/* What a sender costs that does nothing but send: a message to so many readers, each with a token of its own in every link,
 * pipelined as ours (RFC 2920), without a database or a journal.
 *
 *     sender PORT MESSAGES CONNECTIONS FILE TOKEN      prints seconds and processor seconds
 *
 * FILE is one whole message, in which TOKEN stands wherever a reader's token belongs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TOKENS = 512 };
static int port, share, tokens;
static char *body;
static size_t length, token_length, places[TOKENS];

static void need(int good, const char *what) {
    if (!good) { fprintf(stderr, "%s failed\n", what); exit(1); }
}

static void say(int fd, const char *words, size_t left) {
    while (left) {
        ssize_t written = write(fd, words, left);
        need(written > 0, "write");
        words += written;
        left -= (size_t)written;
    }
}

/* Read until so many whole replies have come. */
static void hear(int fd, int replies) {
    char some[4096];
    while (replies > 0) {
        ssize_t got = read(fd, some, sizeof some);
        need(got > 0, "read");
        for (ssize_t at = 0; at < got; at++) replies -= some[at] == '\n';
    }
}

/* The message of one reader: the template, and their token wherever it belongs. */
static void fill(char *message, int number, int n) {
    char token[64];
    snprintf(token, sizeof token, "%08x%08x%08x%08x", number, n, number * 2654435761u, n * 2246822519u);
    memcpy(message, body, length);
    for (int each = 0; each < tokens; each++) memcpy(message + places[each], token, token_length);
}

static void find_tokens(const char *token) {
    token_length = strlen(token);
    need(token_length <= 32, "a token of at most 32 letters");
    for (char *at = body; tokens < TOKENS && (at = memmem(at, length - (size_t)(at - body), token, token_length)); at++)
        places[tokens++] = (size_t)(at - body);
}

static void *send_share(void *given) {
    int number = (int)(long)given, one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char *group = malloc(length + 512), envelope[512];
    need(connect(fd, (struct sockaddr *)&place, sizeof place) == 0, "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    hear(fd, 1);
    say(fd, "EHLO bench\r\n", 12);
    hear(fd, 3);
    for (int n = 0; n <= share; n++) {
        int words = n < share ? snprintf(envelope, sizeof envelope, "MAIL FROM:<bench@bench.example>\r\nRCPT TO:"
                                         "<user%d.%d@domain.example>\r\nDATA\r\n", number, n) : 0;
        size_t start = n ? length : 0;
        if (n) fill(group, number, n);
        memcpy(group + start, envelope, (size_t)words);
        say(fd, group, start + (size_t)words);
        hear(fd, (n ? 1 : 0) + (words ? 3 : 0));
    }
    close(fd);
    free(group);
    return NULL;
}

int main(int count, char **words) {
    if (count < 6) return 2;
    int connections = atoi(words[3]);
    port = atoi(words[1]);
    share = atoi(words[2]) / connections;
    FILE *file = fopen(words[4], "rb");
    need(file != NULL, "opening the message");
    body = malloc(1 << 20);
    length = fread(body, 1, (1 << 20) - 8, file);
    memcpy(body + length, ".\r\n", 3);
    length += 3;
    find_tokens(words[5]);
    struct timeval start, end;
    struct rusage used;
    pthread_t threads[256];
    gettimeofday(&start, NULL);
    for (int n = 0; n < connections; n++) pthread_create(&threads[n], NULL, send_share, (void *)(long)n);
    for (int n = 0; n < connections; n++) pthread_join(threads[n], NULL);
    gettimeofday(&end, NULL);
    getrusage(RUSAGE_SELF, &used);
    printf("%.6f %.6f\n", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_usec - start.tv_usec) / 1e6,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    return 0;
}
