/* Runs the SQL script on standard input on a fresh in-memory database each time; every result row enters the checksum. */
#include "../app.h"
#include "sqlite3.h"

static uint64_t hash_text(uint64_t sum, const unsigned char *text) {
    while (*text)
        sum = (sum ^ *text++) * 0x100000001b3u;
    return sum ^ sum >> 32;
}

static void fail(sqlite3 *db, const char *what) {
    fprintf(stderr, "sqlite: %s: %s\n", what, db ? sqlite3_errmsg(db) : "out of memory");
    exit(1);
}

static uint64_t workload(void *context, unsigned iteration) {
    const char *rest = context;
    sqlite3 *db = NULL;
    uint64_t sum = iteration;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        fail(db, "open");
    while (*rest) {
        sqlite3_stmt *statement = NULL;
        int status = sqlite3_prepare_v2(db, rest, -1, &statement, &rest);
        if (status != SQLITE_OK)
            fail(db, "prepare");
        if (!statement)
            continue;
        while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
            for (int i = 0; i < sqlite3_column_count(statement); i++) {
                const unsigned char *text = sqlite3_column_text(statement, i);
                sum = hash_text(sum, text ? text : (const unsigned char *)"NULL");
            }
        }
        if (status != SQLITE_DONE)
            fail(db, "step");
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    return sum;
}

int main(int argc, char **argv) {
    size_t length;
    char *script = read_stdin(&length);
    int status = drive(argc, argv, workload, script);
    free(script);
    return status;
}
