package straddle.devices.pci;

/// The host bridge of the 82441FX (Intel datasheet, order 290549, May 1996), function 0 of slot 0.
///
/// Its memory attribute registers and SMRAM control are stored without effect: the BIOS area is plain RAM.
public final class I440fx extends PciFunction {
    private static final int PAM_0 = 0x59;
    private static final int PAM_REGISTERS = 7;
    private static final int SMRAM = 0x72;

    public I440fx() {
        super("i440FX", new Identity(0x8086, 0x1237, 2, 0x06_0000));
        preset(COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
        allowWrites(COMMAND, 2, 0x0100);
        preset(STATUS, 2, 0x0280);
        allowWrites(PAM_0, PAM_REGISTERS, 0x33_3333_3333_3330L);
        preset(SMRAM, 1, 2);
        allowWrites(SMRAM, 1, 0x7f);
    }
}
