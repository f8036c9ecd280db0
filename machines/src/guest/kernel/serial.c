/* SPDX-License-Identifier: Apache-2.0 */
/* COM1, a PC16550D: 115200 8N1, polled. */
#include "cpu.h"
#include "kernel.h"

#define COM1 0x3f8
#define THR 0 /* DLL while LCR.DLAB is set */
#define IER 1 /* DLM while LCR.DLAB is set */
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define FCR_ENABLE_AND_CLEAR 0x07
#define MCR_DTR_RTS 0x03
#define LSR_THRE 0x20

void serial_init(void) {
    out8(COM1 + IER, 0);
    out8(COM1 + LCR, LCR_DLAB | LCR_8N1);
    out8(COM1 + THR, 1); /* divisor 1: 115200 */
    out8(COM1 + IER, 0);
    out8(COM1 + LCR, LCR_8N1);
    out8(COM1 + FCR, FCR_ENABLE_AND_CLEAR);
    out8(COM1 + MCR, MCR_DTR_RTS);
}

static void send(char c) {
    while ((in8(COM1 + LSR) & LSR_THRE) == 0) {
    }
    out8(COM1 + THR, (uint8_t)c);
}

void print(const char *text) {
    for (; *text != 0; text++) {
        if (*text == '\n') {
            send('\r');
        }
        send(*text);
    }
}

void print_decimal(uint64_t value) {
    char digits[21];
    char *first = digits + 20;
    *first = 0;
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print(first);
}

void print_hex(uint64_t value) {
    print("0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        send("0123456789abcdef"[value >> shift & 15]);
    }
}
