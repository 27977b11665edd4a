/* Events as lines of a file, which is rotated by size and by time.
 *
 * The file has whole lines only. A batch is appended by one write; what a failed write has left is taken back at once, and what
 * a crash has left when the file is opened. A file that is rotated is renamed, so that who reads it sees all of it or nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "trawl/plugin.h"
#include "trawl/transport.h"

/* A line that a crash has cut short is looked for within this: more than any event has. */
#define TORN_MAX ((off_t)32 << 20)

/* What is added to the name of a file that is rotated: ".20260131T120000.123-0", and some room. */
#define STAMP_MAX 40

#define HOUR_S ((time_t)3600)

/* Files that are rotated within one millisecond. */
#define SAME_STAMP_MAX 1000

enum sync {
    SYNC_ALWAYS, /* a batch is on the disk before it counts as delivered */
    SYNC_ROTATE, /* a file is when it is rotated */
    SYNC_NEVER,
};

struct jsonl {
    const struct trawl_transport_host *host;
    struct trawl_hub *hub;
    char *path;
    char *folder;
    const char *name; /* in `path` */
    off_t rotate_size;
    time_t period_s; /* 0: no rotation by time */
    size_t keep;
    enum sync sync;
    int fd;          /* -1: not open */
    off_t take_back; /* the length that the file is to have again; -1: as it is */
};

/* --- making --------------------------------------------------------------------------------------- */

static void jsonl_destroy(void *transport)
{
    struct jsonl *jsonl = transport;

    if (jsonl->fd >= 0)
        close(jsonl->fd);
    free(jsonl->path);
    free(jsonl->folder);
    free(jsonl);
}

static const char *text_of(const json_t *options, const char *name)
{
    return json_string_value(json_object_get(options, name));
}

static json_int_t number_of(const json_t *options, const char *name)
{
    return json_integer_value(json_object_get(options, name));
}

static time_t period_of(const char *every)
{
    if (strcmp(every, "hour") == 0)
        return HOUR_S;
    return strcmp(every, "day") == 0 ? 24 * HOUR_S : 0;
}

static enum sync sync_of(const char *name)
{
    if (strcmp(name, "rotate") == 0)
        return SYNC_ROTATE;
    return strcmp(name, "never") == 0 ? SYNC_NEVER : SYNC_ALWAYS;
}

static int check_path(const char *path, struct trawl_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return trawl_err_set(err, -EINVAL, "path", "expected the name of a file, not of a folder");
    if (strlen(path) + STAMP_MAX >= PATH_MAX || strlen(name) + STAMP_MAX >= NAME_MAX)
        return trawl_err_set(err, -EINVAL, "path", "is too long");
    return 0;
}

/* "/" of "/a", "a" of "a/b", "." of "a" */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static int jsonl_create(const struct trawl_transport_host *host, struct trawl_hub *hub,
                        json_t *options, void **ret_transport, struct trawl_err *err)
{
    const char *path = text_of(options, "path");
    struct jsonl *jsonl;
    int r = check_path(path, err);

    if (r < 0)
        return r;
    jsonl = calloc(1, sizeof(*jsonl));
    if (!jsonl)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    *jsonl = (struct jsonl){
        .host = host,
        .hub = hub,
        .path = strdup(path),
        .folder = folder_of(path),
        .rotate_size = number_of(options, "rotate_size"),
        .period_s = period_of(text_of(options, "rotate_every")),
        .keep = (size_t)number_of(options, "keep"),
        .sync = sync_of(text_of(options, "fsync")),
        .fd = -1,
        .take_back = -1,
    };
    if (!jsonl->path || !jsonl->folder) {
        jsonl_destroy(jsonl);
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    }
    jsonl->name = strrchr(jsonl->path, '/') ? strrchr(jsonl->path, '/') + 1 : jsonl->path;
    *ret_transport = jsonl;
    return 0;
}

/* --- opening -------------------------------------------------------------------------------------- */

static int fails(const struct jsonl *jsonl, const char *what, struct trawl_err *err)
{
    int code = errno != 0 ? errno : EIO; /* a short read sets none */

    return trawl_err_set(err, -code, "", "'%s' %s: %s", jsonl->path, what, strerror(code));
}

/* A name that is new, or another one, is only safe with its folder. */
static int sync_folder(const struct jsonl *jsonl, struct trawl_err *err)
{
    int fd;
    int r;

    if (jsonl->sync == SYNC_NEVER)
        return 0;
    fd = open(jsonl->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = fd < 0 ? -1 : fsync(fd);
    if (r < 0)
        r = fails(jsonl, "cannot be made to last", err);
    if (fd >= 0)
        close(fd);
    return r;
}

/* No link: it would be the link that is renamed. And no waiting for the other end of what is no file. */
static int open_or_make(struct jsonl *jsonl, struct trawl_err *err)
{
    const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

    jsonl->fd = open(jsonl->path, flags);
    if (jsonl->fd >= 0)
        return 0;
    if (errno == ENOENT)
        jsonl->fd = open(jsonl->path, flags | O_CREAT, 0640);
    return jsonl->fd < 0 ? fails(jsonl, "cannot be opened", err) : sync_folder(jsonl, err);
}

static int check_file(const struct jsonl *jsonl, struct trawl_err *err)
{
    struct stat status;

    if (fstat(jsonl->fd, &status) < 0)
        return fails(jsonl, "cannot be looked at", err);
    if (!S_ISREG(status.st_mode))
        return trawl_err_set(err, -EINVAL, "", "'%s' is no file", jsonl->path);
    if (flock(jsonl->fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? trawl_err_set(err, -EBUSY, "", "'%s' is being written by another", jsonl->path)
                   : fails(jsonl, "cannot be locked", err);
    return 0;
}

/* Where the last line begins that has no end; `size` if there is none. */
static int find_torn(const struct jsonl *jsonl, off_t size, off_t *ret_begin, struct trawl_err *err)
{
    char piece[4096];
    off_t at = size;

    while (at > 0 && size - at < TORN_MAX) {
        size_t len = at < (off_t)sizeof(piece) ? (size_t)at : sizeof(piece);
        const char *end;

        at -= (off_t)len;
        if (pread(jsonl->fd, piece, len, at) != (ssize_t)len)
            return fails(jsonl, "cannot be read", err);
        end = memrchr(piece, '\n', len);
        if (end) {
            *ret_begin = at + (end - piece) + 1;
            return 0;
        }
    }
    *ret_begin = at;
    return 0;
}

/* What has no end was not delivered, and comes again. NUL bytes are what a loss of power leaves of a line. */
static int cut_torn(struct jsonl *jsonl, struct trawl_err *err)
{
    off_t size = lseek(jsonl->fd, 0, SEEK_END);
    char message[128];
    off_t begin = 0;
    char first;
    int r;

    if (size < 0)
        return fails(jsonl, "cannot be looked at", err);
    r = find_torn(jsonl, size, &begin, err);
    if (r < 0 || begin == size)
        return r;
    if (pread(jsonl->fd, &first, 1, begin) != 1)
        return fails(jsonl, "cannot be read", err);
    if (first != '{' && first != '\0')
        return trawl_err_set(err, -EINVAL, "",
                             "'%s' ends with what is no line of JSON; is it another's file?",
                             jsonl->path);
    if (ftruncate(jsonl->fd, begin) < 0)
        return fails(jsonl, "cannot be cut", err);
    snprintf(message, sizeof(message), "cut off %lld bytes of a line that was not whole",
             (long long)(size - begin));
    jsonl->host->log(jsonl->hub, TRAWL_LOG_WARNING, message);
    return 0;
}

static void close_file(struct jsonl *jsonl)
{
    close(jsonl->fd);
    jsonl->fd = -1;
    jsonl->take_back = -1;
}

static int open_file(struct jsonl *jsonl, struct trawl_err *err)
{
    int r = open_or_make(jsonl, err);

    if (r == 0)
        r = check_file(jsonl, err);
    if (r < 0 && jsonl->fd >= 0)
        close_file(jsonl);
    return r;
}

/* Somebody has renamed or removed it, as programs that rotate logs do. */
static bool has_moved(const struct jsonl *jsonl)
{
    struct stat ours;
    struct stat named;

    return fstat(jsonl->fd, &ours) == 0 &&
           (stat(jsonl->path, &named) < 0 || named.st_ino != ours.st_ino ||
            named.st_dev != ours.st_dev);
}

/* --- rotating ------------------------------------------------------------------------------------- */

static int rotated_path(const struct jsonl *jsonl, char path[PATH_MAX], struct trawl_err *err)
{
    struct timespec now;
    struct tm utc;
    char stamp[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &utc);
    for (int n = 0; n < SAME_STAMP_MAX; n++) {
        struct stat status;

        snprintf(path, PATH_MAX, "%s.%s.%03ld-%d", jsonl->path, stamp, now.tv_nsec / 1000000, n);
        if (lstat(path, &status) < 0 && errno == ENOENT)
            return 0;
    }
    errno = EEXIST;
    return fails(jsonl, "cannot be rotated", err);
}

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* NAME.20260131T120000.123-0 */
static bool is_rotated(const struct jsonl *jsonl, const char *entry)
{
    size_t len = strlen(jsonl->name);
    const char *stamp = entry + len + 1;
    static const size_t digits[] = {8, 6, 3};
    static const char after[] = "T.-";

    if (strncmp(entry, jsonl->name, len) != 0 || entry[len] != '.')
        return false;
    for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
        if (count_digits(stamp) != digits[i] || stamp[digits[i]] != after[i])
            return false;
        stamp += digits[i] + 1;
    }
    return count_digits(stamp) > 0 && stamp[count_digits(stamp)] == '\0';
}

/* The name of the oldest file that was rotated, and how many there are. */
static size_t find_oldest(const struct jsonl *jsonl, DIR *folder, char oldest[NAME_MAX + 1])
{
    const struct dirent *entry;
    size_t count = 0;

    rewinddir(folder);
    while ((entry = readdir(folder))) {
        if (!is_rotated(jsonl, entry->d_name))
            continue;
        if (count++ == 0 || strcmp(entry->d_name, oldest) < 0)
            snprintf(oldest, NAME_MAX + 1, "%s", entry->d_name);
    }
    return count;
}

/* One that cannot be dropped is no reason to stop writing: it is said, and tried again with the next. */
static void drop_old(const struct jsonl *jsonl)
{
    DIR *folder = jsonl->keep > 0 ? opendir(jsonl->folder) : NULL;
    char oldest[NAME_MAX + 1];

    while (folder && find_oldest(jsonl, folder, oldest) > jsonl->keep) {
        if (unlinkat(dirfd(folder), oldest, 0) < 0) {
            char message[NAME_MAX + 128];

            snprintf(message, sizeof(message), "'%s' cannot be dropped: %s", oldest,
                     strerror(errno));
            jsonl->host->log(jsonl->hub, TRAWL_LOG_WARNING, message);
            break;
        }
    }
    if (folder)
        closedir(folder);
}

static int rotate(struct jsonl *jsonl, struct trawl_err *err)
{
    char path[PATH_MAX];
    int r;

    if (jsonl->sync != SYNC_NEVER && fsync(jsonl->fd) < 0)
        return fails(jsonl, "cannot be made to last", err);
    r = rotated_path(jsonl, path, err);
    if (r < 0)
        return r;
    if (rename(jsonl->path, path) < 0)
        return fails(jsonl, "cannot be rotated", err);
    close_file(jsonl);
    r = open_file(jsonl, err); /* which syncs the folder, for both names */
    drop_old(jsonl);
    return r;
}

/* The file was written last in another hour, or on another day, than now. */
static bool is_of_the_past(const struct jsonl *jsonl, const struct stat *status)
{
    return jsonl->period_s > 0 && status->st_size > 0 &&
           status->st_mtim.tv_sec / jsonl->period_s != time(NULL) / jsonl->period_s;
}

/* --- writing -------------------------------------------------------------------------------------- */

/* Open it if it is not, put right what is not whole, rotate it if it is time; *ret_size is its length. */
static int get_ready(struct jsonl *jsonl, off_t *ret_size, struct trawl_err *err)
{
    struct stat status;
    bool opened = false;
    int r = 0;

    if (jsonl->fd >= 0 && has_moved(jsonl))
        close_file(jsonl);
    if (jsonl->fd < 0) {
        r = open_file(jsonl, err);
        opened = true;
    }
    if (r < 0)
        return r;
    if (fstat(jsonl->fd, &status) < 0)
        return fails(jsonl, "cannot be looked at", err);
    if (jsonl->take_back >= 0 && ftruncate(jsonl->fd, jsonl->take_back) < 0)
        return fails(jsonl, "cannot be cut", err);
    jsonl->take_back = -1;
    if (opened)
        r = cut_torn(jsonl, err);
    if (r < 0) {
        close_file(jsonl);
        return r;
    }
    if (is_of_the_past(jsonl, &status))
        r = rotate(jsonl, err);
    if (r < 0)
        return r;
    *ret_size = lseek(jsonl->fd, 0, SEEK_END);
    return *ret_size < 0 ? fails(jsonl, "cannot be looked at", err) : 0;
}

static size_t line_len(const struct trawl_message *message)
{
    return message->json_len + 1;
}

/* How many of the messages have room in the file, and what they take. */
static size_t count_fitting(const struct jsonl *jsonl, off_t size,
                            const struct trawl_message *messages, size_t count, size_t *ret_len)
{
    size_t fitting = 0;
    size_t len = 0;

    while (fitting < count &&
           (jsonl->rotate_size == 0 || (size == 0 && fitting == 0) ||
            size + (off_t)(len + line_len(&messages[fitting])) <= jsonl->rotate_size))
        len += line_len(&messages[fitting++]);
    *ret_len = len;
    return fitting;
}

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, text, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        text += written;
        len -= (size_t)written;
    }
    return 0;
}

static int append(struct jsonl *jsonl, off_t size, const char *text, size_t len,
                  struct trawl_err *err)
{
    int r = write_all(jsonl->fd, text, len);

    if (r == 0 && jsonl->sync == SYNC_ALWAYS)
        r = fdatasync(jsonl->fd);
    if (r == 0)
        return 0;
    r = fails(jsonl, "cannot be written", err);
    if (ftruncate(jsonl->fd, size) < 0)
        jsonl->take_back = size;
    return r;
}

static int append_messages(struct jsonl *jsonl, off_t size, const struct trawl_message *messages,
                           size_t count, size_t len, struct trawl_err *err)
{
    char *text = malloc(len + 1);
    char *at = text;
    int r;

    if (!text)
        return trawl_err_set(err, -ENOMEM, "", "no memory");
    for (size_t i = 0; i < count; i++) {
        memcpy(at, messages[i].json, messages[i].json_len);
        at += messages[i].json_len;
        *at++ = '\n'; /* JSON as Trawl writes it has no line breaks */
    }
    r = append(jsonl, size, text, len, err);
    free(text);
    return r;
}

static enum trawl_push_outcome jsonl_push(void *transport, const struct trawl_message *messages,
                                          size_t count, struct trawl_push_result *result)
{
    struct jsonl *jsonl = transport;
    struct trawl_err err = {0};
    off_t size = 0;
    size_t fitting = 0;
    size_t len = 0;
    int r = get_ready(jsonl, &size, &err);

    if (r == 0)
        fitting = count_fitting(jsonl, size, messages, count, &len);
    if (r == 0 && fitting == 0) {
        r = rotate(jsonl, &err);
        size = 0;
        fitting = count_fitting(jsonl, size, messages, count, &len);
    }
    if (r == 0)
        r = append_messages(jsonl, size, messages, fitting, len, &err);
    if (r < 0) {
        snprintf(result->detail, sizeof(result->detail), "%.255s", err.message);
        return TRAWL_PUSH_FAILED;
    }
    result->delivered = fitting;
    return TRAWL_PUSH_DELIVERED;
}

static const struct trawl_option jsonl_options[] = {
    {.name = "path",
     .type = TRAWL_OPTION_STRING,
     .required = true,
     .help = "the file; a relative one starts from the folder in which the server was started"},
    {.name = "rotate_size",
     .type = TRAWL_OPTION_SIZE,
     .default_json = "\"64M\"",
     .min = 0,
     .max = 1099511627776.0,
     .help = "a file grows no larger than this before the next one is begun; 0: no limit"},
    {.name = "rotate_every",
     .type = TRAWL_OPTION_ENUM,
     .choices = "never|day|hour",
     .default_json = "\"never\"",
     .help = "whether each day or hour (UTC) has a file of its own"},
    {.name = "keep",
     .type = TRAWL_OPTION_INT,
     .default_json = "0",
     .min = 0,
     .max = 1e6,
     .help = "files that are kept besides the current one, the oldest is dropped; 0: all"},
    {.name = "fsync",
     .type = TRAWL_OPTION_ENUM,
     .choices = "always|rotate|never",
     .default_json = "\"always\"",
     .help = "when events are forced to the disk: with each batch, with each file, or never"},
    {.type = TRAWL_OPTION_END},
};

static const struct trawl_transport_ops jsonl_ops = {
    .create = jsonl_create,
    .destroy = jsonl_destroy,
    .push = jsonl_push,
};

TRAWL_EXPORT const struct trawl_plugin trawl_plugin = {
    TRAWL_PLUGIN_HEADER,      .name = "jsonl",
    .version = "1.0.0",       .summary = "appends events to a file, one JSON object a line",
    .options = jsonl_options, .transport = &jsonl_ops,
};
