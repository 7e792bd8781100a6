/* Collects and serves until SIGTERM or SIGINT; SIGHUP reads the settings again.
 *
 * The fleet owns the settings that made it, and frees them when its last lane is idle: a reload need not wait for
 * a lane that hangs. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "command.h"
#include "environment.h"
#include "logs/shipper.h"
#include "logs_page.h"
#include "settings.h"

#define DRAIN_NS       (500 * NS_PER_MS)
#define LOGS_RELOAD_NS (5 * NS_PER_S)

enum { MEMORY_MAX = 256 * 1024 * 1024 };

struct app {
	const struct options *options;
	struct roots roots;
	struct settings *settings; /* owned by the fleet */
	struct fleet *fleet;
	struct shipper *logs; /* NULL: none are configured */
	struct web *web;
	struct reload_state state;
	char reload_error[512];
	int signal_fd;
};

static void release_settings(void *owner)
{
	settings_free(owner);
}

static struct fleet *app_fleet(void *owner)
{
	struct app *app = owner;

	return fleet_ref(app->fleet);
}

static struct reload_state app_state(void *owner)
{
	struct app *app = owner;

	return app->state;
}

static void app_samples(void *owner, struct sample_set *set)
{
	struct app *app = owner;

	if (app->logs)
		shipper_collect(app->logs, set);
}

static void app_section(void *owner, struct arena *a, struct page_section *out)
{
	struct app *app = owner;

	if (app->logs)
		logs_page(app->logs, a, out);
}

static int start_logs(struct app *app, const struct settings *s, struct err *err)
{
	if (!s->logs.sources.n)
		return 0;
	return shipper_start(&app->logs, &s->logs, &s->external_labels, app->options->storage_path, err);
}

/* One state directory, so the old ones end before the new ones begin; they come back where these cannot. */
static int swap_logs(struct app *app, const struct settings *s, struct err *err)
{
	struct err second;

	if (!shipper_stop(app->logs, clock_mono_ns() + LOGS_RELOAD_NS))
		return err_set(err, "the logs' threads do not end; restart the agent");
	app->logs = NULL;
	if (start_logs(app, s, err) == 0)
		return 0;
	if (start_logs(app, app->settings, &second) < 0)
		LOG(ERROR, "logs are not shipped any more", "err", second.text);
	return -1;
}

static void retire(struct fleet *fleet)
{
	fleet_stop(fleet);
	fleet_unref(fleet);
}

static int swap_settings(struct app *app, struct settings *s, struct err *err)
{
	struct fleet *fleet;

	if (fleet_new(&fleet, s->targets, s->n_targets, &app->roots, release_settings, s, err) < 0) {
		settings_free(s);
		return -1;
	}
	if (swap_logs(app, s, err) < 0) {
		retire(fleet);
		return -1;
	}
	if (web_reconfigure(app->web, &s->web, err) < 0) {
		struct err second;

		if (swap_logs(app, app->settings, &second) < 0)
			LOG(ERROR, "logs are not shipped any more", "err", second.text);
		retire(fleet);
		return -1;
	}
	retire(app->fleet);
	app->fleet = fleet;
	app->settings = s;
	return 0;
}

static int load_again(struct app *app, struct err *err)
{
	struct faults faults;
	struct settings *s;
	int rc;

	faults_init(&faults);
	s = settings_load(app->options, &faults);
	rc = s ? swap_settings(app, s, err) : err_set(err, "%s", strtok(faults.text.data, "\n"));
	faults_fini(&faults);
	return rc;
}

static int app_reload(void *owner, struct err *err)
{
	struct app *app = owner;
	int rc = load_again(app, err);

	app->state.successful = rc == 0;
	app->state.error = NULL;
	if (rc < 0) {
		snprintf(app->reload_error, sizeof(app->reload_error), "%s", err->text);
		app->state.error = app->reload_error;
		LOG(ERROR, "the new settings are refused, the old ones stay", "err", err->text);
		return -1;
	}
	app->state.success_time = ns_to_seconds(clock_real_ns());
	LOG(INFO, "settings read again", "file", app->options->config_file);
	return 0;
}

static void app_signal(void *owner)
{
	struct app *app = owner;
	struct signalfd_siginfo info;
	struct err err;

	if (read(app->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP)
		web_stop(app->web);
	else if (app_reload(app, &err) < 0)
		return; /* said already */
}

static int catch_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Lanes keep descriptors open; many machines start services with a soft limit of 1,024. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 4096) {
		limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int start(struct app *app, struct settings *s, struct err *err)
{
	struct web_hooks hooks = {.owner = app,
	                          .fleet = app_fleet,
	                          .reload = app_reload,
	                          .reload_state = app_state,
	                          .samples = app_samples,
	                          .section = app_section,
	                          .watch_fd = app->signal_fd,
	                          .on_watch = app_signal};

	if (fleet_new(&app->fleet, s->targets, s->n_targets, &app->roots, release_settings, s, err) < 0) {
		settings_free(s);
		return -1;
	}
	app->settings = s;
	if (web_new(&app->web, &s->web, &hooks, err) < 0)
		return -1;
	return start_logs(app, s, err);
}

/* A lane may hang in a system call for ever: then the process ends without it. */
static void stop(struct app *app, enum exit_status status)
{
	web_free(app->web);
	if (!shipper_stop(app->logs, clock_mono_ns() + DRAIN_NS))
		_exit(status);
	if (!app->fleet)
		return;
	fleet_stop(app->fleet);
	if (!fleet_drain(app->fleet, clock_mono_ns() + DRAIN_NS))
		_exit(status);
	fleet_unref(app->fleet);
}

/* A database may announce a message of 1 GiB, and libpq makes room for all of it before anybody is asked. The agent
 * itself never comes near this; sanitizers reserve far more. */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) < 0 || limit.rlim_cur < MEMORY_MAX)
		return;
	limit.rlim_cur = MEMORY_MAX;
	setrlimit(RLIMIT_DATA, &limit);
#endif
}

/* What is large goes back to the kernel when it is freed. By itself malloc would soon begin to take it from the heap,
 * where a small block above it keeps it for ever. */
static void set_up_malloc(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

enum exit_status cmd_run(const struct options *o)
{
	struct settings *s = load_or_complain(o);
	struct app app = {.options = o, .roots = options_roots(o)};
	enum exit_status status = EXIT_DONE;
	struct err err;

	if (!s)
		return EXIT_WRONG;
	set_up_malloc();
	raise_descriptor_limit();
	limit_memory();
	app.signal_fd = catch_signals();
	app.state = (struct reload_state){.successful = true, .success_time = ns_to_seconds(clock_real_ns())};
	if (start(&app, s, &err) < 0 || web_run(app.web, &err) < 0) {
		LOG(ERROR, "cannot serve", "err", err.text);
		status = EXIT_WRONG;
	}
	stop(&app, status);
	close(app.signal_fd);
	return status;
}
