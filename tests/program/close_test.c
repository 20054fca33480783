/*
 * Standard output that is a regular file is closed, and what close says counts:
 * on a file system of the test that takes every write, and refuses at the
 * close, as NFS and FUSE may over a quota.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pages.h"
#include "play.h"

/* In the words of glibc or musl. */
#define QUOTA                                                                  \
	"server: close standard output: *uota exceeded; free some space, and " \
	"run it again\n"

enum {
	REQUEST_BYTES = 1 << 20,
	ROOT = 1,
	FILE_NODE = 2,
};

static int device = -1;
static pid_t served_by;
static char folder[64];

static void fill_attributes(struct fuse_attr *attr, uint64_t node)
{
	attr->ino = node;
	attr->mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0644;
	attr->nlink = 1;
}

/* Stores in out what the request is answered with. Returns its length. */
static size_t answer(const struct fuse_in_header *in, void *out)
{
	const struct fuse_write_in *write_in = (const void *)(in + 1);

	if (in->opcode == FUSE_INIT) {
		struct fuse_init_out *init = out;

		init->major = FUSE_KERNEL_VERSION;
		init->minor = FUSE_KERNEL_MINOR_VERSION;
		init->max_write = 131072;
		return sizeof(*init);
	}
	if (in->opcode == FUSE_LOOKUP) {
		struct fuse_entry_out *entry = out;

		entry->nodeid = FILE_NODE;
		fill_attributes(&entry->attr, FILE_NODE);
		return sizeof(*entry);
	}
	if (in->opcode == FUSE_GETATTR || in->opcode == FUSE_SETATTR) {
		fill_attributes(&((struct fuse_attr_out *)out)->attr,
				in->nodeid);
		return sizeof(struct fuse_attr_out);
	}
	if (in->opcode == FUSE_OPEN || in->opcode == FUSE_OPENDIR) {
		((struct fuse_open_out *)out)->fh = 1;
		return sizeof(struct fuse_open_out);
	}
	if (in->opcode == FUSE_WRITE) {
		((struct fuse_write_out *)out)->size = write_in->size;
		return sizeof(struct fuse_write_out);
	}
	return 0;
}

/* What is not known here is told so; a flush, at close, is refused. */
static int error_of(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_INIT:
	case FUSE_LOOKUP:
	case FUSE_GETATTR:
	case FUSE_SETATTR:
	case FUSE_OPEN:
	case FUSE_OPENDIR:
	case FUSE_WRITE:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		return 0;
	case FUSE_FLUSH:
		return -EDQUOT;
	default:
		return -ENOSYS;
	}
}

/* Answers the kernel until the file system is unmounted. */
static void serve(void)
{
	static char request[REQUEST_BYTES];
	const struct fuse_in_header *in = (const void *)request;

	while (read(device, request, sizeof(request)) > 0) {
		struct {
			struct fuse_out_header head;
			char body[256];
		} out = { .head.unique = in->unique };
		size_t len = sizeof(out.head);

		if (in->opcode == FUSE_FORGET || in->opcode == FUSE_INTERRUPT)
			continue;
		out.head.error = error_of(in->opcode);
		if (out.head.error == 0)
			len += answer(in, out.body);
		out.head.len = (uint32_t)len;
		if (write(device, &out, len) == -1)
			break;
	}
}

/*
 * A mount of this process and its children alone. In a chroot, where / may be
 * no mount point, others may see it, until tear_down takes it away.
 */
static bool mount_refusing(void)
{
	char options[96];

	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(folder, sizeof(folder), "%s", getenv("FOLDER"));
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (device == -1 || unshare(CLONE_NEWNS) == -1)
		return false;
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == -1 &&
	    errno != EINVAL)
		return false;
	if (mount("test", folder, "fuse", 0, options) == -1)
		return false;
	served_by = fork();
	if (served_by == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve();
		_exit(0);
	}
	return true;
}

static void needs_refusal(void)
{
	static bool tried;

	if (!tried && !mount_refusing())
		device = -1;
	tried = true;
	skip_without(device != -1, "the right to mount a FUSE file system");
}

static void assert_refused(struct process *server)
{
	struct result result = process_end(server);

	assert_like(result.err, QUOTA);
	assert_int_equal(result.status, 1);
}

static void test_run_fails_if_the_close_does(void **state)
{
	static const char *const modes[] = { "", "-l", "-e", "-n 9" };

	(void)state;
	needs_refusal();
	for (size_t i = 0; i < 4; i++) {
		char script[96];
		struct process server;
		int client;

		snprintf(script, sizeof(script),
			 "exec \"$SERVER\" -p 0 -r 3 %s >\"$FOLDER/file\"",
			 modes[i]);
		server = shell_listen(&port, script);
		client = client_connect(port);
		client_send(client, "hi\n", 3);
		close(client);
		assert_refused(&server);
	}
}

static void test_print_fails_if_the_close_does(void **state)
{
	struct process server;

	(void)state;
	needs_refusal();
	server = shell_start("exec \"$SERVER\" -h >\"$FOLDER/file\"");
	assert_refused(&server);
	server = shell_start("exec \"$SERVER\" -V >\"$FOLDER/file\"");
	assert_refused(&server);
}

/* Where a close can lose nothing it is left to the exit. */
static void test_trace_shows_the_close_of_a_file_alone(void **state)
{
	static const char line[] = "server: close(1) = 0    man 2 close\n";
	static const char *const outputs[] = { ">\"$FOLDER/file\"", "",
					       ">/dev/null" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char script[96];
		struct process server;
		struct result result;
		int client;

		snprintf(script, sizeof(script),
			 "exec \"$SERVER\" -x -p 0 -r 3 %s", outputs[i]);
		server = shell_listen(&port, script);
		client = client_connect(port);
		client_send(client, "hi\n", 3);
		close(client);
		result = process_end(&server);
		assert_int_equal(strstr(result.err, line) != NULL, i == 0);
		assert_int_equal(result.status, 0);
	}
}

static void test_print_into_a_file_is_whole(void **state)
{
	struct process server =
		shell_start("\"$SERVER\" -h >\"$FOLDER/help\" && "
			    "cat \"$FOLDER/help\"");

	(void)state;
	assert_ended(&server, 0, help_text(), "");
}

static int set_up(void **state)
{
	return fill_stream(state) == -1 ? -1 : make_folder(state);
}

static int tear_down(void **state)
{
	if (served_by > 0) {
		umount2(folder, MNT_DETACH);
		wait_status(served_by);
	}
	return remove_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trace_shows_the_close_of_a_file_alone),
		cmocka_unit_test(test_print_into_a_file_is_whole),
		cmocka_unit_test(test_run_fails_if_the_close_does),
		cmocka_unit_test(test_print_fails_if_the_close_does),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
