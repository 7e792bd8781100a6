#include "exporters/postgres/common_pools.h"

const struct field pg_pool_fields[] = {
	{.name = "name",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct pg_pool, name, const char *),
         .help = "What the pool is called in db_pool_*.",
         .required = true},
	F_STRING(struct pg_pool, application_name, NULL,
                 "Its sessions have this application_name, as pg_stat_activity shows it."),
	F_STRING(struct pg_pool, user, NULL, "Its sessions belong to this role."),
	F_STRING(struct pg_pool, database, NULL, "Its sessions are in this database; any where this is not given."),
	F_INT(struct pg_pool, max, NULL, "The most connections that the application's pool may open; 0: not told.", 0,
              100000),
	{0},
};

int pg_pool_check(const struct field *f, const struct list *pools, size_t i, struct err *err)
{
	const struct pg_pool *pool = (const struct pg_pool *)pools->items + i;

	(void)f;
	if (pool->application_name || pool->user)
		return 0;
	return err_set(err, "nothing tells its sessions; give application_name, user or both");
}
