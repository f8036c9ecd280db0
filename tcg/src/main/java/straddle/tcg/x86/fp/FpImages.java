package straddle.tcg.x86.fp;

import java.util.Arrays;

/// The floating-point state as it lies in memory: FNSTENV, FNSAVE, FXSAVE and their counterparts
/// (SDM volume 1, 8.1.10 and 10.5; volume 2, FXSAVE). The caller moves the bytes to and from guest
/// memory.
public final class FpImages {
    /// Bytes of an FXSAVE image, of which the last 96 are not written.
    public static final int FXSAVE_BYTES = 512;

    private static final int FXSAVE_REGISTERS = 32;
    private static final int FXSAVE_XMM = 160;

    private FpImages() {}

    private static void put(byte[] to, int at, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            to[at + i] = (byte) (value >>> 8 * i);
        }
    }

    private static long get(byte[] from, int at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | from[at + i] & 0xff;
        }
        return value;
    }

    /// Bytes that FNSTENV and FLDENV move.
    public static int environmentBytes(boolean wide) {
        return wide ? 28 : 14;
    }

    /// Bytes that FNSAVE and FRSTOR move.
    public static int saveBytes(boolean wide) {
        return environmentBytes(wide) + 80;
    }

    /// Stores the environment, then masks all exceptions.
    ///
    /// @param wide whether the operand size is 32 bits (or 64)
    /// @param real real-address or virtual-8086 mode
    public static void fnstenv(X87 x, byte[] to, boolean wide, boolean real) {
        storeEnvironment(x, to, wide, real);
        x.fldcw(x.control | 0x3f);
    }

    private static void storeEnvironment(X87 x, byte[] to, boolean wide, boolean real) {
        int step = wide ? 4 : 2;
        long reserved = wide ? 0xffff_0000L : 0;
        put(to, 0, step, reserved | x.control);
        put(to, step, step, reserved | x.fnstsw());
        put(to, 2 * step, step, reserved | x.tagWord());
        long ip = x.instructionPointer;
        long dp = x.dataPointer;
        if (real) {
            long linearIp = ip + 16L * x.instructionSelector;
            long linearDp = dp + 16L * x.dataSelector;
            put(to, 3 * step, step, reserved | linearIp & 0xffff);
            put(to, 5 * step, step, reserved | linearDp & 0xffff);
            if (wide) {
                put(to, 16, 4, (linearIp >>> 16 & 0xffff) << 12 | x.opcode & 0x7ff);
                put(to, 24, 4, (linearDp >>> 16 & 0xffff) << 12);
            } else {
                put(to, 8, 2, (linearIp >>> 16 & 15) << 12 | x.opcode & 0x7ff);
                put(to, 12, 2, (linearDp >>> 16 & 15) << 12);
            }
        } else {
            put(to, 3 * step, step, ip);
            put(to, 5 * step, step, dp);
            put(to, 4 * step, 2, x.instructionSelector);
            put(to, 6 * step, step, reserved | x.dataSelector & 0xffff);
            if (wide) {
                put(to, 18, 2, x.opcode & 0x7ff);
            }
        }
    }

    public static void fldenv(X87 x, byte[] from, boolean wide, boolean real) {
        int step = wide ? 4 : 2;
        x.control = (int) get(from, 0, 2) & 0x1f3f | 0x40;
        x.loadStatus((int) get(from, step, 2));
        x.loadTagWord((int) get(from, 2 * step, 2));
        long ip = get(from, 3 * step, real ? 2 : step);
        long dp = get(from, 5 * step, real ? 2 : step);
        x.instructionSelector = 0;
        x.dataSelector = 0;
        if (real) {
            long ipHigh = get(from, 4 * step, step) >>> 12;
            long dpHigh = get(from, 6 * step, step) >>> 12;
            x.opcode = (int) get(from, 4 * step, 2) & 0x7ff;
            x.instructionPointer = ip | (ipHigh & 0xffff) << 16;
            x.dataPointer = dp | (dpHigh & 0xffff) << 16;
        } else {
            x.instructionPointer = ip;
            x.dataPointer = dp;
            x.instructionSelector = (int) get(from, 4 * step, 2);
            x.dataSelector = (int) get(from, 6 * step, 2);
            x.opcode = wide ? (int) get(from, 18, 2) & 0x7ff : 0;
        }
    }

    /// Stores environment and registers, then initializes the unit.
    public static void fnsave(X87 x, byte[] to, boolean wide, boolean real) {
        storeEnvironment(x, to, wide, real);
        int at = environmentBytes(wide);
        for (int i = 0; i < 8; i++) {
            int r = x.top + i & 7;
            put(to, at + 10 * i, 8, x.significand[r]);
            put(to, at + 10 * i + 8, 2, x.signExponent[r]);
        }
        x.fninit();
    }

    public static void frstor(X87 x, byte[] from, boolean wide, boolean real) {
        fldenv(x, from, wide, real);
        int at = environmentBytes(wide);
        for (int i = 0; i < 8; i++) {
            int r = x.top + i & 7;
            x.significand[r] = get(from, at + 10 * i, 8);
            x.signExponent[r] = (int) get(from, at + 10 * i + 8, 2);
        }
    }

    /// Fills the first 416 bytes.
    ///
    /// @param wide REX.W: 64-bit pointers without selectors
    /// @param xmm how many XMM registers there are: 16 in 64-bit mode, else 8
    public static void fxsave(X87 x, FpControl c, long[] v, byte[] to, boolean wide, int xmm) {
        Arrays.fill(to, 0, FXSAVE_XMM, (byte) 0);
        put(to, 0, 2, x.control);
        put(to, 2, 2, x.fnstsw());
        put(to, 4, 1, x.used);
        put(to, 6, 2, x.opcode & 0x7ff);
        put(to, 8, wide ? 8 : 4, x.instructionPointer);
        put(to, 16, wide ? 8 : 4, x.dataPointer);
        if (!wide) {
            put(to, 12, 2, x.instructionSelector);
            put(to, 20, 2, x.dataSelector);
        }
        put(to, 24, 4, c.mxcsr);
        put(to, 28, 4, FpControl.MXCSR_MASK);
        for (int i = 0; i < 8; i++) {
            int r = x.top + i & 7;
            put(to, FXSAVE_REGISTERS + 16 * i, 8, x.significand[r]);
            put(to, FXSAVE_REGISTERS + 16 * i + 8, 2, x.signExponent[r]);
        }
        for (int i = 0; i < 2 * xmm; i++) {
            put(to, FXSAVE_XMM + 8 * i, 8, v[i]);
        }
    }

    /// Returns false, with nothing loaded, where MXCSR has a reserved bit: #GP.
    public static boolean fxrstor(
            X87 x, FpControl c, long[] v, byte[] from, boolean wide, int xmm) {
        int mxcsr = (int) get(from, 24, 4);
        if ((mxcsr & ~FpControl.MXCSR_MASK) != 0) {
            return false;
        }
        c.mxcsr = mxcsr;
        loadX87(x, from, wide);
        for (int i = 0; i < 2 * xmm; i++) {
            v[i] = get(from, FXSAVE_XMM + 8 * i, 8);
        }
        return true;
    }

    /// The x87 part of an FXSAVE image.
    public static void loadX87(X87 x, byte[] from, boolean wide) {
        x.control = (int) get(from, 0, 2) & 0x1f3f | 0x40;
        x.loadStatus((int) get(from, 2, 2));
        x.loadTagByte((int) get(from, 4, 1));
        x.opcode = (int) get(from, 6, 2) & 0x7ff;
        x.instructionPointer = get(from, 8, wide ? 8 : 4);
        x.dataPointer = get(from, 16, wide ? 8 : 4);
        x.instructionSelector = wide ? 0 : (int) get(from, 12, 2);
        x.dataSelector = wide ? 0 : (int) get(from, 20, 2);
        for (int i = 0; i < 8; i++) {
            int r = x.top + i & 7;
            x.significand[r] = get(from, FXSAVE_REGISTERS + 16 * i, 8);
            x.signExponent[r] = (int) get(from, FXSAVE_REGISTERS + 16 * i + 8, 2);
        }
    }
}
