/*
 * Records what a process does to the files below one directory, so that a test can rebuild the disks a power cut could
 * have left behind. Preloaded into the real program; it changes nothing about what the program does.
 *
 *   POWERCUT_BELOW   the directory that is watched (it may not exist yet; no symbolic links in it)
 *   POWERCUT_LOG     the record, outside that directory; every record is appended by one write, so that it survives
 *                    kill -9 and so that other processes can append their marks between ours
 *
 * What counts is the order in the record. A write is recorded after it was done and a sync both before and after it,
 * so that a sync is only ever credited with writes that were finished when it began. If anything cannot be recorded the
 * process is stopped: half a record would prove something that is not true.
 */
#define _GNU_SOURCE
/* The names are defined here, so glibc must not turn them into macros or inline functions of its own. */
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Keep these numbers and the header in step with tests/faults/disks.py. */
enum kind {
  OPENED = 1,      /* flag: bits below; first: path */
  WRITTEN = 2,     /* offset; first: the bytes */
  TRUNCATED = 3,   /* offset: the new size */
  SYNC_BEGAN = 4,  /* offset: a token; file 0 means everything */
  SYNC_ENDED = 5,  /* the same token */
  RENAMED = 6,     /* first: from, second: to */
  UNLINKED = 7,    /* first: path */
  LINKED = 8,      /* first: old, second: new */
  DIRECTORY_MADE = 9,
  DIRECTORY_REMOVED = 10,
  UNSEEN = 11,     /* first: what was done past us, so that the record is not the whole truth */
  MARKED = 12,     /* written by disks.mark(), never by us */
  EXTENDED = 13,   /* offset: the size it has at least */
};
enum { CREATED = 1, EMPTIED = 2, DIRECTORY = 4 };

struct header {
  uint32_t magic;
  uint8_t kind;
  uint8_t flag;
  uint16_t nothing;
  uint64_t file;
  uint64_t offset;
  uint32_t first;
  uint32_t second;
};
#define MAGIC 0x54554350u /* "PCUT" */

#define DESCRIPTORS 65536
static _Atomic uint64_t watched[DESCRIPTORS]; /* descriptor -> inode, 0: not ours */
static char below[PATH_MAX];
static size_t below_length;
static int record = -1;
static _Atomic uint32_t tokens;
static _Atomic pid_t owner;
static pthread_mutex_t position = PTHREAD_MUTEX_INITIALIZER;
/* Held from before a name changes until that is recorded: else two threads that make one file, or one that removes a
   file and one that makes it anew, could stand in the record in the wrong order. */
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;

#define REAL(result, name, ...)                                   \
  static result (*real_##name)(__VA_ARGS__);                      \
  static result (*get_##name(void))(__VA_ARGS__) {                \
    if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name);      \
    return real_##name;                                           \
  }

REAL(int, open64, const char *, int, ...)
REAL(int, openat64, int, const char *, int, ...)
REAL(int, close, int)
REAL(int, close_range, unsigned, unsigned, int)
REAL(int, dup, int)
REAL(int, dup2, int, int)
REAL(int, dup3, int, int, int)
REAL(int, fcntl64, int, int, ...)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)
REAL(ssize_t, writev, int, const struct iovec *, int)
REAL(ssize_t, pwritev64, int, const struct iovec *, int, off64_t)
REAL(ssize_t, pwritev64v2, int, const struct iovec *, int, off64_t, int)
REAL(ssize_t, sendfile64, int, int, off64_t *, size_t)
REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned)
REAL(ssize_t, splice, int, off64_t *, int, off64_t *, size_t, unsigned)
REAL(int, ftruncate64, int, off64_t)
REAL(int, truncate64, const char *, off64_t)
REAL(int, fallocate64, int, int, off64_t, off64_t)
REAL(int, posix_fallocate64, int, off64_t, off64_t)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, syncfs, int)
REAL(void, sync, void)
REAL(int, renameat2, int, const char *, int, const char *, unsigned)
REAL(int, unlinkat, int, const char *, int)
REAL(int, linkat, int, const char *, int, const char *, int)
REAL(int, symlinkat, const char *, int, const char *)
REAL(int, mkdirat, int, const char *, mode_t)
REAL(void *, mmap64, void *, size_t, int, int, int, off64_t)
REAL(FILE *, fopen64, const char *, const char *)

static void stop(const char *why) {
  static const char intro[] = "powercut: cannot record: ";
  get_write()(2, intro, sizeof intro - 1);
  get_write()(2, why, strlen(why));
  get_write()(2, "\n", 1);
  abort();
}

/* -- the record --------------------------------------------------------------------------------------------------- */

static void append(int kind, int flag, uint64_t file, uint64_t offset, const struct iovec *parts, int count,
                   size_t first, size_t second) {
  int before = errno;
  struct header header = {MAGIC, (uint8_t)kind, (uint8_t)flag, 0, file, offset, (uint32_t)first, (uint32_t)second};
  struct iovec whole[IOV_MAX];
  if (count + 1 > IOV_MAX) stop("too many parts");
  whole[0] = (struct iovec){&header, sizeof header};
  size_t length = sizeof header;
  for (int i = 0; i < count; i++) {
    whole[i + 1] = parts[i];
    length += parts[i].iov_len;
  }
  if (get_writev()(record, whole, count + 1) != (ssize_t)length) stop("the record is full or closed");
  errno = before;
}

static void append_path(int kind, int flag, uint64_t file, const char *first, const char *second) {
  struct iovec parts[2] = {{(void *)first, strlen(first)}, {(void *)(second ? second : ""), second ? strlen(second) : 0}};
  append(kind, flag, file, 0, parts, 2, parts[0].iov_len, parts[1].iov_len);
}

static void append_number(int kind, uint64_t file, uint64_t offset) { append(kind, 0, file, offset, NULL, 0, 0, 0); }

/* `done` bytes of the parts were really written: the last part may be a shorter one. */
static void append_bytes(uint64_t file, off64_t offset, const struct iovec *parts, int count, size_t done) {
  struct iovec kept[IOV_MAX];
  size_t left = done;
  int used = 0;
  for (int i = 0; i < count && left > 0; i++) {
    kept[used] = parts[i];
    if (kept[used].iov_len > left) kept[used].iov_len = left;
    left -= kept[used].iov_len;
    used++;
  }
  append(WRITTEN, 0, file, (uint64_t)offset, kept, used, done, 0);
}

static void before_fork(void) {
  pthread_mutex_lock(&naming);
  pthread_mutex_lock(&position);
}

static void after_fork(void) {
  pthread_mutex_unlock(&position);
  pthread_mutex_unlock(&naming);
}

static void forked(void) {
  owner = getpid();
  after_fork();
}

__attribute__((constructor)) static void begin(void) {
  const char *directory = getenv("POWERCUT_BELOW"), *log = getenv("POWERCUT_LOG");
  if (!directory || !log) return;
  below_length = strlen(directory);
  if (below_length == 0 || below_length >= sizeof below || directory[0] != '/') stop("POWERCUT_BELOW");
  memcpy(below, directory, below_length + 1);
  int low = get_open64()(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (low < 0) stop("POWERCUT_LOG");
  /* A high number, out of the way of programs that close or renumber the low ones. */
  record = get_fcntl64()(low, F_DUPFD_CLOEXEC, 700);
  if (record < 0) stop("POWERCUT_LOG");
  get_close()(low);
  owner = getpid();
  pthread_atfork(before_fork, after_fork, forked);
}

/* -- which files are watched -------------------------------------------------------------------------------------- */

static int inside(const char *path) {
  return strncmp(path, below, below_length) == 0 && (path[below_length] == '/' || path[below_length] == 0);
}

/* Between vfork and exec a child runs in its parent's memory: its closes must not make us forget the parent's files. */
static void watch(int descriptor, uint64_t file) {
  if (descriptor >= 0 && descriptor < DESCRIPTORS && watched[descriptor] != file && getpid() == owner)
    watched[descriptor] = file;
}

/* The table may be stale: a stream closes its descriptor without asking us, and the number is then somebody else's. */
static uint64_t file_of(int descriptor) {
  if (descriptor < 0 || descriptor >= DESCRIPTORS || !watched[descriptor]) return 0;
  struct stat64 status;
  uint64_t file = watched[descriptor];
  int before = errno;
  if (fstat64(descriptor, &status) || status.st_ino != file) {
    watch(descriptor, 0);
    file = 0;
  }
  errno = before;
  return file;
}

/* The absolute path with its directory resolved; the last part need not exist. Returns 0 if it is not ours. */
static int locate(int directory, const char *path, char *found) {
  if (record < 0 || !path) return 0;
  char joined[2 * PATH_MAX], base[PATH_MAX];
  if (path[0] == '/' || directory == AT_FDCWD) {
    snprintf(joined, sizeof joined, "%s", path);
  } else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    snprintf(joined, sizeof joined, "%s/%s", base, path);
  }
  size_t end = strlen(joined);
  while (end > 1 && joined[end - 1] == '/') joined[--end] = 0;
  char *slash = strrchr(joined, '/'), resolved[PATH_MAX];
  const char *name = slash ? slash + 1 : joined;
  if (slash && slash != joined) *slash = 0;
  if (!realpath(slash ? (slash == joined ? "/" : joined) : ".", resolved)) return 0;
  if (snprintf(found, PATH_MAX, "%s/%s", strcmp(resolved, "/") ? resolved : "", name) >= PATH_MAX) return 0;
  return inside(found);
}

static void unseen(const char *what, const char *path) {
  char text[PATH_MAX + 64];
  snprintf(text, sizeof text, "%s %s", what, path);
  append_path(UNSEEN, 0, 0, text, NULL);
}

static int opened(int descriptor, int flags, int existed) {
  if (descriptor < 0) return descriptor;
  int before = errno;
  watch(descriptor, 0);
  if (record < 0) return descriptor;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length > 0) {
    path[length] = 0;
    if (inside(path)) {
      struct stat64 status;
      if (descriptor >= DESCRIPTORS || fstat64(descriptor, &status)) stop("a descriptor");
      if ((flags & O_TMPFILE) == O_TMPFILE) unseen("O_TMPFILE", path);
      int directory = S_ISDIR(status.st_mode), writable = (flags & O_ACCMODE) != O_RDONLY;
      int flag = (directory ? DIRECTORY : 0) | ((flags & O_CREAT) && !existed ? CREATED : 0) |
                 ((flags & O_TRUNC) && writable ? EMPTIED : 0);
      append_path(OPENED, flag, status.st_ino, path, NULL);
      watch(descriptor, status.st_ino);
    }
  }
  errno = before;
  return descriptor;
}

static int exists(int directory, const char *path) {
  struct stat64 status;
  int before = errno, found = fstatat64(directory, path, &status, 0) == 0;
  errno = before;
  return found;
}

#define MODE(flags, mode)                                  \
  mode_t mode = 0;                                         \
  if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    mode = va_arg(rest, mode_t);                           \
    va_end(rest);                                          \
  }

static int open_at(int directory, const char *path, int flags, mode_t mode) {
  if (record < 0 || !(flags & O_CREAT))
    return opened(get_openat64()(directory, path, flags, mode), flags, 1);
  pthread_mutex_lock(&naming);
  int existed = exists(directory, path);
  int descriptor = opened(get_openat64()(directory, path, flags, mode), flags, existed);
  pthread_mutex_unlock(&naming);
  return descriptor;
}

int open64(const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(AT_FDCWD, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(directory, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(directory, path, flags, mode);
}

int __open_2(const char *path, int flags) { return open64(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __openat_2(int directory, const char *path, int flags) { return openat64(directory, path, flags); }
int __openat64_2(int directory, const char *path, int flags) { return openat64(directory, path, flags); }
int creat64(const char *path, mode_t mode) { return open64(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat(const char *path, mode_t mode) { return open64(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* Streams write behind our back, so a stream that writes below the directory makes the record worthless. */
FILE *fopen64(const char *path, const char *mode) {
  char found[PATH_MAX];
  if (strpbrk(mode, "wa+") && locate(AT_FDCWD, path, found)) unseen("fopen", found);
  return get_fopen64()(path, mode);
}

FILE *fopen(const char *path, const char *mode) { return fopen64(path, mode); }

/* -- descriptors -------------------------------------------------------------------------------------------------- */

int close(int descriptor) {
  if (descriptor >= 0 && descriptor == record) return 0;
  watch(descriptor, 0);
  return get_close()(descriptor);
}

int close_range(unsigned first, unsigned last, int flags) {
  if (!(flags & CLOSE_RANGE_CLOEXEC)) {
    if (record >= 0 && first <= (unsigned)record && (unsigned)record <= last) {
      if (first < (unsigned)record && close_range(first, (unsigned)record - 1, flags)) return -1;
      return (unsigned)record < last ? close_range((unsigned)record + 1, last, flags) : 0;
    }
    for (unsigned each = first; each <= last && each < DESCRIPTORS; each++) watch((int)each, 0);
  }
  return get_close_range()(first, last, flags);
}

static int copied(int from, int to) {
  if (to >= DESCRIPTORS && file_of(from)) stop("a descriptor");
  watch(to, file_of(from));
  return to;
}

int dup(int descriptor) { return copied(descriptor, get_dup()(descriptor)); }
int dup2(int descriptor, int to) { return copied(descriptor, get_dup2()(descriptor, to)); }
int dup3(int descriptor, int to, int flags) { return copied(descriptor, get_dup3()(descriptor, to, flags)); }

int fcntl64(int descriptor, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  int result = get_fcntl64()(descriptor, command, argument);
  return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(descriptor, result) : result;
}

int fcntl(int descriptor, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  return fcntl64(descriptor, command, argument);
}

/* -- bytes -------------------------------------------------------------------------------------------------------- */

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  ssize_t done = get_pwrite64()(descriptor, bytes, count, offset);
  uint64_t file = file_of(descriptor);
  if (file && done > 0) {
    struct iovec part = {(void *)bytes, (size_t)done};
    append_bytes(file, offset, &part, 1, (size_t)done);
  }
  return done;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  return pwrite64(descriptor, bytes, count, offset);
}

/* Where a write without an offset landed is only known afterwards, and only while nobody else moves the position. */
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  uint64_t file = file_of(descriptor);
  if (!file) return get_writev()(descriptor, parts, count);
  pthread_mutex_lock(&position);
  ssize_t done = get_writev()(descriptor, parts, count);
  if (done > 0) append_bytes(file, lseek64(descriptor, 0, SEEK_CUR) - done, parts, count, (size_t)done);
  pthread_mutex_unlock(&position);
  return done;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  if (!file_of(descriptor)) return get_write()(descriptor, bytes, count);
  struct iovec part = {(void *)bytes, count};
  return writev(descriptor, &part, 1);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) {
  ssize_t done = get_pwritev64()(descriptor, parts, count, offset);
  if (file_of(descriptor) && done > 0) append_bytes(file_of(descriptor), offset, parts, count, (size_t)done);
  return done;
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
  return pwritev64(descriptor, parts, count, offset);
}

ssize_t pwritev64v2(int descriptor, const struct iovec *parts, int count, off64_t offset, int flags) {
  if (file_of(descriptor) && (offset == -1 || flags)) stop("pwritev2 with flags");
  ssize_t done = get_pwritev64v2()(descriptor, parts, count, offset, flags);
  if (file_of(descriptor) && done > 0) append_bytes(file_of(descriptor), offset, parts, count, (size_t)done);
  return done;
}

ssize_t pwritev2(int descriptor, const struct iovec *parts, int count, off_t offset, int flags) {
  return pwritev64v2(descriptor, parts, count, offset, flags);
}

/* The kernel moved the bytes by itself: read them back. */
static void moved(int descriptor, off64_t offset, ssize_t count) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  int reading = get_open64()(link, O_RDONLY | O_CLOEXEC);
  char *bytes = malloc((size_t)count);
  if (reading < 0 || !bytes) stop("bytes moved by the kernel");
  for (ssize_t have = 0, more; have < count; have += more) {
    more = pread64(reading, bytes + have, (size_t)(count - have), offset + have);
    if (more <= 0) stop("bytes moved by the kernel");
  }
  struct iovec part = {bytes, (size_t)count};
  append_bytes(file_of(descriptor), offset, &part, 1, (size_t)count);
  free(bytes);
  get_close()(reading);
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t count) {
  if (!file_of(to)) return get_sendfile64()(to, from, offset, count);
  pthread_mutex_lock(&position);
  ssize_t done = get_sendfile64()(to, from, offset, count);
  if (done > 0) moved(to, lseek64(to, 0, SEEK_CUR) - done, done);
  pthread_mutex_unlock(&position);
  return done;
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count) { return sendfile64(to, from, offset, count); }

ssize_t copy_file_range(int from, off64_t *read_at, int to, off64_t *write_at, size_t count, unsigned flags) {
  if (!file_of(to)) return get_copy_file_range()(from, read_at, to, write_at, count, flags);
  pthread_mutex_lock(&position);
  ssize_t done = get_copy_file_range()(from, read_at, to, write_at, count, flags);
  if (done > 0) moved(to, (write_at ? *write_at : lseek64(to, 0, SEEK_CUR)) - done, done);
  pthread_mutex_unlock(&position);
  return done;
}

ssize_t splice(int from, off64_t *read_at, int to, off64_t *write_at, size_t count, unsigned flags) {
  if (!file_of(to)) return get_splice()(from, read_at, to, write_at, count, flags);
  pthread_mutex_lock(&position);
  ssize_t done = get_splice()(from, read_at, to, write_at, count, flags);
  if (done > 0) moved(to, (write_at ? *write_at : lseek64(to, 0, SEEK_CUR)) - done, done);
  pthread_mutex_unlock(&position);
  return done;
}

int ftruncate64(int descriptor, off64_t size) {
  int result = get_ftruncate64()(descriptor, size);
  if (result == 0 && file_of(descriptor)) append_number(TRUNCATED, file_of(descriptor), (uint64_t)size);
  return result;
}

int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }

int truncate64(const char *path, off64_t size) {
  char found[PATH_MAX];
  struct stat64 status;
  int ours = locate(AT_FDCWD, path, found), result = get_truncate64()(path, size);
  if (result == 0 && ours) {
    if (stat64(path, &status)) stop("truncate");
    append_path(OPENED, 0, status.st_ino, found, NULL);
    append_number(TRUNCATED, status.st_ino, (uint64_t)size);
  }
  return result;
}

int truncate(const char *path, off_t size) { return truncate64(path, size); }

int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) {
  if (file_of(descriptor) && mode) stop("fallocate with a mode");
  int result = get_fallocate64()(descriptor, mode, offset, length);
  if (result == 0 && file_of(descriptor)) append_number(EXTENDED, file_of(descriptor), (uint64_t)(offset + length));
  return result;
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  return fallocate64(descriptor, mode, offset, length);
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
  int result = get_posix_fallocate64()(descriptor, offset, length);
  if (result == 0 && file_of(descriptor)) append_number(EXTENDED, file_of(descriptor), (uint64_t)(offset + length));
  return result;
}

int posix_fallocate(int descriptor, off_t offset, off_t length) {
  return posix_fallocate64(descriptor, offset, length);
}

/* A shared writable map changes the file without a call. SQLite does it to the -shm file only, which is rebuilt. */
void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset) {
  void *result = get_mmap64()(address, length, protection, flags, descriptor, offset);
  if (result != MAP_FAILED && (flags & MAP_SHARED) && (protection & PROT_WRITE) && file_of(descriptor)) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 4) stop("mmap");
    path[size] = 0;
    if (strcmp(path + size - 4, "-shm")) unseen("mmap", path);
  }
  return result;
}

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
  return mmap64(address, length, protection, flags, descriptor, offset);
}

/* -- syncs -------------------------------------------------------------------------------------------------------- */

static int synced(int descriptor, uint64_t file, int (*real)(int)) {
  uint64_t token = (uint64_t)getpid() << 32 | atomic_fetch_add(&tokens, 1);
  append_number(SYNC_BEGAN, file, token);
  int result = real(descriptor);
  if (result == 0) append_number(SYNC_ENDED, file, token);
  return result;
}

int fsync(int descriptor) {
  uint64_t file = file_of(descriptor);
  return file ? synced(descriptor, file, get_fsync()) : get_fsync()(descriptor);
}

int fdatasync(int descriptor) {
  uint64_t file = file_of(descriptor);
  return file ? synced(descriptor, file, get_fdatasync()) : get_fdatasync()(descriptor);
}

int syncfs(int descriptor) {
  return file_of(descriptor) ? synced(descriptor, 0, get_syncfs()) : get_syncfs()(descriptor);
}

static int everything(int nothing) {
  (void)nothing;
  get_sync()();
  return 0;
}

void sync(void) {
  if (record < 0) get_sync()();
  else synced(-1, 0, everything);
}

/* sync_file_range is not interposed on purpose: it promises nothing that would survive a power cut. */

/* -- names -------------------------------------------------------------------------------------------------------- */

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
  char old[PATH_MAX], new[PATH_MAX];
  int leaves = locate(from_directory, from, old), arrives = locate(to_directory, to, new);
  if ((leaves || arrives) && (flags & ~(unsigned)RENAME_NOREPLACE)) stop("renameat2 with flags");
  pthread_mutex_lock(&naming);
  int result = get_renameat2()(from_directory, from, to_directory, to, flags);
  if (result == 0) {
    if (leaves && arrives) append_path(RENAMED, 0, 0, old, new);
    else if (leaves) append_path(UNLINKED, 0, 0, old, NULL);
    else if (arrives) unseen("renamed from outside", new);
  }
  pthread_mutex_unlock(&naming);
  return result;
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  return renameat2(from_directory, from, to_directory, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int directory, const char *path, int flags) {
  char found[PATH_MAX];
  int ours = locate(directory, path, found);
  pthread_mutex_lock(&naming);
  int result = get_unlinkat()(directory, path, flags);
  if (result == 0 && ours) append_path(flags & AT_REMOVEDIR ? DIRECTORY_REMOVED : UNLINKED, 0, 0, found, NULL);
  pthread_mutex_unlock(&naming);
  return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char *path) {
  int result = unlink(path);
  return result && errno == EISDIR ? rmdir(path) : result;
}

int linkat(int old_directory, const char *old, int new_directory, const char *new, int flags) {
  char from[PATH_MAX], to[PATH_MAX];
  int known = locate(old_directory, old, from), ours = locate(new_directory, new, to);
  pthread_mutex_lock(&naming);
  int result = get_linkat()(old_directory, old, new_directory, new, flags);
  if (result == 0 && ours) {
    if (known) append_path(LINKED, 0, 0, from, to);
    else unseen("linked from outside", to);
  }
  pthread_mutex_unlock(&naming);
  return result;
}

int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int symlinkat(const char *target, int directory, const char *path) {
  char found[PATH_MAX];
  if (locate(directory, path, found)) unseen("symlink", found);
  return get_symlinkat()(target, directory, path);
}

int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

int mkdirat(int directory, const char *path, mode_t mode) {
  char found[PATH_MAX];
  int ours = locate(directory, path, found);
  pthread_mutex_lock(&naming);
  int result = get_mkdirat()(directory, path, mode);
  if (result == 0 && ours) append_path(DIRECTORY_MADE, 0, 0, found, NULL);
  pthread_mutex_unlock(&naming);
  return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
