/* Which sanitizer this is built with (gcc, clang), for what depends on time, stack or address space. */
#ifndef MURRE_TESTS_SANITIZER_H
#define MURRE_TESTS_SANITIZER_H

#ifdef __has_feature
#define TEST_WITH_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#define TEST_WITH_THREAD_SANITIZER  __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define TEST_WITH_ADDRESS_SANITIZER 1
#else
#define TEST_WITH_ADDRESS_SANITIZER 0
#endif
#ifdef __SANITIZE_THREAD__
#define TEST_WITH_THREAD_SANITIZER 1
#else
#define TEST_WITH_THREAD_SANITIZER 0
#endif
#endif

#endif
