package straddle.core.user;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/// The instruction sets of Linux programs that user-mode emulation knows of, as an ELF header tells them apart
/// (e_ident and e_machine, System V ABI chapter 4).
public enum UserIsa {
    X86_64("x86_64", 64, ByteOrder.LITTLE_ENDIAN, 62, 47),
    I386("i386", 32, ByteOrder.LITTLE_ENDIAN, 3, 32),
    AARCH64("aarch64", 64, ByteOrder.LITTLE_ENDIAN, 183, 48),
    ARM("arm", 32, ByteOrder.LITTLE_ENDIAN, 40, 32),
    MIPS("mips", 32, ByteOrder.BIG_ENDIAN, 8, 31),
    MIPSEL("mipsel", 32, ByteOrder.LITTLE_ENDIAN, 8, 31);

    private final String machineName;
    private final int bits;
    private final ByteOrder order;
    private final int elfMachine;
    private final int addressBits;

    UserIsa(String machineName, int bits, ByteOrder order, int elfMachine, int addressBits) {
        this.machineName = machineName;
        this.bits = bits;
        this.order = order;
        this.elfMachine = elfMachine;
        this.addressBits = addressBits;
    }

    /// As uname(2) and commands name it.
    public String machineName() {
        return machineName;
    }

    /// Of a register and a pointer: 32 or 64.
    public int bits() {
        return bits;
    }

    public boolean is64() {
        return bits == 64;
    }

    public ByteOrder order() {
        return order;
    }

    /// The ELF header's e_machine.
    public int elfMachine() {
        return elfMachine;
    }

    /// Programs' addresses are 0 to 2 to this power.
    public int addressBits() {
        return addressBits;
    }

    /// The one that an ELF header names.
    public static Optional<UserIsa> ofElf(int machine, int bits, ByteOrder order) {
        return Arrays.stream(values())
                .filter(each -> each.elfMachine == machine && each.bits == bits)
                .filter(each -> each.order == order)
                .findFirst();
    }
}
