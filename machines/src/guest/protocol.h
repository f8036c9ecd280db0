/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the embedded guest and its host agree on: the image header, the phase
 * table, the user blob and the ports. The guest's C and assembler and the
 * build's host tools all include this file; README.md says the same in prose.
 */
#ifndef STRADDLE_PROTOCOL_H
#define STRADDLE_PROTOCOL_H

/* Image. */
#define IMAGE_GPA 0x10000
#define IMAGE_SEGMENT (IMAGE_GPA >> 4)
#define IMAGE_VERSION 1
#define IMAGE_MIN_RAM 0x1000000
#define IMAGE_HEADER_SIZE 64

/* User blob: offsets of its two entry points, and the arena it is handed. */
#define BLOB_ENTRY 0  /* uint64_t entry(uint64_t phaseId, void *arena, uint64_t ops), System V ABI */
#define BLOB_START 16 /* guest only: calls the entry and leaves ring 3 by SYS_EXIT; never returns */
#define ARENA_SIZE 0x400000

/* Phase kinds. */
#define KIND_INTEGER 0
#define KIND_FLOATING_POINT 1
#define KIND_MEMORY 2
#define KIND_SYSTEM 3

/* Ports of the phase protocol, all 32 bits wide. */
#define PORT_EVENT 0x5a0       /* OUT: event << 24 | argument */
#define PORT_OPS 0x5a4         /* IN, after EVENT_PREPARE: ops to do */
#define PORT_RESULT_LOW 0x5a8  /* OUT */
#define PORT_RESULT_HIGH 0x5ac /* OUT */
#define PORT_HOOK 0x5b0        /* IN, once at start: one of HOOK_* */
#define PORT_EXIT 0xf4         /* OUT: 0 or what failed, see EXIT_* */
#define PORT_FLOATING 0xffffffff

#define EVENT_BEGIN 1   /* argument: phase id */
#define EVENT_END 2     /* argument: phase id */
#define EVENT_PREPARE 3 /* argument: phase id */
#define EVENT_PASS 4    /* argument: phase id */
#define EVENT_FAIL 5    /* argument: phase id */
#define EVENT_HELLO 6   /* argument: PROTOCOL_VERSION */
#define EVENT_DONE 7    /* argument: number of failed phases */

#define PROTOCOL_VERSION 1

/* Values for PORT_EXIT. 1 to EXIT_EXCEPTION - 1 count failed phases. */
#define EXIT_SUCCESS 0
#define EXIT_HOOK_FAILED 1
#define EXIT_EXCEPTION 0x20 /* plus the vector of an exception nobody expected */

/* Values of PORT_HOOK. */
#define HOOK_NONE 0
#define HOOK_TRIPLE_FAULT 1
#define HOOK_JUMP_TO_MMIO 2
#define HOOK_SPIN 3
#define HOOK_SERIAL_FLOOD 4
#define HOOK_HALT 5
#define HOOK_UNDEFINED_IN_RING_3 6
#define HOOK_CMPXCHG16B 7
#define HOOK_IDLE 8
#define HOOK_ROUNDS 9

/* Mapped by the guest, backed by nothing: where HOOK_JUMP_TO_MMIO goes. */
#define UNBACKED_GPA 0xf0000000

/* System calls of the user blob: number in RAX, argument in RDI, answer in RAX. */
#define SYS_EXIT 0 /* argument: the entry's result */
#define SYS_PING 1 /* answer: argument ^ SYS_PING_MASK */
#define SYS_PING_MASK 0x5a5a5a5a5a5a5a5a

/* An id that is in no table: the blob's entry executes UD2. */
#define PHASE_UNDEFINED 0xffffff

#ifndef __ASSEMBLER__

#include <stdint.h>

enum phase_id {
#define PHASE(id, name, ring, kind, ops, instructions, expected) PHASE_##name = id,
#include "phases.def"
#undef PHASE
};

struct image_header {
    uint8_t jump[4];
    char magic[8]; /* "STRADDLE", no NUL */
    uint32_t version;
    uint32_t size; /* of the file */
    uint32_t crc;  /* zlib's CRC-32 of the bytes [IMAGE_HEADER_SIZE, size) */
    uint32_t load_gpa;
    uint32_t min_ram;
    uint32_t blob_offset;
    uint32_t blob_size;
    uint32_t phases_offset;
    uint32_t phases_count;
    uint8_t zero[16];
};

struct phase {
    uint32_t id;
    uint32_t ring; /* 3: only ring-3 code, the host may run it natively; 0: not so */
    uint32_t kind;
    uint32_t default_ops;
    uint64_t instructions_per_op; /* approximate; 0: unknown */
    uint64_t expected;
    char name[32];
};

_Static_assert(sizeof(struct image_header) == IMAGE_HEADER_SIZE, "header layout");
_Static_assert(sizeof(struct phase) == 64, "phase layout");

#endif
#endif
