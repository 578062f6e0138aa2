// Runs the tests without Criterion; see support.h. Usage: mir-tests [SUITE[/NAME]]
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>

struct plain_test *plain_tests;

static jmp_buf *escape;

_Noreturn void plain_fail(const char *file, int line, const char *condition, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s:%d: %s: ", file, line, condition);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  longjmp(*escape, 1);
}

static bool passes(struct plain_test *test)
{
  jmp_buf here;
  escape = &here;
  if (setjmp(here) != 0)
    return false;
  test->run();
  return true;
}

int main(int argc, char **argv)
{
  int passed = 0, failed = 0;
  for (struct plain_test *test = plain_tests; test != NULL; test = test->next) {
    char name[256];
    snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    if (argc > 1 && strncmp(name, argv[1], strlen(argv[1])) != 0)
      continue;
    if (passes(test)) {
      passed++;
    } else {
      printf("FAILED %s\n", name);
      failed++;
    }
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
