// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's first process: sets the machine up, runs /test/run, searches the kernel's
 * log, and only then writes to the verdict port whether everything was well.
 *
 * Without that last line the host reports a failure, so whatever goes wrong here may simply
 * end in a panic.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The default; VERDICT_PORT=... on the kernel's command line names another. */
#define VERDICT_PORT "/dev/ttyS1"
#define TEST	     "/test/run"
#define MAX_CASES    64
#define MAX_SHOWN    20

/*
 * The kernel's taints for a module that is out of tree and not signed, and for a test in the
 * kernel (KUnit).
 */
#define EXPECTED_TAINT ((1UL << 12) | (1UL << 13) | (1UL << 18))

/*
 * What the kernel logs when something is wrong. A process that dies of a signal is as bad:
 * none of the tests' processes should.
 */
static const char *const bad_news[] = {
	"WARNING:",
	"BUG:",
	"kernel BUG at",
	"Oops",
	"general protection",
	"INFO: task",
	"rcu: INFO:",
	"INFO: rcu",
	"soft lockup",
	"hard LOCKUP",
	"Call Trace:",
	"scheduling while atomic",
	"sleeping function called",
	"unregister_netdevice: waiting",
	"segfault at",
	"traps:",
	"refcount_t:",
	"list_add corruption",
	"list_del corruption",
	"Objects remaining",
	"still has objects",
	"leaked",
	"possible circular locking",
	"bad page",
	"Bad page",
	"nobody cared",
	"Out of memory:",
	"page allocation failure",
};

/*
 * Contains one of them, and is none: a test that injects failures has hit the page fault of a
 * process, which is tried again (mm/oom_kill.c, pagefault_out_of_memory()). Real lack of memory
 * says "Out of memory:".
 */
static const char *const no_news = "Huh VM_FAULT_OOM leaked out to the #PF handler";

static FILE *port;
static char reason[512];

/* Only the first reason counts; later ones are often its consequences. */
__attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list args;

	if (reason[0])
		return;
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void panic(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	power_off();
}

static void mount_at(const char *type, const char *path)
{
	mkdir(path, 0755);
	if (mount(type, path, type, 0, NULL) && errno != EBUSY)
		panic(path);
}

/* udev would make these links; bash's <(...) and many scripts need them. */
static void link_descriptors(void)
{
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("fd/0", "/dev/stdin") ||
	    symlink("fd/1", "/dev/stdout") || symlink("fd/2", "/dev/stderr"))
		panic("/dev/fd");
}

static void mount_filesystems(void)
{
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("tracefs", "/sys/kernel/tracing");
	mount_at("tmpfs", "/dev/shm");
	mount_at("tmpfs", "/tmp");
	mount_at("tmpfs", "/run");
	chmod("/tmp", 01777);
	link_descriptors();
}

/* Raw, so that the host gets the lines unchanged. */
static void open_verdict_port(void)
{
	const char *path = getenv("VERDICT_PORT") ?: VERDICT_PORT;
	struct termios mode;
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &mode))
		panic(path);
	cfmakeraw(&mode);
	tcsetattr(fd, TCSANOW, &mode);
	port = fdopen(fd, "w");
	if (!port)
		panic("fdopen");
	setlinebuf(port);
}

static void set_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		panic("setting lo up");
	close(fd);
}

static void set_environment(void)
{
	clearenv();
	setenv("PATH", "/usr/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 1);
	sethostname("guest", 5);
}

static void read_file(const char *path, char *buffer, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t got = file ? fread(buffer, 1, size - 1, file) : 0;

	if (!got)
		panic(path);
	buffer[got] = '\0';
	fclose(file);
}

/*
 * The names of the cases to run follow "--" on the kernel's command line.
 * They are not read from argv, where the kernel puts every word that it does not know.
 */
static void find_cases(char *command_line, size_t size, char *cases[])
{
	char *rest;
	int count = 1;

	read_file("/proc/cmdline", command_line, size);
	rest = strstr(command_line, " -- ");
	rest = rest ? strtok(rest + strlen(" -- "), " \n") : NULL;
	for (; rest && count < MAX_CASES; rest = strtok(NULL, " \n"))
		cases[count++] = rest;
	cases[count] = NULL;
}

static void exec_test(void)
{
	static char command_line[4096];
	char *argv[MAX_CASES + 1] = { TEST };

	find_cases(command_line, sizeof(command_line), argv);
	setsid();
	close(STDIN_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO ||
	    dup2(fileno(port), STDOUT_FILENO) < 0 || chdir("/test"))
		_exit(127);
	execv(TEST, argv);
	perror("init: " TEST);
	_exit(127);
}

static void run_test(void)
{
	int status;
	pid_t ended, test = fork();

	if (test < 0)
		panic("fork");
	if (test == 0)
		exec_test();
	/* Orphans become init's children, too. */
	do
		ended = wait(&status);
	while (ended != test);
	if (WIFSIGNALED(status))
		fail("%s was killed by signal %d", TEST, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		fail("%s ended with exit status %d", TEST, WEXITSTATUS(status));
}

/* Nothing may hold the module any more, and the log of its unloading is checked, too. */
static void clear_up(void)
{
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
	if (syscall(SYS_delete_module, "sendtrace", O_NONBLOCK) && errno != ENOENT)
		fail("sendtrace could not be unloaded after all processes had ended: %s",
		     strerror(errno));
}

static bool is_bad_news(const char *line)
{
	size_t i;

	if (strstr(line, no_news))
		return false;
	for (i = 0; i < sizeof(bad_news) / sizeof(bad_news[0]); i++)
		if (strstr(line, bad_news[i]))
			return true;
	return false;
}

/* A record is "priority,sequence,time,flags;text". Skipped sequence numbers are lost records. */
static void check_record(char *record, unsigned long *expected, int *shown)
{
	char *text = strchr(record, ';');
	unsigned long sequence;

	if (!text || sscanf(record, "%*u,%lu", &sequence) != 1)
		return fail("/dev/kmsg: expected a record, not '%s'", record);
	if (sequence != *expected)
		fail("the kernel's log has lost records %lu to %lu", *expected,
		     sequence - 1);
	*expected = sequence + 1;
	text[strcspn(text, "\n")] = '\0';
	if (!is_bad_news(++text))
		return;
	fail("the kernel said: %s", text);
	if ((*shown)++ < MAX_SHOWN)
		fprintf(port, "# kernel: %s\n", text);
}

static void scan_kernel_log(void)
{
	static char record[16384];
	unsigned long expected = 0;
	int shown = 0, fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ssize_t size;

	if (fd < 0)
		panic("/dev/kmsg");
	for (;;) {
		size = read(fd, record, sizeof(record) - 1);
		if (size < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (size <= 0)
			break;
		record[size] = '\0';
		check_record(record, &expected, &shown);
	}
	if (size == 0 || errno != EAGAIN)
		fail("/dev/kmsg could not be read to its end");
	close(fd);
}

static void check_taint(void)
{
	char text[32];
	unsigned long taint;

	read_file("/proc/sys/kernel/tainted", text, sizeof(text));
	taint = strtoul(text, NULL, 10) & ~EXPECTED_TAINT;
	if (taint)
		fail("the kernel is tainted: %#lx (see tainted-kernels in its admin guide)",
		     taint);
}

static void give_verdict(void)
{
	if (reason[0])
		fprintf(port, "\nsendtrace-verdict: failure %s\n", reason);
	else
		fprintf(port, "\nsendtrace-verdict: success\n");
	tcdrain(fileno(port));
}

int main(void)
{
	if (getpid() != 1) {
		fprintf(stderr, "init: this is the first process of a virtual machine\n");
		return 1;
	}
	mount_filesystems();
	open_verdict_port();
	set_environment();
	set_loopback_up();
	run_test();
	clear_up();
	scan_kernel_log();
	check_taint();
	give_verdict();
	power_off();
	return 0;
}
