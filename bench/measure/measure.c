// Runs a command and writes what it took: measure FILE COMMAND [ARGUMENT…]
//
// FILE gets one line: nanoseconds from before the fork to the end, microseconds of user and of system time, and the largest resident set in KiB. Time counts the command and
// every child that it waited for; the resident set is the largest single one among them. Ends with the command's own code (128 + the signal's number).
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t microseconds(struct timeval time) { return (int64_t)time.tv_sec * 1000000 + time.tv_usec; }

int main(int count, char **words) {
  if (count < 3) return 2;
  int64_t start = now_ns();
  pid_t child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    execvp(words[2], words + 2);
    perror(words[2]);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return 2;
  int64_t wall = now_ns() - start;
  FILE *file = fopen(words[1], "w");
  if (!file) return 2;
  fprintf(file, "%lld %lld %lld %ld\n", (long long)wall, (long long)microseconds(usage.ru_utime), (long long)microseconds(usage.ru_stime),
          usage.ru_maxrss);
  fclose(file);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
