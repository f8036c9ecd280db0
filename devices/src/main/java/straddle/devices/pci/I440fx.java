package straddle.devices.pci;

import java.util.Objects;

/// The host bridge of the 82441FX (Intel datasheet, order 290549, May 1996), function 0 of slot 0.
///
/// Its memory attribute registers switch the BIOS area between RAM and ROM; SMRAM control is stored without effect, for the
/// processors have no system management mode. The subsystem's identity is the one by which firmware knows a virtual machine.
public final class I440fx extends PciFunction {
    private static final int PAM_0 = 0x59;
    private static final int PAM_REGISTERS = 7;
    private static final int PAM_READ = 1;
    private static final int PAM_WRITE = 1 << 1;
    private static final long ALL_RAM = 0x33_3333_3333_3330L;
    private static final int SMRAM = 0x72;

    private static final int RED_HAT = 0x1af4;
    private static final int VIRTUAL_MACHINE = 0x1100;

    private final ShadowControl shadow;

    /// @param shadow follows the attribute registers
    public I440fx(ShadowControl shadow) {
        super("i440FX", new Identity(0x8086, 0x1237, 2, 0x06_0000));
        this.shadow = Objects.requireNonNull(shadow);
        preset(COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
        allowWrites(COMMAND, 2, 0x0100);
        preset(STATUS, 2, 0x0280);
        preset(SUBSYSTEM_VENDOR_ID, 2, RED_HAT);
        preset(SUBSYSTEM_ID, 2, VIRTUAL_MACHINE);
        allowWrites(PAM_0, PAM_REGISTERS, ALL_RAM);
        preset(SMRAM, 1, 2);
        allowWrites(SMRAM, 1, 0x7f);
    }

    /// Firmware's part, where there is none: the guest finds RAM in the whole BIOS area.
    public void shadowAll() {
        preset(PAM_0, PAM_REGISTERS, ALL_RAM);
        follow();
    }

    /// The first register's high half is the segment at 0xf0000, the last one; the others follow, low half first.
    private void follow() {
        int last = ShadowControl.SEGMENTS - 1;
        tell(last, (int) value(PAM_0, 1) >>> 4);
        for (int i = 0; i < last; i++) {
            tell(i, (int) value(PAM_0 + 1 + i / 2, 1) >>> 4 * (i & 1));
        }
        shadow.apply();
    }

    private void tell(int segment, int attributes) {
        shadow.shadow(segment, (attributes & PAM_READ) != 0, (attributes & PAM_WRITE) != 0);
    }

    @Override
    protected void configChanged(int register, int width) {
        if (register < PAM_0 + PAM_REGISTERS && register + width > PAM_0) {
            follow();
        }
    }
}
