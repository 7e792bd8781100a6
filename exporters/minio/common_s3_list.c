#include "exporters/minio/common_s3_list.h"

#include "base/num.h"
#include "exporters/minio/common_s3_xml.h"

static bool is(struct span name, const char *text)
{
	return span_eq(name, text);
}

int s3_read_versions(struct arena *a, struct span body, const char *key, struct s3_versions *out, struct err *err)
{
	const char *found = NULL, *id = NULL;
	struct s3_xml_item item;
	struct s3_xml xml;
	int rc;

	*out = (struct s3_versions){0};
	s3_xml_init(&xml, a, body);
	while ((rc = s3_xml_next(&xml, &item, err)) > 0) {
		bool inside = is(item.parent, "Version") || is(item.parent, "DeleteMarker");

		if (!item.parent.len && !is(item.name, "ListVersionsResult"))
			return err_set(err, "the reply is no list of versions");
		if (inside && is(item.name, "Key"))
			found = item.text;
		else if (inside && is(item.name, "VersionId"))
			id = item.text;
		else if (is(item.parent, "ListVersionsResult") && is(item.name, "IsTruncated"))
			out->more = item.text && !strcmp(item.text, "true");
		if (item.text || (!is(item.name, "Version") && !is(item.name, "DeleteMarker")))
			continue;
		if (found && id && !strcmp(found, key) && out->n < S3_VERSIONS_MAX)
			out->ids[out->n++] = id;
		found = id = NULL;
	}
	return rc;
}

/* -1: it is no size. */
static int add_object(struct s3_objects *page, const char *size, struct err *err)
{
	uint64_t bytes;

	if (!size || !num_parse_u64(size, strlen(size), &bytes) ||
	    __builtin_add_overflow(page->bytes, bytes, &page->bytes))
		return err_set(err, "the list has an object with the size %.40s", size ? size : "that is missing");
	page->objects++;
	return 0;
}

int s3_read_objects(struct arena *a, struct span body, struct s3_objects *out, struct err *err)
{
	const char *size = NULL, *next = NULL;
	struct s3_xml_item item;
	bool more = false;
	struct s3_xml xml;
	int rc;

	*out = (struct s3_objects){0};
	s3_xml_init(&xml, a, body);
	while ((rc = s3_xml_next(&xml, &item, err)) > 0) {
		bool top = is(item.parent, "ListBucketResult");

		if (is(item.parent, "Contents") && is(item.name, "Size"))
			size = item.text;
		else if (top && is(item.name, "IsTruncated"))
			more = item.text && !strcmp(item.text, "true");
		else if (top && is(item.name, "NextContinuationToken"))
			next = item.text;
		else if (!item.parent.len && !is(item.name, "ListBucketResult"))
			return err_set(err, "the reply is no list of objects");
		if (!top || !is(item.name, "Contents"))
			continue;
		if (add_object(out, size, err) < 0)
			return -1;
		size = NULL;
	}
	if (rc < 0)
		return -1;
	if (more && (!next || !*next))
		return err_set(err, "the list ends before its end");
	out->next = more ? next : NULL;
	return 0;
}

int s3_read_buckets(struct arena *a, struct span body, struct s3_buckets *out, struct err *err)
{
	struct s3_xml_item item;
	struct s3_xml xml;
	int rc;

	*out = (struct s3_buckets){0};
	s3_xml_init(&xml, a, body);
	while ((rc = s3_xml_next(&xml, &item, err)) > 0) {
		if (!item.parent.len && !is(item.name, "ListAllMyBucketsResult"))
			return err_set(err, "the reply is no list of buckets");
		if (!is(item.parent, "Bucket") || !is(item.name, "Name") || !item.text)
			continue;
		if (strlen(item.text) >= S3_BUCKET_BYTES || out->n == S3_BUCKETS_MAX)
			out->more = true;
		else
			out->names[out->n++] = item.text;
	}
	return rc;
}
