package straddle.launcher.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class InterruptionTest {

    @Test
    void whatRunsIsStoppedAndHasCleanedUpWhenInterruptReturns() {
        Interruption interruption = new Interruption();
        AtomicInteger stops = new AtomicInteger();
        Interruption.Guard guard = interruption.guard();
        guard.onInterrupt(() -> {
            stops.incrementAndGet();
            guard.close();
        });

        interruption.interrupt();

        assertTrue(interruption.happened());
        assertEquals(1, stops.get());
    }

    @Test
    void whatBeginsAfterAnInterruptionIsStoppedAtOnce() {
        Interruption interruption = new Interruption();
        AtomicInteger stops = new AtomicInteger();
        interruption.interrupt();

        try (Interruption.Guard guard = interruption.guard()) {
            guard.onInterrupt(stops::incrementAndGet);
        }

        assertEquals(1, stops.get());
    }

    @Test
    void stoppingWhatRunsIsNoInterruption() {
        Interruption interruption = new Interruption();

        interruption.stopRunning();

        assertFalse(interruption.happened());
    }
}
