package straddle.devices.pci;

/// The PCI-to-ISA bridge of the 82371SB, PIIX3 (Intel datasheet, order 290550, April 1997), function 0 of
/// slot 1.
///
/// Its PIRQ route control registers are stored; the board has wired the PIRQ lines for good.
public final class Piix3Isa extends PciFunction {
    private static final int PIRQRC_A = 0x60;
    private static final long PIRQRC_RESET = 0x8080_8080L;

    public Piix3Isa() {
        super("PIIX3", new Identity(0x8086, 0x7000, 0, 0x06_0100));
        preset(COMMAND, 2, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER);
        allowWrites(COMMAND, 2, 0x0108);
        preset(STATUS, 2, 0x0280);
        preset(PIRQRC_A, 4, PIRQRC_RESET);
        allowWrites(PIRQRC_A, 4, 0x8f8f_8f8fL);
    }

    /// Firmware's part: the guest finds each PIRQ routed to an ISA IRQ.
    public void route(int pirq, int irq) {
        preset(PIRQRC_A + pirq, 1, irq);
    }
}
