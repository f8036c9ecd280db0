package straddle.tcg.a64;

import java.util.Locale;

/// What instructions on one or two general registers compute that Java has no operator for.
public final class IntegerRuntime {
    private IntegerRuntime() {}

    /// The method of a row: one for 32 bits and one for 64.
    static String name(DataRegister row) {
        return row.name().toLowerCase(Locale.ROOT).replace("_32", "");
    }

    static long wide(DataRegister row, long n, long m) {
        return switch (row) {
            case UDIV -> udiv(n, m);
            case SDIV -> sdiv(n, m);
            case LSLV -> lslv(n, m);
            case LSRV -> lsrv(n, m);
            case ASRV -> asrv(n, m);
            case RORV -> rorv(n, m);
            case RBIT -> rbit(n, m);
            case REV16 -> rev16(n, m);
            case REV32 -> rev32(n, m);
            case REV -> rev(n, m);
            case CLZ -> clz(n, m);
            case CLS -> cls(n, m);
            default -> throw new IllegalArgumentException(row.name());
        };
    }

    static int narrow(DataRegister row, int n, int m) {
        return switch (row) {
            case UDIV -> udiv(n, m);
            case SDIV -> sdiv(n, m);
            case LSLV -> lslv(n, m);
            case LSRV -> lsrv(n, m);
            case ASRV -> asrv(n, m);
            case RORV -> rorv(n, m);
            case RBIT -> rbit(n, m);
            case REV16 -> rev16(n, m);
            case REV_32 -> rev(n, m);
            case CLZ -> clz(n, m);
            case CLS -> cls(n, m);
            default -> throw new IllegalArgumentException(row.name());
        };
    }

    public static long udiv(long n, long m) {
        return m == 0 ? 0 : Long.divideUnsigned(n, m);
    }

    public static int udiv(int n, int m) {
        return m == 0 ? 0 : Integer.divideUnsigned(n, m);
    }

    public static long sdiv(long n, long m) {
        return m == 0 ? 0 : n / m;
    }

    public static int sdiv(int n, int m) {
        return m == 0 ? 0 : n / m;
    }

    public static long lslv(long n, long m) {
        return n << m;
    }

    public static int lslv(int n, int m) {
        return n << m;
    }

    public static long lsrv(long n, long m) {
        return n >>> m;
    }

    public static int lsrv(int n, int m) {
        return n >>> m;
    }

    public static long asrv(long n, long m) {
        return n >> m;
    }

    public static int asrv(int n, int m) {
        return n >> m;
    }

    public static long rorv(long n, long m) {
        return Long.rotateRight(n, (int) m);
    }

    public static int rorv(int n, int m) {
        return Integer.rotateRight(n, m);
    }

    public static long rbit(long n, long ignored) {
        return Long.reverse(n);
    }

    public static int rbit(int n, int ignored) {
        return Integer.reverse(n);
    }

    public static long rev16(long n, long ignored) {
        return n >>> 8 & 0x00ff_00ff_00ff_00ffL | (n & 0x00ff_00ff_00ff_00ffL) << 8;
    }

    public static int rev16(int n, int ignored) {
        return n >>> 8 & 0x00ff_00ff | (n & 0x00ff_00ff) << 8;
    }

    public static long rev32(long n, long ignored) {
        return Long.rotateLeft(Long.reverseBytes(n), 32);
    }

    public static long rev(long n, long ignored) {
        return Long.reverseBytes(n);
    }

    public static int rev(int n, int ignored) {
        return Integer.reverseBytes(n);
    }

    public static long clz(long n, long ignored) {
        return Long.numberOfLeadingZeros(n);
    }

    public static int clz(int n, int ignored) {
        return Integer.numberOfLeadingZeros(n);
    }

    public static long cls(long n, long ignored) {
        return Long.numberOfLeadingZeros(n ^ n >> 63) - 1L;
    }

    public static int cls(int n, int ignored) {
        return Integer.numberOfLeadingZeros(n ^ n >> 31) - 1;
    }
}
