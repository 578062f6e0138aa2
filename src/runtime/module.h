/* A module's life in an engine: wasm/module.h decodes, this adds what running needs. Thread safe. */
#ifndef MURRE_RUNTIME_MODULE_H
#define MURRE_RUNTIME_MODULE_H

#include "runtime/runtime.h"

/* Takes the bytes over on success: release(context) is called when the module dies (release may be NULL). One reference. */
struct murre_module *murre_module_create(struct murre_engine *engine, const uint8_t *bytes, size_t size, void (*release)(void *context),
                                         void *context, struct murre_error *error) MURRE_MUST_USE;
/* The same for any bytes, for inspection: *error says why the module cannot be run. NULL only when memory is short. */
struct murre_module *murre_module_look_at(struct murre_engine *engine, const uint8_t *bytes, size_t size, void (*release)(void *context),
                                          void *context, struct murre_error *error) MURRE_MUST_USE;
/* All that sections and bodies use. Reads every body the first time. */
murre_features murre_module_features(struct murre_module *module);
/* Every function body through the front end, unless that has been done. */
enum murre_status murre_module_validate_bodies(struct murre_module *module, struct murre_error *error) MURRE_MUST_USE;
/* A function's name in the name section; size 0 where there is none, and when memory is short. */
struct murre_name murre_module_name(struct murre_module *module, uint32_t func_index);
/* To be called before anything of the module is compiled: from now on module->explicit_bounds stays as it is. Returns it. */
bool murre_module_decide_bounds(struct murre_module *module);
/* Bytes that code of the module may still take, by its limit and the engine's. */
uint64_t murre_module_code_room(const struct murre_module *module);

#endif
