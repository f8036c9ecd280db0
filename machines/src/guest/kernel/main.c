/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol.h"
#include "cpu.h"
#include "kernel.h"

_Noreturn void kernel_main(void);

_Noreturn void kernel_main(void) {
    serial_init();
    print("Straddle embedded guest, protocol ");
    print_decimal(PROTOCOL_VERSION);
    print("\n");
    paging_init();
    interrupts_init();

    out32(PORT_EVENT, EVENT_HELLO << 24 | PROTOCOL_VERSION);
    run_hook(in32(PORT_HOOK));
    uint32_t failures = run_phases();

    print("ticks ");
    print_decimal(ticks);
    print(", in ring 3 ");
    print_decimal(ticks_in_ring3);
    print("\n");
    if (failures == 0) {
        print("PASS\n");
    } else {
        print("FAIL ");
        print_decimal(failures);
        print("\n");
    }
    leave(failures);
}
