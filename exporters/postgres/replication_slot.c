/* Replication slots: what they hold back. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_replication_slot_slot_current_wal_lsn", "Where the WAL is now, for a slot, in bytes since its beginning.",
         METRIC_GAUGE, "slot_name,slot_type"},
	{"pg_replication_slot_slot_confirmed_flush_lsn",
         "Up to where a logical slot's consumer has confirmed, in bytes since the beginning.", METRIC_GAUGE,
         "slot_name,slot_type"},
	{"pg_replication_slot_slot_is_active", "Whether somebody is connected to the slot.", METRIC_GAUGE,
         "slot_name,slot_type"},
	{"pg_replication_slot_safe_wal_size_bytes",
         "WAL that can be written before the slot is in danger of being lost.", METRIC_GAUGE, "slot_name,slot_type"},
	{"pg_replication_slot_wal_status", "State of the files that the slot claims, in its label.", METRIC_GAUGE,
         "slot_name,slot_type,wal_status"},
	{"pg_replication_slots_active", "Whether somebody is connected to the slot, under its older name.",
         METRIC_GAUGE, "database,server,slot_name"},
	{"pg_replication_slots_pg_wal_lsn_diff", "WAL that is kept because of the slot, in bytes.", METRIC_GAUGE,
         "database,server,slot_name"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"replication_slot", 130000, 0,
         "SELECT slot_name, slot_type, active AS slot_is_active, safe_wal_size AS safe_wal_size_bytes, "
         "x.here - '0/0' AS slot_current_wal_lsn, confirmed_flush_lsn - '0/0' AS slot_confirmed_flush_lsn "
         "FROM pg_replication_slots, (SELECT CASE WHEN pg_is_in_recovery() "
         "THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS here) x ORDER BY slot_name"},
	{"replication_slot_12", 0, 130000,
         "SELECT slot_name, slot_type, active AS slot_is_active, "
         "x.here - '0/0' AS slot_current_wal_lsn, confirmed_flush_lsn - '0/0' AS slot_confirmed_flush_lsn "
         "FROM pg_replication_slots, (SELECT CASE WHEN pg_is_in_recovery() "
         "THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS here) x ORDER BY slot_name"},
	{0},
};

static const struct sql_query older_queries[] = {
	{"replication_slots", 0, 0,
         "SELECT slot_name, database, active, x.here - restart_lsn AS pg_wal_lsn_diff FROM pg_replication_slots, "
         "(SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS here) "
         "x "
         "ORDER BY slot_name"},
	{0},
};

static const struct sql_table older = {"pg_replication_slots_", metrics, older_queries};

static const struct sql_query status_queries[] = {
	{"replication_slot_status", 130000, 0,
         "SELECT slot_name, slot_type, wal_status, 1 AS status "
         "FROM pg_replication_slots ORDER BY slot_name"},
	{0},
};

static const struct sql_table status = {"pg_replication_slot_wal_", metrics, status_queries};
static const struct sql_table table = {"pg_replication_slot_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (sql_collect(p, &table, set, err) < 0 || sql_collect(p, &older, set, err) < 0)
		return -1;
	return sql_collect(p, &status, set, err);
}

const struct collector collector_postgres_replication_slot = {
	.name = "replication_slot",
	.help = "Replication slots, and the WAL that they hold back.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
