/* wasm/reader.h: integers and names of the binary format. */
#include <criterion/criterion.h>

#include "wasm/reader.h"

static struct murre_error error;

static struct murre_reader reader_of(const void *bytes, size_t size) {
    error = (struct murre_error){0};
    return (struct murre_reader){bytes, bytes, (const uint8_t *)bytes + size, &error};
}

Test(reader, unsigned_integers_may_be_overlong_within_five_bytes) {
    struct murre_reader r = reader_of("\x81\x80\x80\x80\x00", 5);
    cr_assert_eq(murre_read_u32(&r), 1);
    cr_assert(murre_reader_ok(&r));
    cr_assert_eq(murre_reader_left(&r), 0);
}

Test(reader, a_sixth_byte_is_too_long) {
    struct murre_reader r = reader_of("\x80\x80\x80\x80\x80\x00", 6);
    murre_read_u32(&r);
    cr_assert_str_eq(error.message, "integer representation too long");
    cr_assert_eq(error.status, MURRE_ERROR_MALFORMED);
}

Test(reader, bits_beyond_the_type_are_too_large) {
    struct murre_reader r = reader_of("\xff\xff\xff\xff\x1f", 5);
    murre_read_u32(&r);
    cr_assert_str_eq(error.message, "integer too large");
}

Test(reader, the_largest_values_are_read) {
    struct murre_reader r = reader_of("\xff\xff\xff\xff\x0f\xff\xff\xff\xff\x07\x80\x80\x80\x80\x78", 15);
    cr_assert_eq(murre_read_u32(&r), UINT32_MAX);
    cr_assert_eq(murre_read_s32(&r), INT32_MAX);
    cr_assert_eq(murre_read_s32(&r), INT32_MIN);
    cr_assert(murre_reader_ok(&r));
}

Test(reader, the_unused_bits_of_a_signed_integer_extend_its_sign) {
    struct murre_reader r = reader_of("\xff\xff\xff\xff\x4f", 5);
    murre_read_s32(&r);
    cr_assert_str_eq(error.message, "integer too large");
    r = reader_of("\x7f\x40\xc0\x00", 4);
    cr_assert_eq(murre_read_s32(&r), -1);
    cr_assert_eq(murre_read_s64(&r), -64);
    cr_assert_eq(murre_read_s64(&r), 64);
}

Test(reader, sixty_four_bits_are_read_in_full) {
    struct murre_reader r = reader_of("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", 20);
    cr_assert_eq(murre_read_s64(&r), INT64_MIN);
    cr_assert_eq(murre_read_s64(&r), INT64_MAX);
    cr_assert(murre_reader_ok(&r));
}

Test(reader, reading_past_the_end_reports_the_offset_once) {
    struct murre_reader r = reader_of("\x01\x80", 2);
    cr_assert_eq(murre_read_u32(&r), 1);
    cr_assert_eq(murre_read_u32(&r), 0);
    cr_assert_eq(error.offset, 2);
    cr_assert_eq(murre_read_fixed64(&r), 0);
    cr_assert_str_eq(error.message, "unexpected end");
}

Test(reader, a_count_must_fit_the_bytes_that_are_left) {
    struct murre_reader r = reader_of("\xff\xff\xff\xff\x0f\x00", 6);
    cr_assert_eq(murre_read_count(&r, 1, 10, "things"), 0);
    cr_assert_eq(error.status, MURRE_ERROR_MALFORMED);
    r = reader_of("\x03\x00\x00\x00", 4);
    cr_assert_eq(murre_read_count(&r, 1, 2, "things"), 0);
    cr_assert_eq(error.status, MURRE_ERROR_LIMIT);
}

Test(reader, names_must_be_utf8) {
    static const char *const good[] = {"\3abc", "\2\xc3\xa9", "\3\xe2\x82\xac", "\4\xf0\x9f\x98\x80", "\0"};
    static const char *const bad[] = {"\1\x80", "\2\xc0\x80", "\3\xed\xa0\x80", "\4\xf4\x90\x80\x80", "\1\xe2", "\3\xe0\x80\x80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct murre_reader r = reader_of(good[i], (size_t)good[i][0] + 1);
        cr_assert_eq(murre_read_name(&r).size, (size_t)good[i][0]);
        cr_assert(murre_reader_ok(&r), "%zu", i);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct murre_reader r = reader_of(bad[i], (size_t)bad[i][0] + 1);
        murre_read_name(&r);
        cr_assert_str_eq(error.message, "malformed UTF-8 encoding");
    }
}
