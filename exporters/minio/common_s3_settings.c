#include "exporters/minio/common_s3_settings.h"

#include <string.h>

#include "exporters/minio/common_s3_list.h"

#define SECOND INT64_C(1000000000)

enum { BUCKET_MIN = 3, BUCKET_MAX = 63, PREFIX_MAX = 256 };

const struct field s3_canary_fields[] = {
	{.name = "bucket",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct s3_canary, bucket, const char *),
         .help = "The bucket to write to, best one of its own.",
         .required = true},
	F_STRING(struct s3_canary, prefix, "", "What the name of the object begins with, such as monitoring/."),
	F_SECRET(struct s3_canary, access_key,
                 "Access key that may write there, where the target's may not: s3:PutObject, s3:GetObject, "
                 "s3:DeleteObject, and where versions are kept s3:DeleteObjectVersion and s3:ListBucketVersions."),
	F_SECRET(struct s3_canary, secret_key, "The secret key that belongs to it."),
	{.name = "min_interval",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct s3_canary, min_interval, int64_t),
         .def = "60s",
         .help = "How long to give the last result again before the next try.",
         .max = 86400 * SECOND},
	{0},
};

const struct field s3_usage_fields[] = {
	F_STRINGS(struct s3_usage, buckets, NULL,
                  "Buckets to list; without it all that the access key may see, at most 64."),
	{.name = "min_interval",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct s3_usage, min_interval, int64_t),
         .def = "1h",
         .help = "How long to give the last sizes again before they are counted anew.",
         .max = 30 * 86400 * SECOND},
	F_INT(struct s3_usage, max_objects, "1000000",
              "How many objects of a bucket to count at most, in pages of 500.", 1, 1000000000),
	{0},
};

static bool bucket_valid(const char *name)
{
	size_t len = strlen(name);

	return len >= BUCKET_MIN && len <= BUCKET_MAX && *name != '.' && *name != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len && !strstr(name, "..");
}

/* What needs no escapes, and what no proxy makes shorter. */
static bool prefix_valid(const char *prefix)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";

	return strlen(prefix) <= PREFIX_MAX && strspn(prefix, fit) == strlen(prefix) && *prefix != '/' &&
	       !strstr(prefix, "//") && !strstr(prefix, "..") && !strstr(prefix, "./");
}

static int check_canary(const struct s3_canary *c, const struct minio_target *t, struct err *err)
{
	if (!bucket_valid(c->bucket))
		return err_set(err, "canary: bucket: a bucket's name is 3 to 63 of a-z, 0-9, . and -");
	if (!prefix_valid(c->prefix))
		return err_set(err,
		               "canary: prefix: write letters, digits, ., _ and -, with / between names and none "
		               "at the beginning");
	if (!c->access_key != !c->secret_key)
		return err_set(err, "canary: access_key and secret_key go together; write %s too",
		               c->access_key ? "secret_key" : "access_key");
	if (!c->access_key && !t->access_key)
		return err_set(err, "canary: nobody may write without a key; write access_key and secret_key");
	return 0;
}

static int check_usage(const struct s3_usage *u, const struct minio_target *t, struct err *err)
{
	if (t->metrics != MINIO_NONE)
		return err_set(err,
		               "usage: MinIO tells the sizes of its buckets by itself; remove this, or write "
		               "metrics: none");
	if (u->buckets.n > S3_BUCKETS_MAX)
		return err_set(err, "usage: buckets: at most %d", S3_BUCKETS_MAX);
	for (size_t i = 0; i < u->buckets.n; i++)
		if (!bucket_valid(u->buckets.items[i]))
			return err_set(err, "usage: buckets: a bucket's name is 3 to 63 of a-z, 0-9, . and -");
	if (!t->access_key)
		return err_set(err, "usage: nobody may list buckets without a key; write access_key and secret_key");
	return 0;
}

int s3_check(const struct minio_target *t, struct err *err)
{
	if (t->canary && check_canary(t->canary, t, err) < 0)
		return -1;
	return t->usage ? check_usage(t->usage, t, err) : 0;
}
