/* That the default build has the hardening which it asks for. */
#include <elf.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

/* The structures of elf(5), of 32 or 64 bits, as this machine has it. */
typedef ElfW(Ehdr) Ehdr;
typedef ElfW(Phdr) Phdr;
typedef ElfW(Shdr) Shdr;
typedef ElfW(Sym) Sym;
typedef ElfW(Dyn) Dyn;

/* A file in memory. */
struct image {
	const char *bytes;
	size_t len;
};

static struct image program;

static const void *at(const struct image *image, size_t offset, size_t len)
{
	assert_between(offset, 0, image->len);
	assert_between(len, 0, image->len - offset);
	return image->bytes + offset;
}

static const Ehdr *header_of(const struct image *image)
{
	return at(image, 0, sizeof(Ehdr));
}

static struct image image_open(const char *path)
{
	struct image image;
	struct stat status;
	int fd = open(path, O_RDONLY);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &status), 0);
	image.len = (size_t)status.st_size;
	image.bytes = mmap(NULL, image.len, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(image.bytes, MAP_FAILED);
	close(fd);
	return image;
}

static bool is_elf(const struct image *image)
{
	return image->len > sizeof(Ehdr) &&
	       memcmp(image->bytes, ELFMAG, SELFMAG) == 0;
}

static int open_program(void **state)
{
	(void)state;
	program = image_open(getenv("SERVER"));
	return 0;
}

/* The image's table of symbols; NULL where it has none. */
static const Shdr *symbol_table(const struct image *image)
{
	const Ehdr *header = header_of(image);
	const Shdr *sections =
		at(image, header->e_shoff, header->e_shnum * sizeof(Shdr));

	for (size_t i = 0; i < header->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB)
			return sections + i;
	return NULL;
}

/*
 * `make static` puts another program in the place of the default one: it stays
 * where it is loaded, and has no symbols.
 */
static void needs_default_program(void)
{
	skip_without(is_elf(&program) &&
			     (header_of(&program)->e_type != ET_EXEC ||
			      symbol_table(&program) != NULL),
		     "the program of a plain make");
}

/* The program's segment of that number, or NULL where it has fewer. */
static const Phdr *segment(size_t number)
{
	const Ehdr *header = header_of(&program);
	const Phdr *segments =
		at(&program, header->e_phoff, header->e_phnum * sizeof(Phdr));

	return number < header->e_phnum ? segments + number : NULL;
}

/* Asserts that the program has a segment of that type. */
static const Phdr *find_segment(unsigned int type)
{
	size_t i = 0;

	while (segment(i) != NULL && segment(i)->p_type != type)
		i++;
	assert_non_null(segment(i));
	return segment(i);
}

/* What the dynamic section has for tag, 0 if nothing. */
static size_t dynamic_value(long tag)
{
	const Phdr *dynamic = find_segment(PT_DYNAMIC);
	const Dyn *entries = at(&program, dynamic->p_offset, dynamic->p_filesz);

	for (size_t i = 0; i < dynamic->p_filesz / sizeof(*entries); i++)
		if (entries[i].d_tag == tag)
			return entries[i].d_un.d_val;
	return 0;
}

static void test_program_runs_wherever_it_is_loaded(void **state)
{
	(void)state;
	needs_default_program();
	assert_int_equal(header_of(&program)->e_type, ET_DYN);
	assert_int_equal(dynamic_value(DT_FLAGS_1) & DF_1_PIE, DF_1_PIE);
}

static void test_program_protects_what_it_has_bound(void **state)
{
	(void)state;
	needs_default_program();
	find_segment(PT_GNU_RELRO);
	assert_int_equal(dynamic_value(DT_FLAGS) & DF_BIND_NOW, DF_BIND_NOW);
}

static void test_program_has_a_stack_that_is_not_executed(void **state)
{
	(void)state;
	needs_default_program();
	assert_int_equal(find_segment(PT_GNU_STACK)->p_flags & PF_X, 0);
}

static void test_program_writes_to_nothing_that_is_executed(void **state)
{
	(void)state;
	needs_default_program();
	for (size_t i = 0; segment(i) != NULL; i++)
		assert_int_not_equal(segment(i)->p_flags & (PF_W | PF_X),
				     PF_W | PF_X);
}

/* Whether a symbol of the object is like a pattern of glob(7). */
static bool refers_to(const struct image *object, const char *pattern)
{
	const Ehdr *header = header_of(object);
	const Shdr *sections = at(object, header->e_shoff, sizeof(Shdr));
	const Shdr *table = symbol_table(object);
	const Sym *symbols;
	const char *names;

	assert_non_null(table);
	symbols = at(object, table->sh_offset, table->sh_size);
	assert_between(table->sh_link, 1, header->e_shnum - 1);
	names = at(object, sections[table->sh_link].sh_offset, 1);
	for (size_t i = 0; i < table->sh_size / sizeof(*symbols); i++)
		if (fnmatch(pattern, names + symbols[i].st_name, 0) == 0)
			return true;
	return false;
}

/*
 * A C library that is linked in brings these names along for itself. So the
 * objects that the program was linked of are asked, two folders up from here.
 */
static void assert_object_refers_to(const char *name, const char *pattern)
{
	char self[PATH_MAX] = "", path[PATH_MAX + 64];
	struct image object;

	assert_int_not_equal(readlink("/proc/self/exe", self, sizeof(self) - 1),
			     -1);
	snprintf(path, sizeof(path), "%s/../../%s", dirname(self), name);
	skip_without(access(path, R_OK) == 0,
		     "the objects of ./server, which is older than build/");
	object = image_open(path);
	skip_without(is_elf(&object) && !refers_to(&object, "__gnu_lto_slim"),
		     "machine code in the objects, which -flto leaves out");
	if (!refers_to(&object, pattern))
		fail_msg("%s does without %s", path, pattern);
	munmap((void *)(uintptr_t)object.bytes, object.len);
}

static void test_code_guards_its_stack(void **state)
{
	(void)state;
	needs_default_program();
	assert_object_refers_to("report.o", "__stack_chk_fail*");
	/* It has no array: the strong protector alone guards it. */
	assert_object_refers_to("deadline.o", "__stack_chk_fail*");
}

/* This test is built with the same CFLAGS as the program. */
static bool has_fortify(void)
{
#if defined(__GLIBC__) && defined(__OPTIMIZE__)
	return true;
#else
	return false;
#endif
}

static void test_code_calls_what_fortify_checks(void **state)
{
	(void)state;
	needs_default_program();
	skip_without(has_fortify(), "FORTIFY, which takes glibc and -O1");
	/* Which of them is up to the compiler and its headers. */
	assert_object_refers_to("report.o", "__*printf_chk");
	assert_object_refers_to("listener.o", "__*printf_chk");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_runs_wherever_it_is_loaded),
		cmocka_unit_test(test_program_protects_what_it_has_bound),
		cmocka_unit_test(test_program_has_a_stack_that_is_not_executed),
		cmocka_unit_test(
			test_program_writes_to_nothing_that_is_executed),
		cmocka_unit_test(test_code_guards_its_stack),
		cmocka_unit_test(test_code_calls_what_fortify_checks),
	};

	return cmocka_run_group_tests(tests, open_program, NULL);
}
