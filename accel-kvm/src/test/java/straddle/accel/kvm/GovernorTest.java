package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GovernorTest {
    private static final long SHELL = 0x1000;
    private static final long NUMBERS = 0x2000;

    private final Governor governor = new Governor(45, 25);

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

    private long now = 1;

    /// Slices one after the other, none of which is wanted natively.
    private void translate(Governor by, int slices, long instructions, double perNano) {
        for (int i = 0; i < slices && !by.wantsNative(NUMBERS); i++) {
            now += (long) (instructions / perNano);
            by.translated(NUMBERS, instructions);
        }
    }

    /// Slices that would repay an exit if the translator took as long as it usually does.
    @Test
    void whatIsTranslatedWellStaysTranslated() {
        Governor timing = new Governor(45, 25, () -> now);
        long slice = 4 * timing.threshold();
        translate(timing, 100, slice, 3.5);
        assertFalse(timing.wantsNative(NUMBERS));
        assertEquals(0, timing.toNative());

        timing.forget(NUMBERS);
        translate(timing, 100, slice, 0.3);
        assertTrue(timing.wantsNative(NUMBERS));
    }

    @Test
    void whatComputesGoesToTheProcessorHoweverWellItIsTranslated() {
        Governor timing = new Governor(70, 40, () -> now);
        for (int i = 0; i < 10 && !timing.wantsNative(NUMBERS); i++) {
            now += 33_000;
            timing.goesOnTranslated(NUMBERS, 200_000);
        }

        assertTrue(timing.wantsNative(NUMBERS));
    }

    /// The part of it that was told of while it ran is not taken for more than that.
    @Test
    void aSliceThatIsToldOfTwiceIsOne() {
        Governor timing = new Governor(33, 27, () -> now);
        for (int i = 0; i < 100; i++) {
            assertFalse(timing.wantsNative(NUMBERS));
            now += 34_000;
            timing.goesOnTranslated(NUMBERS, 200_000);
            assertFalse(timing.wantsNative(NUMBERS));
            now += 8_000;
            timing.translated(NUMBERS, 50_000);
        }
        assertEquals(0, timing.toNative());
    }

    /// The host had something else to do.
    @Test
    void oneSlowSliceSaysLittle() {
        Governor timing = new Governor(45, 25, () -> now);
        long slice = 4 * timing.threshold();
        translate(timing, 100, slice, 3.5);
        translate(timing, 1, slice, 0.01);

        assertFalse(timing.wantsNative(NUMBERS));
    }

    @Test
    void aProgramThatTurnsToTheKernelComesBack() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        assertTrue(governor.wantsNative(NUMBERS));
        int slices = 0;
        while (governor.wantsNative(NUMBERS) && slices < 100) {
            governor.ranNatively(NUMBERS, 46_000, 1, false);
            slices++;
        }
        assertTrue(slices < 20, slices + " slices");
        assertEquals(1, governor.toTranslated());
    }

    @Test
    void whatIsForgottenBeginsAnew() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        governor.ranNatively(NUMBERS, 1_000_000, 1, true);
        assertTrue(governor.hasRun(NUMBERS));
        governor.forget(NUMBERS);
        assertFalse(governor.hasRun(NUMBERS));
        assertFalse(governor.wantsNative(NUMBERS));
    }

    /// Time alone does not tell what a short slice computed.
    @Test
    void oneInManyShortSlicesIsTranslatedToCountIt() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        int slices = 0;
        while (governor.wantsNative(NUMBERS) && slices < 100) {
            governor.ranNatively(NUMBERS, 100_000, 1, false);
            slices++;
        }
        assertEquals(16, slices);
        governor.translated(NUMBERS, 2 * governor.threshold());
        assertTrue(governor.wantsNative(NUMBERS));
    }

    @Test
    void countingGetsRarerWhileItSpeaksForTheProcessor() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        int slices = 0;
        for (int i = 0; i < 1000; i++) {
            if (governor.wantsNative(NUMBERS)) {
                governor.ranNatively(NUMBERS, 100_000, 1, true);
                slices++;
            } else {
                governor.translated(NUMBERS, 4 * governor.threshold());
            }
        }
        assertTrue(slices > 990, slices + " of 1000");
    }

    @Test
    void aSystemCallIsWorthLessComputingThanAnException() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        governor.translated(SHELL, 1000 * governor.threshold());
        for (int i = 0; i < 15; i++) {
            governor.ranNatively(NUMBERS, 40_000, 1, true);
            governor.ranNatively(SHELL, 40_000, 1, false);
        }
        assertTrue(governor.wantsNative(NUMBERS));
        assertFalse(governor.wantsNative(SHELL));
    }

    @Test
    void longSlicesNeedNoCounting() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        for (int i = 0; i < 1000; i++) {
            governor.ranNatively(NUMBERS, 4_000_000, 1, false);
            assertTrue(governor.wantsNative(NUMBERS));
        }
    }

    @Test
    void itTellsWhatItDecidedAndWhy() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        governor.ranNatively(NUMBERS, 5_000_000, 1, false);
        String text = governor.describe();

        assertTrue(text.startsWith("Leaving user code on the processor costs 45.0 us here"), text);
        assertTrue(text.lines().anyMatch(line -> line.matches(" +2000  native .* 5 ms  1")), text);
    }

    /// PAE paging's highest tables have 32 bytes.
    @Test
    void tablesInOnePageAreSeveralAddressSpaces() {
        governor.translated(NUMBERS, 1000 * governor.threshold());
        assertTrue(governor.wantsNative(NUMBERS));
        assertFalse(governor.wantsNative(NUMBERS + 32));
        assertTrue(governor.wantsNative(NUMBERS));
    }

    @Test
    void itsDecisionsAreInFlightRecordings(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("straddle.HybridDecision");
            recording.start();
            new Governor(50, 50).translated(0x5000, 1 << 30);
            recording.stop();
            recording.dump(file);
        }
        RecordedEvent event = RecordingFile.readAllEvents(file).getFirst();

        assertEquals("5000", event.getString("pageTable"));
        assertTrue(event.getBoolean("toProcessor"));
        assertEquals(200_000, event.getLong("average"));
    }
}
