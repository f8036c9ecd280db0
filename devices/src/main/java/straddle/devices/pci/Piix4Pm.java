package straddle.devices.pci;

/// The power management function of the 82371AB, PIIX4 (Intel datasheet, order 290562, April 1997,
/// chapter 7), function 3 of the ISA bridge's slot: by it firmware and systems find the ACPI registers.
///
/// Its base address is hard-wired: the board has mapped the registers for good. There is no SMBus, and no SMI: the enable bit of
/// the APM port reads as set, so that firmware takes system management mode for set up.
public final class Piix4Pm extends PciFunction {
    private static final int PMBASE = 0x40;
    private static final int PMBASE_IO = 1;
    private static final int DEVACTB = 0x58;
    private static final int DEVACTB_APMC_EN = 1 << 25;
    private static final int PMREGMISC = 0x80;
    private static final int PMREGMISC_PMIOSE = 1;

    /// @param base first port of the ACPI registers
    /// @param sci the interrupt that they raise
    public Piix4Pm(int base, int sci) {
        super("PIIX4 PM", new Identity(0x8086, 0x7113, 3, 0x06_8000));
        allowWrites(COMMAND, 2, COMMAND_IO);
        preset(COMMAND, 2, COMMAND_IO);
        preset(STATUS, 2, 0x0280);
        preset(PMBASE, 4, base | PMBASE_IO);
        preset(DEVACTB, 4, DEVACTB_APMC_EN);
        preset(PMREGMISC, 1, PMREGMISC_PMIOSE);
        preset(INTERRUPT_LINE, 1, sci);
        preset(INTERRUPT_PIN, 1, 1);
    }
}
