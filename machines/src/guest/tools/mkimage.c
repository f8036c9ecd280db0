/* SPDX-License-Identifier: Apache-2.0 */
/* mkimage <flat> <image>: checks the linked header and fills in the CRC. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

#define MAX_SIZE 0x8000

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "mkimage: %s\n", what);
    exit(1);
}

static uint32_t crc32(const uint8_t *bytes, size_t size) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
        }
    }
    return ~crc;
}

int main(int argc, char **argv) {
    static union {
        struct image_header header;
        uint8_t bytes[MAX_SIZE + 1];
    } image;
    if (argc != 3) {
        fail("usage: mkimage <flat> <image>");
    }
    FILE *in = fopen(argv[1], "rb");
    if (in == NULL) {
        fail("cannot read the flat image");
    }
    size_t size = fread(image.bytes, 1, sizeof image.bytes, in);
    fclose(in);

    struct image_header *header = &image.header;
    if (size < sizeof *header || memcmp(header->magic, "STRADDLE", 8) != 0 || header->load_gpa != IMAGE_GPA) {
        fail("not an image of ours");
    }
    if (header->size != size) {
        fail("the header's size is not the file's");
    }
    if (header->blob_offset + header->blob_size > size
        || header->phases_offset + header->phases_count * sizeof(struct phase) > size) {
        fail("the blob or the phase table lies outside the file");
    }
    header->crc = crc32(image.bytes + IMAGE_HEADER_SIZE, size - IMAGE_HEADER_SIZE);

    FILE *out = fopen(argv[2], "wb");
    if (out == NULL || fwrite(image.bytes, 1, size, out) != size || fclose(out) != 0) {
        fail("cannot write the image");
    }
    return 0;
}
