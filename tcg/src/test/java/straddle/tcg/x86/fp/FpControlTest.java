package straddle.tcg.x86.fp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import straddle.tcg.fp.SoftFloat;

/// Unmasked exceptions, which the host can't show without a signal.
class FpControlTest {
    private static final int PE = SoftFloat.PE;
    private static final int ZE = SoftFloat.ZE;
    private static final int IE = SoftFloat.IE;
    private static final int UE = SoftFloat.UE;
    private static final long ONE = Double.doubleToRawLongBits(1);
    private static final long THREE = Double.doubleToRawLongBits(3);

    private final FpControl c = new FpControl();
    private final long[] v = new long[36];

    private void operands(long low, long high, long otherLow, long otherHigh) {
        v[0] = low;
        v[1] = high;
        v[2] = otherLow;
        v[3] = otherHigh;
    }

    @Test
    void anUnmaskedExceptionOfOneElementLeavesTheWholeDestination() {
        c.mxcsr = FpControl.RESET & ~FpControl.ZM;
        operands(ONE, THREE, THREE, 0);
        assertTrue(Sse.divpd(c, v, 0, 2));
        assertEquals(ONE, v[0]);
        assertEquals(THREE, v[1]);
    }

    @Test
    void anExceptionFoundBeforeComputingHidesThoseFoundAfterwards() {
        c.mxcsr = FpControl.RESET & ~FpControl.ZM;
        operands(ONE, THREE, THREE, 0);
        Sse.divpd(c, v, 0, 2);
        assertEquals(FpControl.RESET & ~FpControl.ZM | ZE, c.mxcsr);
    }

    @Test
    void anUnmaskedInexactResultIsReportedAlsoWhenItsFlagIsSticky() {
        c.mxcsr = FpControl.RESET & ~FpControl.PM | PE;
        operands(ONE, 0, THREE, 0);
        assertTrue(Sse.divsd(c, v, 0, 2));
        assertEquals(ONE, v[0]);
    }

    @Test
    void anExactTinyResultUnderflowsWhereThatIsUnmasked() {
        c.mxcsr = FpControl.RESET & ~FpControl.UM;
        operands(0x0010_0000_0000_0000L, 0, Double.doubleToRawLongBits(0.5), 0);
        assertTrue(Sse.mulsd(c, v, 0, 2));
        assertEquals(UE, c.mxcsr & 0x3f);
    }

    @Test
    void aMaskedExceptionIsStickyAndNotReported() {
        operands(0, 0, 0, 0);
        assertFalse(Sse.divsd(c, v, 0, 2));
        assertEquals(FpControl.RESET | IE, c.mxcsr);
        operands(ONE, 0, ONE, 0);
        assertFalse(Sse.divsd(c, v, 0, 2));
        assertEquals(FpControl.RESET | IE, c.mxcsr);
    }

    @Test
    void anUnmaskedComparisonTellsSo() {
        c.mxcsr = FpControl.RESET & ~FpControl.IM;
        operands(FpControl.DEFAULT_NAN64, 0, ONE, 0);
        assertEquals(FpControl.UNMASKED, Sse.comisd(c, v, 0, 2));
        assertEquals(FpControl.ZF | FpControl.PF | FpControl.CF, Sse.ucomisd(c, v, 0, 2));
    }
}
