/* Signatures: those of the examples that AWS publishes, of its test suite, and of ones that its own library made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/sign.c"

static const struct sign_key s3_key = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1",
                                       "s3"};
static const struct sign_key suite_key = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1",
                                          "service"};

enum { S3_DAY = 1369353600, SUITE_TIME = 1440938160 };

static const struct {
	struct sign_request rq;
	const char *target, *names, *signature;
} known[] = {
	{{.method = "GET", .path = "/test.txt", .headers = &(struct http_header){"Range", "bytes=0-9"}, .n_headers = 1},
         "/test.txt",
         "host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
	{{.method = "PUT",
          .path = "/test$file.text",
          .headers = (struct http_header[]){{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                            {"Date", "Fri, 24 May 2013 00:00:00 GMT"}},
          .n_headers = 2,
          .body = SPAN("Welcome to Amazon S3.")},
         "/test%24file.text",
         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
	{{.method = "GET", .path = "/", .query = &(struct sign_parameter){"lifecycle", NULL}, .n_query = 1},
         "/?lifecycle=",
         "host;x-amz-content-sha256;x-amz-date",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
	{{.method = "GET",
          .path = "/",
          .query = (struct sign_parameter[]){{"prefix", "J"}, {"max-keys", "2"}},
          .n_query = 2},
         "/?max-keys=2&prefix=J",
         "host;x-amz-content-sha256;x-amz-date",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static void examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct arena CLEANUP(arena_fini) a = {0};
		struct sign_request rq = known[i].rq;
		struct signed_request out;

		rq.host = "examplebucket.s3.amazonaws.com";
		rq.time = S3_DAY;
		sign_aws4(&a, &s3_key, &rq, &out);
		assert_string_equal(out.target, known[i].target);
		assert_int_equal(out.n_headers, SIGN_OWN_HEADERS + rq.n_headers);
		assert_string_equal(out.headers[0].value, rq.host);
		assert_string_equal(out.headers[2].value, "20130524T000000Z");
		assert_string_equal(
			out.headers[out.n_headers - 1].value,
			arena_printf(&a,
		                     "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
		                     "aws4_request, SignedHeaders=%s, Signature=%s",
		                     known[i].names, known[i].signature));
	}
}

/* Of other services, which do not want the sum of the body among the headers. */
static const struct {
	const char *method, *path;
	struct sign_parameter query[2];
	size_t n_query;
	struct http_header header;
	const char *signature;
} suite[] = {
	{"GET", "/", {{0}}, 0, {0}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"POST", "/", {{0}}, 0, {0}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"GET",
         "/",
         {{"Param2", "value2"}, {"Param1", "value1"}},
         2,
         {0},
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"GET",
         "/",
         {{"\xe1\x88\xb4", "bar"}},
         1,
         {0},
         "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{"GET", "/\xe1\x88\xb4", {{0}}, 0, {0}, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{"GET", "/example space/", {{0}}, 0, {0}, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{"GET",
         "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
         {{0}},
         0,
         {0},
         "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"POST",
         "/",
         {{0}},
         0,
         {"My-Header1", " value1 "},
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
};

static void test_suite(void **state)
{
	static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	static const char stamp[] = "20150830T123600Z";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(suite); i++) {
		struct arena CLEANUP(arena_fini) a = {0};
		struct http_header headers[] = {
			{"Host", "example.amazonaws.com"}, {"X-Amz-Date", stamp}, suite[i].header};
		struct sign_request rq = {suite[i].method, headers[0].value, suite[i].path, suite[i].query,
		                          suite[i].n_query};
		const char *target, *got;

		got = prove(&a, &suite_key, &rq, stamp, empty, headers, suite[i].header.name ? 3 : 2, &target);
		assert_string_equal(strrchr(got, '=') + 1, suite[i].signature);
	}
}

/* Made by botocore's S3SigV4Auth. */
static void other_places(void **state)
{
	static const struct sign_key key = {"minio admin/+", "s3cr\xc3\xa9t=&/", "eu-central-1", "s3"};
	static const struct sign_parameter query[] = {
		{"versions", NULL}, {"prefix", "a b/\xc3\xa9+~*"}, {"max-keys", "2"}, {"prefix", "A"}};
	const struct sign_request rq = {.method = "DELETE",
	                                .host = "127.0.0.1:9000",
	                                .path = "/bucket/dir//a b+c%41:\xc3\xa9",
	                                .query = query,
	                                .n_query = 4,
	                                .body = {"\0\xff", 2},
	                                .time = SUITE_TIME};
	struct arena CLEANUP(arena_fini) a = {0};
	struct signed_request out;

	(void)state;
	sign_aws4(&a, &key, &rq, &out);
	assert_string_equal(out.target,
	                    "/bucket/dir//a%20b%2Bc%2541%3A%C3%A9?max-keys=2&prefix=A&prefix=a%20b%2F%C3%A9%2B~%2A&"
	                    "versions=");
	assert_string_equal(strrchr(out.headers[3].value, '=') + 1,
	                    "373279c3cf363ea7c2497328e637ab921bded1419198aa63b2f989a180975cc3");
}

/* A clock may be anywhere. */
static void odd_times(void **state)
{
	static const int64_t times[] = {0, -1, INT64_MAX, INT64_MIN, INT64_C(253402300800)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct arena CLEANUP(arena_fini) a = {0};
		struct signed_request out;

		sign_aws4(&a, &s3_key,
		          &(struct sign_request){.method = "GET", .host = "h", .path = "/", .time = times[i]}, &out);
		assert_true(strlen(out.headers[2].value) <= 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(test_suite),
		cmocka_unit_test(other_places),
		cmocka_unit_test(odd_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
