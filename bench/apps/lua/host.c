/* Runs a Lua chunk from standard input: the chunk returns a function of the iteration's number that returns an integer. */
#include "../app.h"
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static void fail(lua_State *L, const char *what) {
    fprintf(stderr, "lua: %s: %s\n", what, lua_tostring(L, -1));
    exit(1);
}

static uint64_t workload(void *context, unsigned iteration) {
    lua_State *L = context;
    lua_pushvalue(L, 1);
    lua_pushinteger(L, (lua_Integer)iteration);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
        fail(L, "workload");
    uint64_t result = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return result;
}

/* The libraries that need nothing from an operating system. */
static void open_libraries(lua_State *L) {
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},       {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
        {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
}

int main(int argc, char **argv) {
    size_t length;
    char *chunk = read_stdin(&length);
    lua_State *L = luaL_newstate();
    if (!L)
        return 1;
    open_libraries(L);
    if (luaL_loadbuffer(L, chunk, length, "=workload") != LUA_OK)
        fail(L, "load");
    if (lua_pcall(L, 0, 1, 0) != LUA_OK)
        fail(L, "run");
    int status = drive(argc, argv, workload, L);
    lua_close(L);
    free(chunk);
    return status;
}
