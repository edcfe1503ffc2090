#include "exit_status.h"

int
exit_graver(int a, int b)
{
	return a == EXIT_OK || (b != EXIT_OK && b < a) ? b : a;
}
