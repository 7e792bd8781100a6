/* Tokens: byte for byte those that Python's hmac makes of the same claims, one of them known from MinIO's own mc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/jwt.h"

#define HEADER "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9."

static const struct {
	struct jwt_claims claims;
	const char *secret, *token;
} known[] = {
	{{"prometheus", "minioadmin", 4878271036},
         "minioadmin",
         HEADER "eyJpc3MiOiJwcm9tZXRoZXVzIiwic3ViIjoibWluaW9hZG1pbiIsImV4cCI6NDg3ODI3MTAzNn0."
                "_DRPfz6TzgaQkzPLQTE_dGDL1CP2qt-fyuF7ee6UFUli9FUh4pVgkgeAZrcc2Hr68ZfodqQ3rPFsaKohgxQkdw"},
	/* claims that are one and two bytes longer than a multiple of three, and a secret of one byte */
	{{"prometheus", "minioadmi", 1700000300},
         "s",
         HEADER "eyJpc3MiOiJwcm9tZXRoZXVzIiwic3ViIjoibWluaW9hZG1pIiwiZXhwIjoxNzAwMDAwMzAwfQ."
                "UrmBo6UddorPHpIqOJKWw3b5rhLOspEctPLKCCHXz65ZUaxxO-uykukvfD-wjLa4BRBvesotfY-AK8TPQQhOoQ"},
	{{"prometheus", "minioadm", 0},
         "",
         HEADER "eyJpc3MiOiJwcm9tZXRoZXVzIiwic3ViIjoibWluaW9hZG0iLCJleHAiOjB9."
                "nt-LUlN8hHVXV1HdSSo-Oej1J16PJNs-4JsfvD01q4DHpO6EwA_tgQwm_ogNV8-XWZztM4cga98UoOTOKl_TBA"},
	/* what JSON has to escape, what it does not, and a secret that is longer than the hash's block */
	{{"a", "q\"\\\xc3\xa9\n", -1},
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
         HEADER "eyJpc3MiOiJhIiwic3ViIjoicVwiXFzDqVxuIiwiZXhwIjotMX0."
                "pv_4HGsYk3QDVSkIMgoFnN70FH3qLY_rGZDbPTbr3bI8Cfs8DmX2kxGt4fdj9aYa7SX0m46v5yRUqeADclx39Q"},
};

static void test_known_tokens(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		assert_string_equal(jwt_hs512(&a, &known[i].claims, known[i].secret, strlen(known[i].secret)),
		                    known[i].token);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_tokens)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
