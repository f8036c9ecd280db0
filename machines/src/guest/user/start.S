/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol.h"

    .section .text.start, "ax"
    .globl blob_entry
    .hidden run_phase

    .org BLOB_ENTRY
blob_entry:
    jmp run_phase

    .org BLOB_START, 0xcc
blob_start:
    call run_phase
    mov %rax, %rdi
    mov $SYS_EXIT, %eax
    syscall
    ud2

    .section .note.GNU-stack, "", @progbits
