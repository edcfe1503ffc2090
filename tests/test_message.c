#include <criterion/criterion.h>

Test(stub, links)
{
}
