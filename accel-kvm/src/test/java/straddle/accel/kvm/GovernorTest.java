package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class GovernorTest {
    private static final long SHELL = 0x1000;
    private static final long NUMBERS = 0x2000;

    private final Governor governor = new Governor(45);

    @Test
    void aNewAddressSpaceIsTranslated() {
        assertFalse(governor.wantsNative(SHELL));
    }

    @Test
    void longSlicesGoToTheProcessorAndShortOnesDoNot() {
        for (int i = 0; i < 20; i++) {
            governor.translated(NUMBERS, 100 * governor.threshold());
            governor.translated(SHELL, governor.threshold() / 3);
        }
        assertTrue(governor.wantsNative(NUMBERS));
        assertFalse(governor.wantsNative(SHELL));
        assertEquals(1, governor.toNative());
    }

    @Test
    void aProgramThatTurnsToTheKernelComesBack() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        assertTrue(governor.wantsNative(NUMBERS));
        int slices = 0;
        while (governor.wantsNative(NUMBERS) && slices < 100) {
            governor.ranNatively(NUMBERS, 46_000, 1);
            slices++;
        }
        assertTrue(slices < 20, slices + " slices");
        assertEquals(1, governor.toTranslated());
    }

    @Test
    void whatIsForgottenBeginsAnew() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        governor.ranNatively(NUMBERS, 1_000_000, 1);
        assertTrue(governor.hasRun(NUMBERS));
        governor.forget(NUMBERS);
        assertFalse(governor.hasRun(NUMBERS));
        assertFalse(governor.wantsNative(NUMBERS));
    }
}
