/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol.h"
#include "workloads.h"

#define PING 0xfefff8f9f2f3fcfd

void syscall_prepare(uint8_t *arena) {
    (void)arena;
}

uint64_t syscall_op(uint8_t *arena) {
    (void)arena;
    uint64_t answer;
    __asm__ volatile("syscall" : "=a"(answer) : "a"((uint64_t)SYS_PING), "D"(PING) : "rcx", "r11", "memory");
    return answer;
}
