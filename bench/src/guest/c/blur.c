/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blur [ROUNDS [WIDTH HEIGHT [RADIUS]]]: blurs an RGB picture of its own making with a Gaussian, again and again.
 *
 * Each round is a horizontal and a vertical pass in fixed point, so that every processor comes to the same picture.
 * Prints two lines, of nanoseconds: the time of each round; that of all rounds and of the fastest, and a checksum of the last picture.
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHANNELS 3
#define MAX_RADIUS 32
#define ONE (1u << 16)

static uint32_t weights[2 * MAX_RADIUS + 1];
static int radius;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The curve from -3 to 3 standard deviations, scaled so that the weights' sum is exactly one. */
static void make_weights(void) {
    double curve[2 * MAX_RADIUS + 1], sum = 0;
    double sigma = radius / 3.0;
    uint32_t left = ONE;
    for (int i = -radius; i <= radius; i++) {
        curve[i + radius] = exp(-i * i / (2 * sigma * sigma));
        sum += curve[i + radius];
    }
    for (int i = 0; i <= 2 * radius; i++) {
        weights[i] = (uint32_t)(curve[i] / sum * ONE);
        left -= weights[i];
    }
    weights[radius] += left;
}

/* Colourful noise over slopes: something to blur at every scale. */
static void paint(uint8_t *picture, int width, int height) {
    uint32_t seed = 12345;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < CHANNELS; c++) {
                seed = seed * 1664525u + 1013904223u;
                *picture++ = (uint8_t)((x * (c + 1) + y * (3 - c)) / 8 + (seed >> 26));
            }
        }
    }
}

/* One line, of `count` pixels that lie `step` bytes apart; its ends are repeated outwards. */
static void pad(uint8_t *line, const uint8_t *from, int count) {
    for (int i = -radius; i < count + radius; i++) {
        int at = i < 0 ? 0 : i >= count ? count - 1 : i;
        memcpy(line + (i + radius) * CHANNELS, from + at * CHANNELS, CHANNELS);
    }
}

static void across(uint8_t *to, const uint8_t *from, int width, int height, uint8_t *line, uint32_t *sums) {
    int samples = width * CHANNELS;
    for (int y = 0; y < height; y++) {
        pad(line, from + (size_t)y * samples, width);
        for (int i = 0; i < samples; i++) {
            sums[i] = ONE / 2;
        }
        for (int k = 0; k <= 2 * radius; k++) {
            uint32_t weight = weights[k];
            const uint8_t *shifted = line + k * CHANNELS;
            for (int i = 0; i < samples; i++) {
                sums[i] += weight * shifted[i];
            }
        }
        for (int i = 0; i < samples; i++) {
            to[(size_t)y * samples + i] = (uint8_t)(sums[i] >> 16);
        }
    }
}

static void down(uint8_t *to, const uint8_t *from, int width, int height, uint32_t *sums) {
    int samples = width * CHANNELS;
    for (int y = 0; y < height; y++) {
        for (int i = 0; i < samples; i++) {
            sums[i] = ONE / 2;
        }
        for (int k = -radius; k <= radius; k++) {
            int at = y + k < 0 ? 0 : y + k >= height ? height - 1 : y + k;
            uint32_t weight = weights[k + radius];
            const uint8_t *row = from + (size_t)at * samples;
            for (int i = 0; i < samples; i++) {
                sums[i] += weight * row[i];
            }
        }
        for (int i = 0; i < samples; i++) {
            to[(size_t)y * samples + i] = (uint8_t)(sums[i] >> 16);
        }
    }
}

/* FNV-1a. */
static uint64_t checksum(const uint8_t *bytes, size_t count) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return hash;
}

static int argument(int argc, char **argv, int index, int otherwise, int most) {
    int value = argc > index ? atoi(argv[index]) : otherwise;
    if (value < 1 || value > most) {
        fprintf(stderr, "usage: blur [ROUNDS [WIDTH HEIGHT [RADIUS]]]\n");
        exit(2);
    }
    return value;
}

int main(int argc, char **argv) {
    int rounds = argument(argc, argv, 1, 40, 1 << 20);
    int width = argument(argc, argv, 2, 2048, 1 << 14);
    int height = argument(argc, argv, 3, 1536, 1 << 14);
    radius = argument(argc, argv, 4, 6, MAX_RADIUS);
    size_t bytes = (size_t)width * height * CHANNELS;
    uint8_t *picture = malloc(bytes), *between = malloc(bytes);
    uint8_t *line = malloc((size_t)(width + 2 * radius) * CHANNELS);
    uint32_t *sums = malloc((size_t)width * CHANNELS * sizeof *sums);
    if (picture == NULL || between == NULL || line == NULL || sums == NULL) {
        fprintf(stderr, "blur: no memory for a picture of %d x %d\n", width, height);
        return 1;
    }
    make_weights();
    paint(picture, width, height);
    uint64_t all = 0, fastest = UINT64_MAX;
    for (int i = 0; i < rounds; i++) {
        uint64_t start = now();
        across(between, picture, width, height, line, sums);
        down(picture, between, width, height, sums);
        uint64_t took = now() - start;
        all += took;
        fastest = took < fastest ? took : fastest;
        printf("%s%" PRIu64, i == 0 ? "rounds " : " ", took);
    }
    printf("\nblur %" PRIu64 " %" PRIu64 " %016" PRIx64 "\n", all, fastest, checksum(picture, bytes));
    return 0;
}
