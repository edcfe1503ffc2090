/* Replays a fuzz target's corpus as TAP: fuzz/corpus/NAME/ for the program NAME. A crash, a leak or
 * a sanitizer report is the failure. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
play(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (file == NULL)
		return -1;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	data = malloc(size > 0 ? (size_t)size : 1); /* of the very size: reading past it is seen */
	if (data == NULL || size < 0 || fread(data, 1, (size_t)size, file) != (size_t)size)
		return -1;
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/'), *top = getenv("TOP");
	char folder[2048], path[4096];
	unsigned count = 0;
	DIR *dir;

	(void)argc;
	snprintf(folder, sizeof folder, "%s/fuzz/corpus/%s", top != NULL ? top : ".",
	    name != NULL ? name + 1 : argv[0]);
	dir = opendir(folder);
	if (dir == NULL) {
		printf("1..1\nnot ok 1 - no corpus %s\n", folder);
		return 1;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (play(path) != 0)
			printf("not ok %u - %s cannot be read\n", ++count, entry->d_name);
		else
			printf("ok %u - %s\n", ++count, entry->d_name);
	}
	closedir(dir);
	if (count == 0)
		printf("not ok %u - the corpus is empty\n", ++count);
	printf("1..%u\n", count);
	return 0;
}
