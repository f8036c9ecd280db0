package straddle.machines.pc;

import java.util.List;

/// Every address and interrupt number of our PCs.
final class PcAddresses {
    /// RAM is contiguous up to here, the rest lies above 4 GiB: between them is room for devices.
    static final long LOW_RAM_END = 0xc000_0000L;

    static final long HIGH_RAM = 0x1_0000_0000L;

    /// ACPI tables, where an OS looks for their root pointer.
    static final long ACPI = 0xe_0000;

    static final int ACPI_LENGTH = 0x8000;
    static final int ACPI_PM = 0x600;
    static final int SCI_IRQ = 9;
    static final int PCI_CONFIG = 0xcf8;
    static final int RESET_CONTROL = 0xcf9;
    static final int ISA_BRIDGE_SLOT = 1;

    static final int IDE_FUNCTION = 1;
    static final int POWER_FUNCTION = 3;

    /// Where the four PCI interrupt lines lead to, in the PIC pair and the I/O APIC alike, as SeaBIOS routes them too.
    static final List<Integer> PIRQ_IRQS = List.of(10, 10, 11, 11);

    /// What the PCI host bridge hands out: memory from the end of RAM to the I/O APIC, and ports.
    static final long PCI_MEMORY = LOW_RAM_END;

    static final long PCI_MEMORY_END = 0xfec0_0000L;
    static final int PCI_PORTS = 0xd00;

    static final long IO_APIC = 0xfec0_0000L;
    static final long LOCAL_APIC = 0xfee0_0000L;

    static final long HPET = 0xfed0_0000L;

    /// The MP table, where an OS without ACPI looks for it.
    static final long MP_TABLE = 0xf_0000;

    static final int DMA_1 = 0x00;
    static final int DMA_2 = 0xc0;
    static final int DMA_PAGES = 0x80;

    static final int PIC_1 = 0x20;
    static final int PIC_2 = 0xa0;
    static final int PIC_LENGTH = 2;
    static final int ELCR_1 = 0x4d0;
    static final int ELCR_2 = 0x4d1;

    static final int PIT = 0x40;
    static final int PIT_IRQ = 0;
    static final int SYSTEM_CONTROL_B = 0x61;
    static final int SYSTEM_CONTROL_A = 0x92;

    static final int KEYBOARD_DATA = 0x60;
    static final int KEYBOARD_COMMAND = 0x64;
    static final int KEYBOARD_IRQ = 1;
    static final int MOUSE_IRQ = 12;

    static final int RTC = 0x70;
    static final int RTC_IRQ = 8;

    /// COM1 to COM4. COM1 and COM3 share an interrupt, as do COM2 and COM4.
    static final List<Integer> COM_PORTS = List.of(0x3f8, 0x2f8, 0x3e8, 0x2e8);

    static final List<Integer> COM_IRQS = List.of(4, 3, 4, 3);

    /// The two IDE channels' command registers, control registers and interrupts.
    static final List<Integer> IDE_COMMANDS = List.of(0x1f0, 0x170);

    static final List<Integer> IDE_CONTROLS = List.of(0x3f6, 0x376);
    static final List<Integer> IDE_IRQS = List.of(14, 15);

    static final int FW_CFG = 0x510;

    static final int POST_CODE = 0x80;
    static final int DEBUG_CONSOLE = 0xe9;

    /// Where SeaBIOS writes what it does.
    static final int FIRMWARE_DEBUG = 0x402;

    static final int DEBUG_EXIT = 0xf4;
    static final int DEBUG_EXIT_LENGTH = 4;
    static final int PHASES = 0x5a0;

    private PcAddresses() {}
}
