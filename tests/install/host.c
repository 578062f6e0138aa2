/* What a user's program looks like from outside: both interfaces, and a module of eight bytes. */
#include <stdio.h>

#include <murre.h>
#include <wasi.h>
#include <wasm.h>

int main(void) {
    static const unsigned char empty[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct murre_error error;
    struct murre_engine *engine = murre_engine_new(NULL, &error);
    struct murre_module *module = engine ? murre_module_new(engine, empty, sizeof empty, &error) : NULL;
    if (!module) {
        puts(error.message);
        return 1;
    }
    murre_module_unref(module);
    murre_engine_unref(engine);
    wasm_engine_t *other = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(other);
    wasm_byte_vec_t bytes = {sizeof empty, (wasm_byte_t *)empty};
    int good = wasm_module_validate(store, &bytes);
    wasm_store_delete(store);
    wasm_engine_delete(other);
    puts(good ? "good" : "bad");
    return !good;
}
