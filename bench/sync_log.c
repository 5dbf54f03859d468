/* Writes one line for each sync to disk, as strace -y would: fdatasync(7</path/till.db-wal>).
   Built and preloaded by sync_log.py; the file is named by COMPTOIR_SYNC_LOG. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int log_fd = -1;

__attribute__((constructor)) static void open_log(void)
{
    const char *path = getenv("COMPTOIR_SYNC_LOG");
    if (path)
        log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int logged(const char *name, int fd)
{
    char link[32], file[1024], line[1100];
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = real(fd);
    ssize_t length;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, file, sizeof file - 1);
    file[length < 0 ? 0 : length] = 0;
    length = snprintf(line, sizeof line, "%s(%d<%s>) = %d\n", name, fd, file, result);
    if (log_fd >= 0 && write(log_fd, line, length) != length)
        _exit(99);
    return result;
}

int fsync(int fd) { return logged("fsync", fd); }
int fdatasync(int fd) { return logged("fdatasync", fd); }
