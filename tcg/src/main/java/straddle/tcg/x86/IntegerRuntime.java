package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.DE;

import straddle.tcg.Cpu;

/// Divisions, for the interpreter and for emitted regions.
public final class IntegerRuntime {
    private IntegerRuntime() {}

    /// The quotient of DIV (SDM volume 2): high and low by the divisor, each `width` bytes, 4 or 8, zero-extended.
    /// Throws #DE.
    public static long quotient(Cpu c, long high, long low, long divisor, int width) {
        // It fits only if high < divisor, unsigned.
        if ((high ^ Long.MIN_VALUE) >= (divisor ^ Long.MIN_VALUE)) {
            throw ((X86Cpu) c).fault(DE);
        }
        if (width == 8) {
            return Wide.divide(high, low, divisor);
        }
        return Long.divideUnsigned(high << 32 | low, divisor);
    }

    /// The quotient of IDIV, sign-extended: operands as for [#quotient]. Throws #DE.
    public static long signedQuotient(Cpu c, long high, long low, long divisor, int width) {
        if (width == 8) {
            return signedQuotient64(c, high, low, divisor);
        }
        long dividend = high << 32 | low;
        long by = (int) divisor;
        // The one quotient that overflows a long is out of range, too.
        if (by == 0 || dividend == Long.MIN_VALUE && by == -1) {
            throw ((X86Cpu) c).fault(DE);
        }
        long quotient = dividend / by;
        if (quotient != (int) quotient) {
            throw ((X86Cpu) c).fault(DE);
        }
        return quotient;
    }

    private static long signedQuotient64(Cpu c, long high, long low, long divisor) {
        if (high == low >> 63 && divisor != 0 && divisor != -1) {
            return low / divisor;
        }
        boolean negative = high < 0;
        long magnitudeLow = negative ? -low : low;
        long magnitudeHigh = negative ? ~high + (low == 0 ? 1 : 0) : high;
        long magnitude = divisor < 0 ? -divisor : divisor;
        if ((magnitudeHigh ^ Long.MIN_VALUE) >= (magnitude ^ Long.MIN_VALUE)) {
            throw ((X86Cpu) c).fault(DE);
        }
        long quotient = Wide.divide(magnitudeHigh, magnitudeLow, magnitude);
        boolean negativeQuotient = negative != divisor < 0;
        if (quotient < 0 && !(negativeQuotient && quotient == Long.MIN_VALUE)) {
            throw ((X86Cpu) c).fault(DE);
        }
        return negativeQuotient ? -quotient : quotient;
    }
}
