/* records: files of records that are read back, one after the other. */
#ifndef COMMAND_RECORDS_H
#define COMMAND_RECORDS_H

#include "report/read.h"

struct records_source {
	record_taken *taken;
	void *arg;
	bool whole; /* values are made of all records (report/read.h) */
	bool quiet; /* what is passed over has been said before */
	const bool *stop; /* there is no use in going on; NULL: never */
	unsigned long records; /* that were taken, of all files */
};

/* What is no record is said and passed over; a file that is cut off has what it has. EXIT_OK, or
 * EXIT_DATA after saying why. */
int records_read_file(struct records_source *source, const char *name);

#endif
