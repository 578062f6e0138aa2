/* The real folders around a sequence of calls, and what must be true of them afterwards:
 *
 *   BASE/                 made once a process, on a file system in memory where there is one, removed at exit, or by the next
 *                         process when this one did not get there
 *   BASE/secret, sibling/ the sentinels: nothing may ever change them
 *   BASE/box/             the guest's, filled anew for each sequence that has it
 *
 * and the folders in memory, which begin with the same contents.
 *
 * One thread. What goes wrong aborts with a line on standard error. */
#ifndef MURRE_FUZZ_WASI_WORLD_H
#define MURRE_FUZZ_WASI_WORLD_H

#include "wasi/memfs.h"
#include "wasi/model.h"

#define WORLD_FILE_MAX 65536 /* bytes that a file of the box may reach: a limit of the process */

/* The path of the box, of its folder "shared". */
extern char world_box[64], world_shared[80];
/* What a folder of the guest has in it to begin with. */
struct world_content {
    const char *path; /* of a folder: ends in a slash */
    const char *text; /* of a file, of a link; NULL: a folder */
    bool link;
};
extern const struct world_content world_contents[];
extern const size_t world_content_count;

/* The world is there, whoever uses the box. */
void world_make(void);
/* The sentinels are as they were. */
void world_check(void);
/* Empties the box and fills it; model is given the same contents in a volume with nothing in it. */
void world_fill_box(struct model *model, const struct model_volume *volume);
/* The box is what the model says. */
void world_check_box(const struct model_volume *volume);
/* Puts one of the contents into the model. */
struct model_node *world_put_model(struct model *model, const struct model_volume *volume, const struct world_content *content);
_Noreturn void world_wrong(const char *what, const char *name);

/* The files and folders that a folder in memory begins with; nothing is owned. read_only: some cannot be changed; crowded: it has many more names.
 * Returns how many there are. */
enum { WORLD_MEMORY_FILES = 64 };
size_t world_memory_files(struct murre_wasi_file files[WORLD_MEMORY_FILES], bool read_only, bool crowded);
/* Adds the links, which no host can give, through the guest's descriptor fd; model gets files and links. */
void world_fill_memory(struct murre_wasi *wasi, uint32_t fd, const struct murre_wasi_file *files, size_t count, struct model *model,
                       const struct model_volume *volume);
/* The folder is what the model says, in all that the host can ask, and in what the file system keeps for itself. No descriptor is left. */
void world_check_memory(const struct murre_wasi *wasi, const struct murre_wasi_memfs *fs, const struct model_volume *volume);

#endif
