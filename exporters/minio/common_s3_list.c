#include "exporters/minio/common_s3_list.h"

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
