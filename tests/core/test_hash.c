/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_hash.c - SHA-256 (FIPS 180-4 examples) and fields that cannot run into one another */
#include "core/hash.h"
#include "unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void expect(const void *bytes, size_t n, const char *hex)
{
    hash256 h = hash_of_bytes(bytes, n), back;
    char text[65];
    assert_string_equal(hash_to_hex(text, &h), hex);
    assert_true(hash_from_hex(hex, &back) && hash_equal(&h, &back));
}

static void test_vectors(void **state)
{
    (void)state;
    expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    expect(two, strlen(two), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    expect(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

enum { WAYS = 21 };

static hash256 one_way(int way)
{
    const hash256 zero = {{0}}, one = {{1}};
    hasher h;
    hash_init(&h);
    switch (way) {
    case 0: break;
    case 1: hash_text(&h, "ab"), hash_text(&h, "c"); break;
    case 2: hash_text(&h, "a"), hash_text(&h, "bc"); break;
    case 3: hash_text(&h, "abc"); break;
    case 4: hash_text(&h, "abc"), hash_text(&h, ""); break;
    case 5: hash_text(&h, ""), hash_text(&h, "abc"); break;
    case 6: hash_text(&h, NULL); break;
    case 7: hash_text(&h, ""); break;
    case 8: hash_bytes(&h, "abc", 3); break;
    case 9: hash_bytes(&h, NULL, 0); break;
    case 10: hash_u64(&h, 0); break;
    case 11: hash_u64(&h, 1); break;
    case 12: hash_u64(&h, (uint64_t)1 << 56); break;
    case 13: hash_real(&h, 0.0); break;
    case 14: hash_real(&h, -0.0); break;
    case 15: hash_real(&h, 1); break;
    case 16: hash_real(&h, NAN); break;
    case 17: hash_text(&h, "0x0p+0"); break;
    case 18: hash_key(&h, &zero); break;
    case 19: hash_key(&h, &one); break;
    case 20: hash_bytes(&h, zero.b, sizeof(zero.b)); break;
    default: break;
    }
    return hash_final(&h);
}

static void test_fields_differ(void **state)
{
    (void)state;
    for (int i = 0; i < WAYS; i++) {
        hash256 a = one_way(i), again = one_way(i);
        assert_true(hash_equal(&a, &again));
        for (int j = 0; j < i; j++) {
            hash256 b = one_way(j);
            if (hash_equal(&a, &b))
                fail_msg("ways %d and %d have one hash", i, j);
        }
    }
}

/* What goes into SHA-256 is fixed: a letter for the type, then eight bytes, least first. */
static void test_integers_are_little_endian(void **state)
{
    (void)state;
    hasher h;
    hash_init(&h);
    hash_u64(&h, 0x0102);
    hash256 typed = hash_final(&h), plain = hash_of_bytes("u\x02\x01\0\0\0\0\0\0", 9);
    assert_true(hash_equal(&typed, &plain));
    hash_init(&h);
    hash_text(&h, "hi");
    typed = hash_final(&h), plain = hash_of_bytes("t\x02\0\0\0\0\0\0\0hi", 11);
    assert_true(hash_equal(&typed, &plain));
}

static void test_hex(void **state)
{
    (void)state;
    hash256 h = {{1, 2, 3, 4, 5, 6, 7, 0x80, 9}}, back = {{7}};
    assert_true(hash_to_u64(&h) == 0x8007060504030201);
    assert_false(hash_is_zero(&h));
    assert_true(hash_is_zero(&(hash256){{0}}));
    char text[65];
    hash_to_hex(text, &h);
    text[10] = 'g';
    assert_false(hash_from_hex(text, &back));
    text[10] = '\0';
    assert_false(hash_from_hex(text, &back));
    assert_false(hash_from_hex("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", &back)); /* one spelling only */
    assert_int_equal(back.b[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_fields_differ),
        cmocka_unit_test(test_integers_are_little_endian),
        cmocka_unit_test(test_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
