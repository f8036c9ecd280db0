package straddle.bench.user;

import java.nio.ByteBuffer;
import straddle.core.user.UserIsa;

/// A static executable with one segment (System V ABI, chapters 4 and 5).
final class Elf {
    private static final int HEADER_32 = 52 + 32;
    private static final int PT_MIPS_ABIFLAGS = 0x7000_0003;
    private static final int ABI_FLAGS_AT = 256;
    private static final int FP_DOUBLE = 1;
    private static final int FP_64 = 6;
    private static final int HEADER_64 = 64 + 56;
    private static final int PAGE = 4096;
    private static final int RWX = 7;

    private Elf() {}

    /// @param flags e_flags
    static byte[] of(UserIsa isa, int flags, ProgramSource.Program program) {
        ByteBuffer file = ByteBuffer.allocate(PAGE + program.image().length).order(isa.order());
        boolean wide = isa.is64();
        file.put(new byte[] {0x7f, 'E', 'L', 'F'});
        file.put((byte) (wide ? 2 : 1));
        file.put((byte) (isa.order() == java.nio.ByteOrder.LITTLE_ENDIAN ? 1 : 2));
        file.put((byte) 1).position(16);
        file.putShort((short) 2).putShort((short) isa.elfMachine()).putInt(1);
        long length = program.image().length;
        if (wide) {
            file.putLong(program.base()).putLong(64).putLong(0).putInt(flags);
            file.putShort((short) 64).putShort((short) 56).putShort((short) 1).position(64);
            file.putInt(1).putInt(RWX).putLong(PAGE).putLong(program.base());
            file.putLong(program.base()).putLong(length).putLong(length).putLong(PAGE);
        } else {
            file.putInt((int) program.base()).putInt(52).putInt(0).putInt(flags);
            file.putShort((short) 52).putShort((short) 32).putShort((short) 1).position(52);
            file.putInt(1).putInt(PAGE).putInt((int) program.base()).putInt((int) program.base());
            file.putInt((int) length).putInt((int) length).putInt(RWX).putInt(PAGE);
        }
        if (file.position() != (wide ? HEADER_64 : HEADER_32)) {
            throw new AssertionError("The header has " + file.position() + " bytes");
        }
        if (isa == UserIsa.MIPS || isa == UserIsa.MIPSEL) {
            abiFlags(file, program.status() != 0 ? FP_64 : FP_DOUBLE);
        }
        file.position(PAGE).put(program.image());
        return file.array();
    }

    /// `.MIPS.abiflags` of a program for release 2, which says how wide floating-point registers are to be.
    private static void abiFlags(ByteBuffer file, int fpAbi) {
        file.putShort(44, (short) 2);
        file.putInt(PT_MIPS_ABIFLAGS).putInt(ABI_FLAGS_AT).putInt(0).putInt(0);
        file.putInt(24).putInt(24).putInt(4).putInt(8);
        file.position(ABI_FLAGS_AT);
        file.putShort((short) 0).put((byte) 32).put((byte) 2);
        file.put((byte) 1).put((byte) (fpAbi == FP_64 ? 2 : 1)).put((byte) 0).put((byte) fpAbi);
    }
}
