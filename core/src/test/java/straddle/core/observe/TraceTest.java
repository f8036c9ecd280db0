package straddle.core.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.core.observe.Trace.Event;
import straddle.core.vcpu.ExitCounts;

class TraceTest {
    private final List<String> lines = new ArrayList<>();

    private Trace trace(Trace.Filter filter, Event... events) {
        return new Trace(EnumSet.copyOf(List.of(events)), filter, lines::add);
    }

    @Test
    void onlyTheEventsAskedForPass() {
        Trace trace = trace(Trace.Filter.ALL, Event.IO);

        assertTrue(trace.takes(Event.IO, 0, 0, 0));
        assertFalse(trace.takes(Event.TB, 0, 0, 0));
    }

    @Test
    void addressesAreUnsigned() {
        Trace.Filter kernel =
                new Trace.Filter(0xffff_8000_0000_0000L, 0xffff_ffff_ffff_ffffL, -1, -1, 0, 0);
        Trace trace = trace(kernel, Event.TB);

        assertTrue(trace.takes(Event.TB, 0, 0, 0xffff_ffff_8100_0000L));
        assertFalse(trace.takes(Event.TB, 0, 0, 0x40_0000));
    }

    @Test
    void levelAndProcessorMustFit() {
        Trace trace = trace(new Trace.Filter(0, -1, 3, 1, 0, 0), Event.TB);

        assertTrue(trace.takes(Event.TB, 1, 3, 0));
        assertFalse(trace.takes(Event.TB, 1, 0, 0));
        assertFalse(trace.takes(Event.TB, 0, 3, 0));
    }

    @Test
    void theLimitEndsIt() {
        Trace trace = trace(new Trace.Filter(0, -1, -1, -1, 1, 1), Event.TB);

        assertFalse(trace.takes(Event.TB, 0, 0, 0));
        assertFalse(trace.isOver());
        assertTrue(trace.takes(Event.TB, 0, 0, 0));
        assertTrue(trace.isOver());
        assertFalse(trace.takes(Event.TB, 0, 0, 0));
    }

    @Test
    void anAccessIsALineWithItsDevice() {
        trace(Trace.Filter.ALL, Event.IO)
                .access(
                        new ExitObserver.Access(
                                2, ExitCounts.Kind.MMIO_READ, 0x1000, 0xfed0_0000L, 4, 7, "HPET"),
                        1500);

        assertEquals(
                List.of(
                        "2 io    0000000000001000  MMIO read 0xfed00000, 4 bytes: 0x7  HPET, 1,500 ns"),
                lines);
    }

    @Test
    void placesOfAProfileAddUpAndTheDearestComesFirst() {
        ExitProfile profile = new ExitProfile();
        profile.exit(0, ExitCounts.Kind.HALT, 0x10, 5);
        profile.exit(0, ExitCounts.Kind.MMIO_READ, 0x20, 3);
        profile.exit(1, ExitCounts.Kind.MMIO_READ, 0x20, 4);

        assertEquals(
                List.of(
                        new ExitProfile.Entry(
                                new ExitProfile.Place(ExitCounts.Kind.MMIO_READ, 0x20, ""), 2, 7),
                        new ExitProfile.Entry(
                                new ExitProfile.Place(ExitCounts.Kind.HALT, 0x10, ""), 1, 5)),
                profile.entries());
    }
}
