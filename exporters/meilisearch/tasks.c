/* The queue of tasks, from /tasks. What the server's own metrics tell of it, too, has their name, and they need not be
 * enabled. */
#include "base/utc.h"
#include "exporters/meilisearch/common_meilisearch.h"

#define RECENT_SECONDS 3600

enum { NB_TASKS, OLDEST_ENQUEUED, LAST_SUCCEEDED, LAST_FAILED, LAST_FAILED_INFO };

static const struct metric_desc metrics[] = {
	[NB_TASKS] = {"meilisearch_nb_tasks", "Tasks that the server remembers.", METRIC_GAUGE, "kind,value"},
	[OLDEST_ENQUEUED] = {"vedette_search_oldest_enqueued_task_age_seconds",
                             "How long the oldest task that was not begun yet has waited; 0 where none waits.",
                             METRIC_GAUGE},
	[LAST_SUCCEEDED] = {"vedette_search_last_succeeded_task_timestamp_seconds",
                            "When the newest of the tasks that succeeded was finished.", METRIC_GAUGE},
	[LAST_FAILED] = {"vedette_search_last_failed_task_timestamp_seconds",
                         "When the newest of the tasks that failed was finished.", METRIC_GAUGE},
	[LAST_FAILED_INFO] =
		{"vedette_search_last_failed_task_info",
                 "What the newest of the tasks that failed was, and the code of its error. For an hour the "
                 "whole reason stands on the status page; it is logged once.",
                 METRIC_GAUGE, "code,index,task"},
	{0},
};

/* `finished`: the metric that tells when the newest was finished. */
static const struct {
	const char *status, *path;
	int finished;
} queries[] = {
	{"enqueued", "/tasks?statuses=enqueued&limit=1&reverse=true"},
	{"processing", "/tasks?statuses=processing&limit=0"},
	{"succeeded", "/tasks?statuses=succeeded&limit=1", LAST_SUCCEEDED},
	{"failed", "/tasks?statuses=failed&limit=1", LAST_FAILED},
	{"canceled", "/tasks?statuses=canceled&limit=0"},
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static double seconds_since(struct probe *p, double time)
{
	struct timespec now;

	p->kernel->clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - time;
}

static void add_age(struct probe *p, struct sample_set *set, const json_t *task)
{
	double enqueued, age = 0;

	if (task && !utc_parse(text_of(task, "enqueuedAt"), &enqueued))
		return;
	if (task)
		age = seconds_since(p, enqueued);
	sample_add(set, &metrics[OLDEST_ENQUEUED], age > 0 ? age : 0, NO_LABELS);
}

/* Codes are words of the server's own, such as invalid_document_id; nothing else becomes a label. */
static const char *code_of(const json_t *error)
{
	const char *code = text_of(error, "code");
	size_t len = strspn(code, "abcdefghijklmnopqrstuvwxyz_");

	return len && len <= 64 && !code[len] ? code : "other";
}

static void add_failure(struct probe *p, struct sample_set *set, const json_t *task)
{
	const json_t *error = json_object_get(task, "error");
	const char *index = text_of(task, "indexUid"), *kind = text_of(task, "type");
	const char *finished = text_of(task, "finishedAt");
	double when;

	sample_add(set, &metrics[LAST_FAILED_INFO], 1,
	           LABELS({"code", code_of(error)}, {"index", index}, {"task", kind}));
	if (utc_parse(finished, &when) && seconds_since(p, when) < RECENT_SECONDS)
		err_set(p->note, "task %lld, %.40s of index %.40s, failed at %.30s: %s",
		        json_integer_value(json_object_get(task, "uid")), kind, index, finished,
		        text_of(error, "message"));
}

static int add_status(struct probe *p, size_t i, struct sample_set *set, struct err *err)
{
	struct meilisearch_request ask = {.path = queries[i].path, .action = "tasks.get"};
	json_t *json CLEANUP_JSON = meilisearch_ask(p, &ask, err);
	const json_t *task = json_array_get(json_object_get(json, "results"), 0);
	double total, finished;

	if (!json)
		return -1;
	if (!meilisearch_number(json, "total", &total))
		return meilisearch_strange(p, &ask, err);
	sample_add(set, &metrics[NB_TASKS], total, LABELS({"kind", "statuses"}, {"value", queries[i].status}));
	if (i == 0)
		add_age(p, set, task);
	if (queries[i].finished && task && utc_parse(text_of(task, "finishedAt"), &finished))
		sample_add(set, &metrics[queries[i].finished], finished, NO_LABELS);
	if (queries[i].finished == LAST_FAILED && task)
		add_failure(p, set, task);
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		if (add_status(p, i, set, err) < 0)
			return -1;
	return 0;
}

const struct collector collector_meilisearch_tasks = {
	.name = "tasks",
	.help = "The queue of tasks, and why the last one failed.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
