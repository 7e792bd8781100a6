/* MinIO, and any other store that speaks S3. */
#include <string.h>

#include "collect/http_target.h"
#include "exporters/minio/common_minio.h"
#include "exporters/minio/common_s3_settings.h"

#define SECOND INT64_C(1000000000)

static const char *const versions[] = {
	[MINIO_V2] = "v2", [MINIO_V3] = "v3", [MINIO_ALL] = "all", [MINIO_NONE] = "none", NULL};

static const struct field fields[] = {
	{.name = "url",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct minio_target, url, const char *),
         .help = "Where it serves S3, such as http://minio:9000.",
         .required = true},
	F_SECRET(struct minio_target, access_key,
                 "Access key of a user or service account; to read metrics it needs a policy with admin:Prometheus and "
                 "nothing else. Without one MinIO must have MINIO_PROMETHEUS_AUTH_TYPE=public."),
	F_SECRET(struct minio_target, secret_key, "The secret key that belongs to it."),
	{.name = "tls",
         .type = FIELD_STRUCT,
         .offset = FIELD_AT(struct minio_target, access, struct http_access),
         .fields = http_tls_fields,
         .help = "For https URLs."},
	{.name = "timeout",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct minio_target, timeout, int64_t),
         .def = "5s",
         .help = "The longest that one request may take.",
         .min = SECOND / 10,
         .max = 120 * SECOND},
	F_ENUM(struct minio_target, metrics, "v2",
               "Which of MinIO's own metrics to pass on: v2, v3, all of both, or none, for a store that is no MinIO.",
               versions),
	SERIES_RULES_FIELDS(struct minio_target, rules, NULL),
	F_STRING(struct minio_target, region, "us-east-1", "Region that the store says it is in; MinIO does not mind."),
	F_SECTION(struct minio_target, canary, s3_canary_fields,
                  "Try to write, read and delete an object, as those who use the store do."),
	F_SECTION(struct minio_target, usage, s3_usage_fields,
                  "Count the sizes of buckets by listing them, for stores that do not tell: metrics: none."),
	{0},
};

static const char *const urls[] = {"MINIO_ENDPOINT", "MINIO_URL", NULL};
static const char *const access_keys[] = {"MINIO_ACCESS_KEY", "MINIO_ROOT_USER", NULL};
static const char *const secret_keys[] = {"MINIO_SECRET_KEY", "MINIO_ROOT_PASSWORD", NULL};

static const struct found_setting found[] = {
	{"url", urls},
	{"access_key", access_keys},
	{"secret_key", secret_keys},
	{0},
};

static int check(const struct attachment *all, size_t i, struct err *err)
{
	const struct minio_target *t = all[i].config;

	if (http_url_check(t->url, err) < 0 || http_access_check(&t->access, err) < 0)
		return -1;
	if (strpbrk(t->url, "?#"))
		return err_set(err, "the url is the server's alone, without ? and #");
	if (!t->access_key != !t->secret_key)
		return err_set(err, "access_key and secret_key go together; write %s too",
		               t->access_key ? "secret_key" : "access_key");
	return s3_check(t, err);
}

const struct exporter exporter_minio = {
	.name = "minio",
	.help = "MinIO, and other stores that speak S3.",
	.job = "minio",
	.many_targets = true,
	.target = TARGET_HTTP,
	.found_as = found,
	.fields = fields,
	.config_size = sizeof(struct minio_target),
	.check = check,
};
