/* A standby's receiver of WAL; a primary has none. */
#include "exporters/postgres/common_sql.h"

#define ID "slot_name,status,upstream_host"

static const struct metric_desc metrics[] = {
	{"pg_stat_wal_receiver_receive_start_lsn", "Where the WAL that was received since the receiver's start begins.",
         METRIC_COUNTER, ID},
	{"pg_stat_wal_receiver_receive_start_tli", "Timeline at the receiver's start.", METRIC_GAUGE, ID},
	{"pg_stat_wal_receiver_flushed_lsn", "Up to where WAL is received and on disk.", METRIC_COUNTER, ID},
	{"pg_stat_wal_receiver_received_tli", "Timeline of the WAL that was received last.", METRIC_GAUGE, ID},
	{"pg_stat_wal_receiver_last_msg_send_time", "When the upstream sent its last message, in seconds since 1970.",
         METRIC_COUNTER, ID},
	{"pg_stat_wal_receiver_last_msg_receipt_time", "When that message came, in seconds since 1970.", METRIC_COUNTER,
         ID},
	{"pg_stat_wal_receiver_latest_end_lsn", "Up to where WAL was last reported to the upstream.", METRIC_COUNTER,
         ID},
	{"pg_stat_wal_receiver_latest_end_time", "When that was, in seconds since 1970.", METRIC_COUNTER, ID},
	SQL_METRICS,
	{0},
};

#define SELECT_WITH(flushed)                                                                                           \
	"SELECT sender_host AS upstream_host, slot_name, status, receive_start_lsn - '0/0' AS receive_start_lsn, "     \
	"receive_start_tli, " flushed                                                                                  \
	" - '0/0' AS flushed_lsn, received_tli, "                                                                      \
	"extract(epoch FROM last_msg_send_time) AS last_msg_send_time, "                                               \
	"extract(epoch FROM last_msg_receipt_time) AS last_msg_receipt_time, "                                         \
	"latest_end_lsn - '0/0' AS latest_end_lsn, extract(epoch FROM latest_end_time) AS latest_end_time "            \
	"FROM pg_stat_wal_receiver WHERE status IS NOT NULL"

static const struct sql_query queries[] = {
	{"wal_receiver_12", 0, 130000, SELECT_WITH("received_lsn")},
	{"wal_receiver", 130000, 0, SELECT_WITH("flushed_lsn")},
	{0},
};

static const struct sql_table table = {"pg_stat_wal_receiver_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_stat_wal_receiver = {
	.name = "stat_wal_receiver",
	.help = "What a standby receives from its upstream.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
