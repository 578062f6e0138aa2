/* Sockets that murre opens for the program: --listen=HOST:PORT. */
#ifndef MURRE_CLI_LISTEN_H
#define MURRE_CLI_LISTEN_H

#include <stdbool.h>

/* Whether text is of the form: HOST is a name, an address or [an address of IPv6]. */
bool cli_listen_argument(const char *text);
/* A socket that listens there, does not block and closes on exec. -1 when there can be none; it has been said. Where the port is 0, the system
 * chooses one, which is said on standard error. */
int cli_listen(const char *text);

#endif
