/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address space. boot.S has mapped RAM one to one; here come
 *
 *   WINDOW         2 MiB of page-table entries for the pagefault phase, empty
 *   UNBACKED_GPA   one to one, for HOOK_JUMP_TO_MMIO
 *   USER_CODE      the user blob, 4 KiB pages, read and execute
 *   ..STACK_TOP    64 KiB, 4 KiB pages, no execute, unmapped on both sides
 *   USER_ARENA     4 MiB, 2 MiB pages, no execute
 */
#include "protocol.h"
#include "cpu.h"
#include "kernel.h"

#define WINDOW 0x40000000
#define WINDOW_TOKEN 0x57494e444f570000

/* Physical addresses. */
#define CODE_FRAMES 0x200000
#define STACK_FRAMES 0x300000
#define WINDOW_FRAME 0x3ff000
#define ARENA_FRAMES 0x400000

#define STACK_SIZE 0x10000

#define ENTRIES 512
#define TABLE __attribute__((aligned(PAGE_SIZE)))
static TABLE uint64_t user_pdpt[ENTRIES];
static TABLE uint64_t user_pd[ENTRIES];
static TABLE uint64_t user_pt[ENTRIES];
static TABLE uint64_t window_pd[ENTRIES];
static TABLE volatile uint64_t window_pt[ENTRIES];
static TABLE uint64_t unbacked_pd[ENTRIES];

extern const uint8_t blob_begin[], blob_end[];

static uint64_t index_at(uint64_t gva, int shift) {
    return gva >> shift & (ENTRIES - 1);
}

static uint64_t table_entry(const volatile uint64_t *table) {
    return (uint64_t)table | PTE_P | PTE_W | PTE_U; /* the leaf entry decides */
}

static void map_small(uint64_t gva, uint64_t gpa, uint64_t size, uint64_t flags) {
    for (uint64_t offset = 0; offset < size; offset += PAGE_SIZE) {
        user_pt[index_at(gva + offset, 12)] = (gpa + offset) | flags;
    }
}

void paging_init(void) {
    uint64_t blob_size = (uint64_t)(blob_end - blob_begin);
    for (uint64_t i = 0; i < blob_size; i++) {
        ((uint8_t *)CODE_FRAMES)[i] = blob_begin[i];
    }

    pml4[index_at(USER_CODE, 39)] = table_entry(user_pdpt);
    user_pdpt[index_at(USER_CODE, 30)] = table_entry(user_pd);
    user_pd[index_at(USER_CODE, 21)] = table_entry(user_pt);
    map_small(USER_CODE, CODE_FRAMES, blob_size, PTE_P | PTE_U);
    map_small(USER_STACK_TOP - STACK_SIZE, STACK_FRAMES, STACK_SIZE, PTE_P | PTE_W | PTE_U | PTE_NX);
    for (uint64_t offset = 0; offset < ARENA_SIZE; offset += LARGE_PAGE_SIZE) {
        user_pd[index_at(USER_ARENA + offset, 21)] =
            (ARENA_FRAMES + offset) | PTE_P | PTE_W | PTE_U | PTE_PS | PTE_NX;
    }

    low_pdpt[index_at(WINDOW, 30)] = table_entry(window_pd);
    window_pd[index_at(WINDOW, 21)] = table_entry(window_pt);

    low_pdpt[index_at(UNBACKED_GPA, 30)] = table_entry(unbacked_pd);
    unbacked_pd[index_at(UNBACKED_GPA, 21)] = UNBACKED_GPA | PTE_P | PTE_W | PTE_PS;
}

static volatile uint64_t fault_seen;

/*
 * One op of the pagefault phase: store to a window page that is not mapped, see that the store went
 * through window_map's mapping, and unmap it again. The result holds vector, error code and the flags
 * that the entry has by then: present, writable, accessed and dirty.
 */
uint64_t window_fault_and_unmap(uint64_t op) {
    uint64_t index = op & (ENTRIES - 1);
    volatile uint64_t *page = (volatile uint64_t *)(WINDOW + index * PAGE_SIZE);
    fault_seen = 0;
    *page = WINDOW_TOKEN + op;
    uint64_t entry = window_pt[index];
    window_pt[index] = 0;
    invalidate_page((uint64_t)page);
    if (*(volatile uint64_t *)WINDOW_FRAME != WINDOW_TOKEN + op) {
        return 0;
    }
    return fault_seen | (entry & (PAGE_SIZE - 1));
}

/* Page-fault handler's part: whether the fault was one of ours. */
int window_map(uint64_t gva, uint64_t error) {
    if (gva < WINDOW || gva >= WINDOW + LARGE_PAGE_SIZE) {
        return 0;
    }
    volatile uint64_t *entry = &window_pt[index_at(gva, 12)];
    if (*entry != 0) {
        return 0;
    }
    *entry = WINDOW_FRAME | PTE_P | PTE_W | PTE_NX;
    fault_seen = (uint64_t)VECTOR_PAGE_FAULT << 32 | error << 16;
    return 1;
}
