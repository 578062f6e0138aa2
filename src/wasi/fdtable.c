/* The table of the guest's descriptors. See fdtable.h. */
#include "wasi/fdtable.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wasi/kind.h"

void murre_wasi_fdtable_init(struct murre_wasi_fdtable *table, const struct murre_allocator *allocator) {
    *table = (struct murre_wasi_fdtable){.allocator = *allocator, .limit = MURRE_WASI_FD_LIMIT};
}

static struct murre_wasi_fdpage *add_page(struct murre_wasi_fdtable *table) {
    if (table->page_count == table->page_capacity) {
        uint32_t capacity = table->page_capacity == 0 ? 4 : table->page_capacity * 2;
        size_t old = table->page_capacity * sizeof *table->pages;
        struct murre_wasi_fdpage **pages = murre_realloc(&table->allocator, table->pages, old, capacity * sizeof *pages);
        if (pages == NULL)
            return NULL;
        table->pages = pages;
        table->page_capacity = capacity;
    }
    struct murre_wasi_fdpage *page = murre_alloc_zero(&table->allocator, sizeof *page);
    if (page != NULL)
        table->pages[table->page_count++] = page;
    return page;
}

struct murre_wasi_entry *murre_wasi_fdtable_add(struct murre_wasi_fdtable *table, const struct murre_wasi_kind *kind, uint32_t *fd) {
    uint32_t index = 0;
    if (table->used >= table->limit) {
        errno = EMFILE;
        return NULL;
    }
    while (index < table->page_count && table->pages[index]->used == UINT32_MAX)
        index++;
    if (index == MURRE_WASI_FD_LIMIT / MURRE_WASI_FD_PAGE) {
        errno = EMFILE;
        return NULL;
    }
    if (index == table->page_count && add_page(table) == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    struct murre_wasi_fdpage *page = table->pages[index];
    uint32_t slot = (uint32_t)__builtin_ctz(~page->used);
    page->used |= UINT32_C(1) << slot;
    table->used++;
    page->entries[slot] = (struct murre_wasi_entry){.kind = kind};
    *fd = index * MURRE_WASI_FD_PAGE + slot;
    return &page->entries[slot];
}

struct murre_wasi_entry *murre_wasi_fdtable_add_host(struct murre_wasi_fdtable *table, int host, uint32_t *fd) {
    if (host <= STDERR_FILENO) { /* a host that runs with closed standard streams: they must not become the guest's files */
        int moved = fcntl(host, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        int error = errno;
        close(host);
        errno = error;
        if (moved < 0)
            return NULL;
        host = moved;
    }
    struct murre_wasi_entry *entry = murre_wasi_fdtable_add(table, &murre_wasi_kind_host, fd);
    if (entry == NULL) {
        int error = errno;
        close(host);
        errno = error;
        return NULL;
    }
    entry->host = host;
    entry->owned = true;
    return entry;
}

void murre_wasi_fdtable_grant(const struct murre_wasi_fdtable *table, struct murre_wasi_entry *entry, uint64_t base, uint64_t inheriting) {
    entry->base = entry->able = base;
    entry->inheriting = inheriting;
    entry->allowed = table->enforce_rights ? base : WASI_RIGHTS_ALL;
    entry->passes = table->enforce_rights ? inheriting : WASI_RIGHTS_ALL;
}

struct murre_wasi_entry *murre_wasi_fdtable_entry(const struct murre_wasi_fdtable *table, uint32_t fd) {
    uint32_t page = fd / MURRE_WASI_FD_PAGE, slot = fd % MURRE_WASI_FD_PAGE;
    if (page >= table->page_count || (table->pages[page]->used >> slot & 1) == 0)
        return NULL;
    return &table->pages[page]->entries[slot];
}

murre_wasi_errno murre_wasi_fdtable_get(struct murre_wasi_fdtable *table, uint32_t fd, uint64_t rights, struct murre_wasi_entry **entry) {
    struct murre_wasi_entry *found = murre_wasi_fdtable_entry(table, fd);
    if (found == NULL)
        return WASI_BADF;
    if ((found->allowed & rights) != rights)
        return WASI_NOTCAPABLE;
    if ((found->able & rights) !=
        rights) { /* a standard stream is not taken for a file that it may lead to: it has no times to be set either */
        bool is_file = found->has_type && found->type == WASI_FILETYPE_REGULAR_FILE && found->able & WASI_RIGHT_FD_FILESTAT_SET_TIMES;
        return rights == WASI_RIGHT_FD_FILESTAT_SET_SIZE && is_file ? WASI_INVAL : WASI_BADF;
    }
    *entry = found;
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_fdtable_get_dir(struct murre_wasi_fdtable *table, uint32_t fd, uint64_t rights,
                                            struct murre_wasi_entry **entry) {
    struct murre_wasi_entry *found = murre_wasi_fdtable_entry(table, fd);
    if (found == NULL)
        return WASI_BADF;
    murre_wasi_errno error = murre_wasi_entry_learn_type(found);
    if (error != WASI_SUCCESS)
        return error;
    if (found->type != WASI_FILETYPE_DIRECTORY)
        return WASI_NOTDIR;
    return murre_wasi_fdtable_get(table, fd, rights, entry);
}

/* Gives back everything the entry holds. */
static murre_wasi_errno release(struct murre_wasi_fdtable *table, struct murre_wasi_entry *entry) {
    murre_wasi_errno error = entry->kind->close(&table->allocator, entry);
    if (entry->name != NULL)
        murre_free(&table->allocator, entry->name, entry->name_size + 1);
    *entry = (struct murre_wasi_entry){.kind = NULL};
    return error;
}

static void mark_free(struct murre_wasi_fdtable *table, uint32_t fd) {
    table->pages[fd / MURRE_WASI_FD_PAGE]->used &= ~(UINT32_C(1) << fd % MURRE_WASI_FD_PAGE);
    table->used--;
}

murre_wasi_errno murre_wasi_fdtable_close(struct murre_wasi_fdtable *table, uint32_t fd) {
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(table, fd);
    if (entry == NULL)
        return WASI_BADF;
    mark_free(table, fd);
    return release(table, entry);
}

murre_wasi_errno murre_wasi_fdtable_move(struct murre_wasi_fdtable *table, uint32_t from, uint32_t to) {
    struct murre_wasi_entry *source = murre_wasi_fdtable_entry(table, from);
    struct murre_wasi_entry *target = murre_wasi_fdtable_entry(table, to);
    if (source == NULL || target == NULL)
        return WASI_BADF;
    if (source == target)
        return WASI_SUCCESS;
    release(table, target); /* as dup2 does, without a word about what the close found */
    *target = *source;
    *source = (struct murre_wasi_entry){.kind = NULL};
    mark_free(table, from);
    return WASI_SUCCESS;
}

void murre_wasi_fdtable_fini(struct murre_wasi_fdtable *table) {
    for (uint32_t i = 0; i < table->page_count; i++) {
        struct murre_wasi_fdpage *page = table->pages[i];
        for (uint32_t slot = 0; slot < MURRE_WASI_FD_PAGE; slot++)
            if (page->used >> slot & 1)
                release(table, &page->entries[slot]);
        murre_free(&table->allocator, page, sizeof *page);
    }
    if (table->pages != NULL)
        murre_free(&table->allocator, table->pages, table->page_capacity * sizeof *table->pages);
    *table = (struct murre_wasi_fdtable){.allocator = table->allocator};
}

murre_wasi_errno murre_wasi_entry_learn_type(struct murre_wasi_entry *entry) {
    if (entry->has_type)
        return WASI_SUCCESS;
    uint64_t possible;
    murre_wasi_errno error = entry->kind->learn(entry, &entry->type, &possible);
    if (error != WASI_SUCCESS)
        return error;
    entry->base &= possible;
    entry->able &= possible;
    if (entry->type != WASI_FILETYPE_DIRECTORY)
        entry->inheriting = 0;
    entry->has_type = true;
    return WASI_SUCCESS;
}
