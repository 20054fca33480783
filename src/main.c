#include "receiver.h"

int main(void)
{
	return (int)receiver_run("0.0.0.0", 8080);
}
