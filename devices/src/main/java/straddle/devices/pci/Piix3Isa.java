package straddle.devices.pci;

/// The PCI-to-ISA bridge of the 82371SB, PIIX3 (Intel datasheet, order 290550, April 1997), function 0 of
/// slot 1. Its PIRQ route control registers lead the PCI interrupt lines to ISA IRQs.
public final class Piix3Isa extends PciFunction {
    private static final int PIRQRC_A = 0x60;
    private static final long PIRQRC_RESET = 0x8080_8080L;
    private static final int PIRQRC_OFF = 0x80;
    private static final int PIRQRC_IRQ = 0x0f;

    /// IRQs that a line may lead to (2.2.10): the others are the board's own.
    private static final int ALLOWED = 0xdef8;

    private final PirqRouter router;

    public Piix3Isa(PirqRouter router) {
        super("PIIX3", new Identity(0x8086, 0x7000, 0, 0x06_0100));
        this.router = router;
        preset(HEADER_TYPE, 1, 0x80);
        preset(COMMAND, 2, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER);
        allowWrites(COMMAND, 2, 0x0108);
        preset(STATUS, 2, 0x0280);
        preset(PIRQRC_A, 4, PIRQRC_RESET);
        allowWrites(PIRQRC_A, 4, 0x8f8f_8f8fL);
    }

    /// Firmware's part, where there is none: the guest finds each line routed to an ISA IRQ.
    public void route(int pirq, int irq) {
        preset(PIRQRC_A + pirq, 1, irq);
        follow();
    }

    private void follow() {
        for (int i = 0; i < PirqRouter.PIRQS; i++) {
            int control = (int) value(PIRQRC_A + i, 1);
            int irq = control & PIRQRC_IRQ;
            boolean on = (control & PIRQRC_OFF) == 0 && (ALLOWED >>> irq & 1) != 0;
            router.route(i, on ? irq : -1);
        }
    }

    @Override
    protected void configChanged(int register, int width) {
        follow();
    }
}
