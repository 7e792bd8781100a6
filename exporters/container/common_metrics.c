/* Every family of containers. Names and meanings are cAdvisor's, but for vedette_*. */
#include "exporters/container/common_container.h"

#define ID                                                                                                             \
	"container_label_com_docker_compose_project,container_label_com_docker_compose_service,"                       \
	"container_label_org_label_schema_group,id,image,name"

const struct metric_desc container_metrics[] = {
	[CPU_USAGE] = {"container_cpu_usage_seconds_total", "Processor time used.", METRIC_COUNTER, ID ",cpu"},
	[CPU_USER] = {"container_cpu_user_seconds_total", "Processor time used outside the kernel.", METRIC_COUNTER,
                      ID},
	[CPU_SYSTEM] = {"container_cpu_system_seconds_total", "Processor time used in the kernel.", METRIC_COUNTER, ID},
	[CFS_PERIODS] = {"container_cpu_cfs_periods_total", "Periods of its processor limit that have passed.",
                         METRIC_COUNTER, ID},
	[CFS_THROTTLED_PERIODS] = {"container_cpu_cfs_throttled_periods_total",
                                   "Periods in which it was held back by its processor limit.", METRIC_COUNTER, ID},
	[CFS_THROTTLED] = {"container_cpu_cfs_throttled_seconds_total",
                           "Time for which it was held back by its processor limit.", METRIC_COUNTER, ID},
	[SPEC_CPU_PERIOD] = {"container_spec_cpu_period", "Period of its processor limit, in microseconds.",
                             METRIC_GAUGE, ID},
	[SPEC_CPU_QUOTA] = {"container_spec_cpu_quota", "Processor time that it may use in a period, in microseconds.",
                            METRIC_GAUGE, ID},
	[MEMORY_USAGE] = {"container_memory_usage_bytes", "Memory in use, with the page cache.", METRIC_GAUGE, ID},
	[MEMORY_WORKING_SET] = {"container_memory_working_set_bytes",
                                "Memory in use without page cache that lies idle: what counts against the limit.",
                                METRIC_GAUGE, ID},
	[MEMORY_RSS] = {"container_memory_rss", "Anonymous memory, in bytes.", METRIC_GAUGE, ID},
	[MEMORY_CACHE] = {"container_memory_cache", "Page cache, in bytes.", METRIC_GAUGE, ID},
	[MEMORY_MAPPED] = {"container_memory_mapped_file", "Files mapped into memory, in bytes.", METRIC_GAUGE, ID},
	[MEMORY_KERNEL] = {"container_memory_kernel_usage", "Memory that the kernel uses for it, in bytes.",
                           METRIC_GAUGE, ID},
	[MEMORY_ACTIVE_FILE] = {"container_memory_total_active_file_bytes", "Page cache that is in use.", METRIC_GAUGE,
                                ID},
	[MEMORY_INACTIVE_FILE] = {"container_memory_total_inactive_file_bytes", "Page cache that lies idle.",
                                  METRIC_GAUGE, ID},
	[MEMORY_SWAP] = {"container_memory_swap", "Swap in use, in bytes.", METRIC_GAUGE, ID},
	[MEMORY_PEAK] = {"container_memory_max_usage_bytes", "The most memory that was ever in use.", METRIC_GAUGE, ID},
	[MEMORY_FAILCNT] = {"container_memory_failcnt", "Times that the memory limit was hit.", METRIC_COUNTER, ID},
	[MEMORY_FAILURES] = {"container_memory_failures_total", "Page faults.", METRIC_COUNTER,
                             ID ",failure_type,scope"},
	[SPEC_MEMORY] = {"container_spec_memory_limit_bytes", "Memory limit; 0: none.", METRIC_GAUGE, ID},
	[SPEC_MEMORY_SWAP] = {"container_spec_memory_swap_limit_bytes", "Swap limit; 0: none.", METRIC_GAUGE, ID},
	[SPEC_MEMORY_RESERVATION] = {"container_spec_memory_reservation_limit_bytes",
                                     "Memory that is kept for it whatever others need; 0: none.", METRIC_GAUGE, ID},
	[OOM_EVENTS] = {"container_oom_events_total", "Processes that were killed for want of memory.", METRIC_COUNTER,
                        ID},
	[THREADS] = {"container_threads", "Threads.", METRIC_GAUGE, ID},
	[THREADS_MAX] = {"container_threads_max", "Limit of threads; 0: none.", METRIC_GAUGE, ID},
	[FS_READ_BYTES] = {"container_fs_reads_bytes_total", "Bytes read from a disk.", METRIC_COUNTER, ID ",device"},
	[FS_WRITE_BYTES] = {"container_fs_writes_bytes_total", "Bytes written to a disk.", METRIC_COUNTER,
                            ID ",device"},
	[FS_READS] = {"container_fs_reads_total", "Reads from a disk.", METRIC_COUNTER, ID ",device"},
	[FS_WRITES] = {"container_fs_writes_total", "Writes to a disk.", METRIC_COUNTER, ID ",device"},
	[PRESSURE_CPU_WAITING] = {"container_pressure_cpu_waiting_seconds_total",
                                  "Time in which some task waited for a processor.", METRIC_COUNTER, ID},
	[PRESSURE_CPU_STALLED] = {"container_pressure_cpu_stalled_seconds_total",
                                  "Time in which all tasks waited for a processor.", METRIC_COUNTER, ID},
	[PRESSURE_IO_WAITING] = {"container_pressure_io_waiting_seconds_total",
                                 "Time in which some task waited for I/O.", METRIC_COUNTER, ID},
	[PRESSURE_IO_STALLED] = {"container_pressure_io_stalled_seconds_total",
                                 "Time in which all tasks waited for I/O.", METRIC_COUNTER, ID},
	[PRESSURE_MEMORY_WAITING] = {"container_pressure_memory_waiting_seconds_total",
                                     "Time in which some task waited for memory.", METRIC_COUNTER, ID},
	[PRESSURE_MEMORY_STALLED] = {"container_pressure_memory_stalled_seconds_total",
                                     "Time in which all tasks waited for memory.", METRIC_COUNTER, ID},
	[NETWORK_RECEIVE] = {"container_network_receive_bytes_total", "Bytes received.", METRIC_COUNTER,
                             ID ",interface"},
	{"container_network_receive_packets_total", "Packets received.", METRIC_COUNTER, ID ",interface"},
	{"container_network_receive_errors_total", "Errors while receiving.", METRIC_COUNTER, ID ",interface"},
	{"container_network_receive_packets_dropped_total", "Received packets that were dropped.", METRIC_COUNTER,
         ID ",interface"},
	{"container_network_transmit_bytes_total", "Bytes sent.", METRIC_COUNTER, ID ",interface"},
	{"container_network_transmit_packets_total", "Packets sent.", METRIC_COUNTER, ID ",interface"},
	{"container_network_transmit_errors_total", "Errors while sending.", METRIC_COUNTER, ID ",interface"},
	[NETWORK_LAST] = {"container_network_transmit_packets_dropped_total",
                          "Packets that were dropped instead of sent.", METRIC_COUNTER, ID ",interface"},
	[START_TIME] = {"container_start_time_seconds", "When Docker started it, in seconds since 1970.", METRIC_GAUGE,
                        ID},
	[LAST_SEEN] = {"container_last_seen", "When its cgroup was last seen, in seconds since 1970.", METRIC_GAUGE,
                       ID},
	[RUNNING] = {"vedette_container_running",
                     "Whether a container that Docker knows, or that the settings expect, runs.", METRIC_GAUGE, "name"},
	[EXPECTED] = {"vedette_container_expected", "1 for each container that the settings expect to run.",
                      METRIC_GAUGE, "name"},
	[HEALTH] = {"vedette_container_health_status",
                    "1 for what its health check says now (healthy, starting or unhealthy), else 0.", METRIC_GAUGE,
                    "name,status"},
	[RESTARTS] = {"vedette_container_restarts_total", "Times that Docker started it again by its restart policy.",
                      METRIC_COUNTER, "name"},
	[EXIT_CODE] = {"vedette_container_exit_code", "What a container that does not run ended with.", METRIC_GAUGE,
                       "name"},
	{0},
};

void subject_add(struct sample_set *set, struct subject *s, enum container_metric metric, double value,
                 struct label more)
{
	if (s->added && s->more.name == more.name && s->more.value == more.value) {
		sample_add_same(set, &container_metrics[metric], value);
		return;
	}
	s->labels[s->n] = more;
	sample_add(set, &container_metrics[metric], value, s->labels, s->n + (more.name != NULL));
	s->added = true;
	s->more = more;
}
