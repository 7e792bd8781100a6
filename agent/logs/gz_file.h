/* The text in a file that a rotation has compressed with gzip: read at offsets of the text, as if it were plain.
 *
 * Going back means beginning anew; reading on costs what it reads. Only the reader's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gz_file;

/* True where the file begins as gzip's do. */
bool gz_file_is(int fd);

/* Reads through a duplicate of fd, whose own offset it moves. */
struct gz_file *gz_file_open(int fd);
void gz_file_close(struct gz_file *z); /* NULL is allowed */

/* As pread. *broken: what is behind what has been given can never be read. A file that ends too early is not broken:
 * the rest may still come. */
ssize_t gz_file_read(struct gz_file *z, char *out, size_t n, uint64_t offset, bool *broken);

/* How long the text is at least, given that it is known to have `known` bytes: gzip writes down the size, modulo
 * 2^32. */
uint64_t gz_file_size(int fd, uint64_t known);
