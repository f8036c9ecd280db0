/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar SSE2 doubles; compiled without contraction, so that the last bit is defined. */
#include "workloads.h"

static uint64_t bits(double value) {
    union {
        double value;
        uint64_t bits;
    } both = {value};
    return both.bits;
}

static uint64_t mix(uint64_t checksum, double value) {
    return (checksum << 5 | checksum >> 59) ^ bits(value);
}

/* In [0, 1), a multiple of 2^-24. */
static double random_fraction(uint64_t *state) {
    return (double)(int64_t)(next_random(state) >> 40) * 0x1p-24;
}

/* ---- matmul ---- */

#define ORDER 96

struct matmul_arena {
    double a[ORDER][ORDER];
    double b[ORDER][ORDER];
    double c[ORDER][ORDER];
};

void matmul_prepare(uint8_t *arena) {
    struct matmul_arena *m = (struct matmul_arena *)arena;
    uint64_t state = 0x2545f4914f6cdd1d;
    for (int i = 0; i < ORDER; i++) {
        for (int j = 0; j < ORDER; j++) {
            m->a[i][j] = random_fraction(&state) - 0.5;
            m->b[i][j] = random_fraction(&state) / 3.0;
        }
    }
}

uint64_t matmul_op(uint8_t *arena) {
    struct matmul_arena *m = (struct matmul_arena *)arena;
    uint64_t checksum = 0;
    for (int i = 0; i < ORDER; i++) {
        double *row = m->c[i];
        for (int j = 0; j < ORDER; j++) {
            row[j] = 0.0;
        }
        for (int k = 0; k < ORDER; k++) {
            double factor = m->a[i][k];
            const double *other = m->b[k];
            for (int j = 0; j < ORDER; j++) {
                row[j] += factor * other[j];
            }
        }
        for (int j = 0; j < ORDER; j++) {
            checksum = mix(checksum, row[j]);
        }
    }
    return checksum;
}

/* ---- nbody: gravity among five bodies, semi-implicit Euler ---- */

#define BODIES 5
#define STEPS 4000
#define TIME_STEP 0x1p-10
#define SOFTENING 0x1p-6 /* keeps close encounters finite */

struct body {
    double position[3];
    double velocity[3];
    double mass;
};

void nbody_prepare(uint8_t *arena) {
    (void)arena;
}

static void place(struct body *bodies) {
    uint64_t state = 0x6a09e667f3bcc909;
    for (int i = 0; i < BODIES; i++) {
        for (int axis = 0; axis < 3; axis++) {
            bodies[i].position[axis] = 4.0 * random_fraction(&state) - 2.0;
            bodies[i].velocity[axis] = random_fraction(&state) - 0.5;
        }
        bodies[i].mass = 1.0 / (i + 1);
    }
}

static void attract(struct body *p, struct body *q) {
    double dx = q->position[0] - p->position[0];
    double dy = q->position[1] - p->position[1];
    double dz = q->position[2] - p->position[2];
    double square = dx * dx + dy * dy + dz * dz + SOFTENING;
    double pull = TIME_STEP / (square * __builtin_sqrt(square));
    p->velocity[0] += dx * q->mass * pull;
    p->velocity[1] += dy * q->mass * pull;
    p->velocity[2] += dz * q->mass * pull;
    q->velocity[0] -= dx * p->mass * pull;
    q->velocity[1] -= dy * p->mass * pull;
    q->velocity[2] -= dz * p->mass * pull;
}

uint64_t nbody_op(uint8_t *arena) {
    struct body *bodies = (struct body *)arena;
    place(bodies);
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BODIES; i++) {
            for (int j = i + 1; j < BODIES; j++) {
                attract(&bodies[i], &bodies[j]);
            }
        }
        for (int i = 0; i < BODIES; i++) {
            for (int axis = 0; axis < 3; axis++) {
                bodies[i].position[axis] += TIME_STEP * bodies[i].velocity[axis];
            }
        }
    }
    uint64_t checksum = 0;
    for (int i = 0; i < BODIES; i++) {
        for (int axis = 0; axis < 3; axis++) {
            checksum = mix(checksum, bodies[i].position[axis]);
            checksum = mix(checksum, bodies[i].velocity[axis]);
        }
    }
    return checksum;
}
