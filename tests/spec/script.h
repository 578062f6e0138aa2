/* Running one converted script of the official suite. The state of a script: its store, the instances it names, what failed. */
#ifndef TESTS_SPEC_SCRIPT_H
#define TESTS_SPEC_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "murre.h"

enum { MAX_FEATURES = 32 };

struct tally {
    unsigned passed, failed, skipped;
    struct {
        char name[128];
        unsigned count;
    } features[MAX_FEATURES];
    unsigned feature_count;
    bool backtraces; /* every trap's is printed */
};
void tally_skip(struct tally *tally, const char *feature);

/* Runs every command of the script at path. Prints a line for each failure. */
void script_run(struct murre_engine *engine, const char *path, struct tally *tally, bool verbose);

/* values.c */
enum { MAX_SLOTS = 2048 };
/* A value of the suite's JSON into a slot; false when its type is none of ours. */
bool value_parse(const struct json *value, union murre_slot *slot);
bool value_matches(const struct json *expected, const union murre_slot *slots);
/* The type's name as the suite has it; NULL when it is none of ours. */
bool value_type(const struct json *value, murre_valtype *type);
void value_print(char *out, size_t size, const struct json *type, const union murre_slot *slots);

/* spectest.c: the host module that scripts import. */
bool spectest_define(struct murre_linker *linker, struct murre_store *store);

#endif
