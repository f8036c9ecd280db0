package straddle.accel.kvm;

/// Tells by an instruction's first bytes what kind it is (SDM volume 2, appendix A), in 64-bit mode: vector code, of which an interpreting
/// KVM refuses one instruction after another, the plain code between, and what must be left to KVM.
final class VectorCode {
    /// The most bytes that tell: prefixes and two of an opcode.
    static final int BYTES = 8;

    enum Kind {
        VECTOR,
        PLAIN,
        OTHER
    }

    private VectorCode() {}

    /// @param bytes of the code, the first in the lowest byte
    static Kind of(long bytes) {
        long left = bytes;
        int count = 0;
        while (count < BYTES - 2 && isPrefix((int) left & 0xff)) {
            left >>>= 8;
            count++;
        }
        int opcode = (int) left & 0xff;
        return opcode == 0x0f ? twoBytes((int) left >>> 8 & 0xff) : oneByte(opcode);
    }

    private static boolean isPrefix(int b) {
        return b == 0x66 || b == 0xf2 || b == 0xf3 || b >= 0x40 && b < 0x50;
    }

    /// VEX prefixes, and what neither leaves the program nor reaches ports, flags of the system, or segments.
    private static Kind oneByte(int opcode) {
        if (opcode == 0xc4 || opcode == 0xc5) {
            return Kind.VECTOR;
        }
        boolean arithmetic = opcode < 0x40 && (opcode & 7) < 6;
        boolean moves =
                opcode >= 0x84 && opcode <= 0x8b
                        || opcode == 0x8d
                        || opcode >= 0xb0 && opcode < 0xc0;
        boolean jumps = opcode >= 0x70 && opcode < 0x80 || opcode == 0xeb || opcode == 0xe9;
        boolean others =
                opcode == 0x80
                        || opcode == 0x81
                        || opcode == 0x83
                        || opcode == 0x90
                        || opcode == 0xc0
                        || opcode == 0xc1
                        || opcode == 0xc6
                        || opcode == 0xc7
                        || opcode >= 0xd0 && opcode < 0xd4
                        || opcode == 0xf6
                        || opcode == 0xf7;
        return arithmetic || moves || jumps || others ? Kind.PLAIN : Kind.OTHER;
    }

    private static Kind twoBytes(int opcode) {
        boolean vector =
                opcode >= 0x10 && opcode < 0x18
                        || opcode >= 0x28 && opcode < 0x30
                        || opcode == 0x38
                        || opcode == 0x3a
                        || opcode >= 0x50 && opcode < 0x77
                        || opcode >= 0x7c && opcode < 0x80
                        || opcode == 0xc2
                        || opcode >= 0xc4 && opcode < 0xc7
                        || opcode >= 0xd0 && opcode < 0xff;
        if (vector) {
            return Kind.VECTOR;
        }
        boolean plain =
                opcode >= 0x40 && opcode < 0x50
                        || opcode >= 0x80 && opcode < 0xa0
                        || opcode == 0xaf
                        || opcode == 0xb6
                        || opcode == 0xb7
                        || opcode >= 0xbc && opcode < 0xc0
                        || opcode >= 0xc8 && opcode < 0xd0;
        return plain ? Kind.PLAIN : Kind.OTHER;
    }
}
