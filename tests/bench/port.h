#ifndef PORT_H
#define PORT_H

/* Where every receiver listens, one at a time. */
#define PORT 8080
#define PORT_TEXT "8080"

#endif
