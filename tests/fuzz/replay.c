/* Runs a fuzz target over the files of a corpus, so that what fuzzing once found stays found without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/fs.h"

/* Larger than any corpus file. */
#define REPLAY_FILE_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    char *text = NULL;
    uint8_t *exact;
    size_t len = 0;
    int r;

    r = trawl_fs_read(path, REPLAY_FILE_MAX, &text, &len);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(-r));
        return 1;
    }
    /* A copy without the closing NUL, so that a sanitizer sees one byte too many being read. */
    exact = trawl_xalloc(len);
    memcpy(exact, text, len);
    free(text);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int failed = 0;
    int count;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    count = scandir(argv[1], &entries, is_visible, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no corpus\n", argv[1]);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        TRAWL_AUTO_FREE char *path = trawl_fs_join(argv[1], entries[i]->d_name);

        failed |= replay_file(path);
        free(entries[i]);
    }
    free(entries);
    printf("%d inputs\n", count);
    return failed;
}
