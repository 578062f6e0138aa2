/* Evaluates the script on standard input, which defines a global function `workload (iteration)` that returns a number. */
#include "../app.h"
#include "quickjs.h"
#include <string.h>

struct host {
    JSContext *context;
    JSValue function;
};

static void fail(JSContext *context, const char *what) {
    JSValue error = JS_GetException(context);
    const char *text = JS_ToCString(context, error);
    fprintf(stderr, "quickjs: %s: %s\n", what, text ? text : "unknown error");
    exit(1);
}

static uint64_t workload(void *context, unsigned iteration) {
    struct host *host = context;
    JSValue argument = JS_NewInt32(host->context, (int32_t)iteration);
    JSValue result = JS_Call(host->context, host->function, JS_UNDEFINED, 1, &argument);
    if (JS_IsException(result))
        fail(host->context, "workload");
    double number = 0;
    if (JS_ToFloat64(host->context, &number, result) != 0)
        fail(host->context, "result");
    JS_FreeValue(host->context, result);
    return (uint64_t)number;
}

int main(int argc, char **argv) {
    size_t length;
    char *script = read_stdin(&length);
    JSRuntime *runtime = JS_NewRuntime();
    JS_SetMaxStackSize(runtime, 512 * 1024);
    struct host host = {.context = JS_NewContext(runtime)};
    JSValue value = JS_Eval(host.context, script, length, "workload.js", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(value))
        fail(host.context, "load");
    JS_FreeValue(host.context, value);
    JSValue global = JS_GetGlobalObject(host.context);
    host.function = JS_GetPropertyStr(host.context, global, "workload");
    int status = drive(argc, argv, workload, &host);
    JS_FreeValue(host.context, host.function);
    JS_FreeValue(host.context, global);
    JS_FreeContext(host.context);
    JS_FreeRuntime(runtime);
    free(script);
    return status;
}
