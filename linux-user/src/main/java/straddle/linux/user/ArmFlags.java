package straddle.linux.user;

/// The flags of open(2) that ARM's architectures number otherwise (arch/arm64/include/uapi/asm/fcntl.h).
final class ArmFlags {
    private static final int[] ARM = {040000, 0100000, 0200000, 0400000};

    /// O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_LARGEFILE of the host's.
    private static final int[] HOST = {0200000, 0400000, 040000, 0100000};

    private ArmFlags() {}

    static int openToHost(int flags) {
        return map(flags, ARM, HOST);
    }

    static int openToGuest(int flags) {
        return map(flags, HOST, ARM);
    }

    /// Replaces the bits of one list by those of another; bits in neither stay.
    static int map(int flags, int[] from, int[] to) {
        int rest = flags;
        for (int each : from) {
            rest &= ~each;
        }
        for (int i = 0; i < from.length; i++) {
            if ((flags & from[i]) == from[i]) {
                rest |= to[i];
            }
        }
        return rest;
    }
}
