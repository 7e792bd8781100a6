"""What the community's dashboards ask for: names of metrics and the labels they group by, of Node Exporter Full, the mixins
of node_exporter, postgres_exporter and pgbouncer_exporter, the postgres observability library, cAdvisor's usual dashboards
and MinIO's. `name` or `name{label,label}`."""

ASKED = {
    "Node Exporter Full": """
        node_arp_entries node_boot_time_seconds node_context_switches_total node_cooling_device_cur_state
        node_cooling_device_max_state node_cpu_guest_seconds_total node_cpu_scaling_frequency_hertz
        node_cpu_scaling_frequency_max_hertz node_cpu_scaling_frequency_min_hertz node_cpu_seconds_total{mode}
        node_disk_discard_time_seconds_total node_disk_discarded_sectors_total node_disk_discards_completed_total
        node_disk_discards_merged_total node_disk_flush_requests_time_seconds_total node_disk_flush_requests_total
        node_disk_io_now node_disk_io_time_seconds_total{device} node_disk_io_time_weighted_seconds_total
        node_disk_read_bytes_total{device} node_disk_read_time_seconds_total node_disk_reads_completed_total{device}
        node_disk_reads_merged_total node_disk_write_time_seconds_total node_disk_writes_completed_total{device}
        node_disk_writes_merged_total node_disk_written_bytes_total{device} node_entropy_available_bits
        node_entropy_pool_size_bits node_filefd_allocated node_filefd_maximum
        node_filesystem_avail_bytes{device,fstype,mountpoint} node_filesystem_device_error{device,fstype}
        node_filesystem_files{device} node_filesystem_files_free{device} node_filesystem_free_bytes{device}
        node_filesystem_readonly{device} node_filesystem_size_bytes{device,fstype,mountpoint} node_forks_total
        node_hwmon_chip_names node_hwmon_fan_min_rpm node_hwmon_fan_rpm node_hwmon_temp_celsius
        node_hwmon_temp_crit_alarm_celsius node_hwmon_temp_crit_celsius node_hwmon_temp_crit_hyst_celsius
        node_hwmon_temp_max_celsius node_interrupts_total node_intr_total node_kernel_hung_tasks node_load1 node_load15
        node_load5 node_network_carrier node_network_mtu_bytes node_network_receive_bytes_total
        node_network_receive_compressed_total node_network_receive_drop_total node_network_receive_errs_total
        node_network_receive_fifo_total node_network_receive_frame_total node_network_receive_multicast_total
        node_network_receive_nohandler_total node_network_receive_packets_total node_network_speed_bytes
        node_network_transmit_bytes_total node_network_transmit_carrier_total node_network_transmit_colls_total
        node_network_transmit_compressed_total node_network_transmit_drop_total node_network_transmit_errs_total
        node_network_transmit_fifo_total node_network_transmit_packets_total node_network_up{operstate}
        node_nf_conntrack_entries node_nf_conntrack_entries_limit node_power_supply_online
        node_pressure_cpu_waiting_seconds_total node_pressure_io_stalled_seconds_total
        node_pressure_io_waiting_seconds_total node_pressure_irq_stalled_seconds_total
        node_pressure_memory_stalled_seconds_total node_pressure_memory_waiting_seconds_total node_processes_max_processes
        node_processes_max_threads node_processes_pids node_processes_state node_processes_threads node_procs_blocked
        node_procs_running node_schedstat_running_seconds_total node_schedstat_timeslices_total
        node_schedstat_waiting_seconds_total node_scrape_collector_duration_seconds node_scrape_collector_success
        node_sockstat_sockets_used node_softnet_dropped_total node_softnet_flow_limit_count_total
        node_softnet_processed_total node_softnet_received_rps_total node_softnet_times_squeezed_total
        node_systemd_socket_accepted_connections_total node_systemd_socket_current_connections
        node_systemd_socket_refused_connections_total node_systemd_units{state} node_tcp_connection_states{state}
        node_textfile_scrape_error node_time_seconds node_timex_estimated_error_seconds
        node_timex_frequency_adjustment_ratio node_timex_loop_time_constant node_timex_maxerror_seconds
        node_timex_offset_seconds node_timex_pps_calibration_total node_timex_pps_error_total
        node_timex_pps_frequency_hertz node_timex_pps_jitter_seconds node_timex_pps_jitter_total
        node_timex_pps_shift_seconds node_timex_pps_stability_exceeded_total node_timex_pps_stability_hertz
        node_timex_sync_status node_timex_tai_offset_seconds node_timex_tick_seconds node_udp_queues{ip,queue}
        node_uname_info{nodename} node_vmstat_oom_kill node_vmstat_pgfault node_vmstat_pgmajfault node_vmstat_pgpgin
        node_vmstat_pgpgout node_vmstat_pswpin node_vmstat_pswpout""",
    "node-mixin": """
        node_bonding_active node_bonding_slaves node_md_disks{state} node_md_disks_required
        node_memory_MemAvailable_bytes node_memory_MemTotal_bytes node_memory_Buffers_bytes node_memory_Cached_bytes
        node_systemd_service_restart_total node_systemd_unit_state{state} node_uname_info{sysname}""",
    "postgres_exporter mixin": """
        pg_locks_count pg_replication_is_replica pg_replication_lag pg_replication_slots_active
        pg_settings_autovacuum_vacuum_scale_factor pg_settings_autovacuum_vacuum_threshold pg_settings_max_connections
        pg_settings_max_locks_per_transaction pg_settings_superuser_reserved_connections pg_stat_activity_count
        pg_stat_activity_max_tx_duration pg_stat_bgwriter_buffers_alloc_total
        pg_stat_bgwriter_buffers_backend_fsync_total pg_stat_bgwriter_buffers_backend_total
        pg_stat_bgwriter_buffers_checkpoint_total pg_stat_bgwriter_buffers_clean_total
        pg_stat_bgwriter_checkpoints_req_total pg_stat_bgwriter_checkpoints_timed_total pg_stat_database_blks_hit{datname}
        pg_stat_database_blks_read{datname} pg_stat_database_conflicts{datname} pg_stat_database_deadlocks{datname}
        pg_stat_database_numbackends{datname} pg_stat_database_tup_deleted{datname} pg_stat_database_tup_fetched{datname}
        pg_stat_database_tup_inserted{datname} pg_stat_database_tup_returned{datname}
        pg_stat_database_tup_updated{datname} pg_stat_database_xact_commit{datname}
        pg_stat_database_xact_rollback{datname} pg_stat_user_tables_n_dead_tup pg_stat_user_tables_n_live_tup""",
    "postgres observability library": """
        pg_database_size_bytes pg_locks_count{granted} pg_locks_count{mode} pg_long_running_transactions pg_postmaster_start_time_seconds
        pg_replication_lag_seconds pg_stat_activity_count{state} pg_stat_activity_max_tx_duration{state}
        pg_stat_archiver_failed_count pg_stat_bgwriter_maxwritten_clean_total pg_stat_database_temp_bytes
        pg_stat_replication_pg_current_wal_lsn_bytes pg_stat_replication_pg_wal_lsn_diff{state} pg_stat_statements_calls_total
        pg_stat_statements_rows_total pg_stat_statements_seconds_total pg_stat_user_tables_idx_scan
        pg_stat_user_tables_last_autoanalyze pg_stat_user_tables_last_autovacuum pg_stat_user_tables_seq_scan
        pg_statio_user_indexes_idx_blks_hit_total pg_statio_user_indexes_idx_blks_read_total""",
    "pgbouncer mixin": """
        pgbouncer_config_max_client_connections pgbouncer_config_max_user_connections
        pgbouncer_databases_current_connections pgbouncer_databases_max_connections{database}
        pgbouncer_pools_client_active_connections{database} pgbouncer_pools_client_maxwait_seconds{database}
        pgbouncer_pools_client_waiting_connections{database} pgbouncer_pools_server_active_connections{database}
        pgbouncer_pools_server_idle_connections{database} pgbouncer_pools_server_login_connections{database}
        pgbouncer_pools_server_testing_connections{database} pgbouncer_pools_server_used_connections{database}
        pgbouncer_stats_queries_duration_seconds_total{database} pgbouncer_stats_queries_pooled_total{database}
        pgbouncer_stats_received_bytes_total{database} pgbouncer_stats_sent_bytes_total{database}
        pgbouncer_stats_server_in_transaction_seconds_total{database}
        pgbouncer_stats_sql_transactions_pooled_total{database}""",
    "dockprom and the docker mixin": """
        container_cpu_usage_seconds_total{image,name} container_cpu_user_seconds_total{image} container_fs_reads_total{name}
        container_fs_usage_bytes{name} container_fs_writes_total{name} container_last_seen{name}
        container_memory_cache{image} container_memory_usage_bytes{image,name}
        container_network_receive_bytes_total{image,name} container_network_receive_errors_total{name}
        container_network_receive_packets_dropped_total{name} container_network_transmit_bytes_total{image,name}
        container_network_transmit_errors_total{name} container_network_transmit_packets_dropped_total{name}
        container_spec_memory_reservation_limit_bytes{name} machine_cpu_cores machine_memory_bytes""",
    "MinIO's": """
        minio_disks_offline minio_disks_total minio_version_info minio_cluster_capacity_usable_free_bytes
        minio_s3_requests_total{api} minio_s3_traffic_received_bytes minio_s3_traffic_sent_bytes""",
}

# What has no data here. The machine of the tests may have the first ones: then they are data.
NOT_ON_EVERY_MACHINE = {
    "node_cooling_device_|node_hwmon_|node_power_supply_": "virtual machines have no sensors",
    "node_cpu_scaling_|node_cpu_guest_": "the processor's clock and guests are the host's",
    "node_bonding_|node_md_": "no bonded interfaces, no software RAID",
    "node_arp_entries|node_nf_conntrack_": "needs a neighbour, or connection tracking in the kernel",
    "node_network_speed_bytes|node_pressure_irq_|node_kernel_hung_tasks|node_network_up": "not from every driver and kernel",
    "node_processes_|node_interrupts_|node_tcp_connection_states": "off by default, as in node_exporter: collectors.enable",
    "node_schedstat_": "not in every kernel",
    "pg_replication_slots_active": "there is no replication slot",
}
NOT_OURS = {
    "node_systemd_": "the agent speaks to no D-Bus",
    "container_fs_usage_bytes": "only a walk through all files of a container would tell",
    "pg_replication_lag$": "its older name; pg_replication_lag_seconds is there",
    "pg_stat_replication_": "the server has no replica",
    "pg_stat_statements_": "the extension is not installed in the server of the tests",
    "pg_statio_user_indexes_": "off by default, as in postgres_exporter",
    "minio_disks_|minio_version_info": "of MinIO before version 2 of its metrics",
    "pg_locks_count{granted}": "postgres_exporter tells no such label either",
}
