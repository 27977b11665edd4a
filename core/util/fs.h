/* Files and folders. All functions return 0 or negative errno; paths are borrowed. */
#ifndef TRAWL_UTIL_FS_H
#define TRAWL_UTIL_FS_H

#include <stddef.h>

/* Read a whole file of at most `max` bytes; -EFBIG beyond. *ret_text ends in a NUL, free with free(). */
int trawl_fs_read(const char *path, size_t max, char **ret_text, size_t *ret_len);

/* mkdir -p, mode 0700 for what is made. */
int trawl_fs_make_folder(const char *path);

/* A new private folder below $TMPDIR or /tmp. *ret_path is the caller's. */
int trawl_fs_make_temporary(char **ret_path);

/* Remove a folder and the files in it (one level deep: that is all we make). */
void trawl_fs_remove_folder(const char *path);

/* The running executable, and the folder that holds it. The caller frees them. */
int trawl_fs_self(char **ret_path);
int trawl_fs_self_folder(char **ret_path);

/* "a/b" from "a" and "b"; an absolute `name` stands alone. Never NULL. */
char *trawl_fs_join(const char *folder, const char *name);

#endif
