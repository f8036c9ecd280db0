package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import straddle.core.observe.ExitObserver;
import straddle.core.observe.ExitProfile;
import straddle.core.observe.Trace;
import straddle.core.observe.Trace.Event;
import straddle.core.vcpu.ExitCounts;

class TracerTest {
    private static final String LOOP = "b9 03 00 00 00" + "ff c9" + "75 fc";
    private static final String BUSY_LOOP = "b9 20 4e 00 00" + "e4 80" + "ff c9" + "75 fa";

    private final Snippet snippet = new Snippet();
    private final List<String> lines = new ArrayList<>();

    @AfterEach
    void close() {
        snippet.close();
    }

    private void trace(Set<Event> events, Trace.Filter filter) {
        snippet.trace(new Trace(events, filter, lines::add));
    }

    private List<String> texts() {
        return lines.stream().map(line -> line.substring(line.lastIndexOf("  ") + 2)).toList();
    }

    @Test
    void instructionsAreTracedOneByOneInTheirOrder() {
        trace(EnumSet.of(Event.INSN), Trace.Filter.ALL);
        snippet.run(LOOP);

        assertEquals(
                List.of(
                        "mov ecx,0x3",
                        "dec ecx",
                        "jne 0x10005",
                        "dec ecx",
                        "jne 0x10005",
                        "dec ecx",
                        "jne 0x10005",
                        "hlt"),
                texts());
    }

    @Test
    void tracedCodeComesToTheSameEnd() {
        trace(EnumSet.allOf(Event.class), Trace.Filter.ALL);

        assertEquals(Snippet.COMPLETED, snippet.run(BUSY_LOOP));
        assertEquals(0, snippet.state.gpr[1]);
    }

    @Test
    void blocksAreTracedAsTheyAreEntered() {
        trace(EnumSet.of(Event.TB), Trace.Filter.ALL);
        snippet.run(LOOP);

        assertEquals(4, lines.size(), lines::toString);
        assertTrue(lines.get(1).contains("0000000000010005"), lines::toString);
    }

    @Test
    void theFilterSkipsAndEnds() {
        trace(EnumSet.of(Event.INSN), new Trace.Filter(0x10005, 0x10006, -1, -1, 1, 1));
        snippet.run(LOOP);

        assertEquals(List.of("dec ecx"), texts());
    }

    @Test
    void onceTheLimitIsReachedHotCodeIsCompiledAgain() {
        trace(EnumSet.of(Event.INSN), new Trace.Filter(0, -1, -1, -1, 0, 10));
        snippet.compile();
        snippet.run(BUSY_LOOP);

        assertEquals(10, lines.size());
        assertTrue(snippet.regions() > 0);
    }

    @Test
    void exceptionsAreTracedWithTheirErrorCodeAndAddress() {
        trace(EnumSet.of(Event.FAULT), Trace.Filter.ALL);
        snippet.run("a1 00 00 10 00 00 00 00 00");

        assertEquals(1, lines.size());
        assertTrue(lines.getFirst().contains("#PF, error 0, address 100000"), lines::toString);
        assertTrue(lines.getFirst().contains("0000000000010000"), lines::toString);
    }

    @Test
    void softwareInterruptsAreTraced() {
        trace(EnumSet.of(Event.INT), Trace.Filter.ALL);
        snippet.run("cd 05");

        assertTrue(lines.getFirst().endsWith("int 0x5"), lines::toString);
    }

    @Test
    void aDeviceAccessInARegionIsToldOnceWithItsAddress() {
        ExitProfile profile = new ExitProfile();
        snippet.observe(profile);
        snippet.compile();
        snippet.run(BUSY_LOOP);

        assertTrue(snippet.regions() > 0);
        assertEquals(1, profile.entries().size());
        ExitProfile.Entry entry = profile.entries().getFirst();
        assertEquals(
                new ExitProfile.Place(ExitCounts.Kind.PORT_READ, 0x10005, "0x80"), entry.place());
        assertEquals(20_000, entry.count());
    }

    @Test
    void anAccessThatNoDeviceAnswersNamesNone() {
        List<ExitObserver.Access> seen = new ArrayList<>();
        snippet.observe(
                new ExitObserver() {
                    @Override
                    public void exit(int vcpu, ExitCounts.Kind kind, long pc, long nanos) {}

                    @Override
                    public void access(Access access, long nanos) {
                        seen.add(access);
                    }
                });
        snippet.run("b0 07" + "e6 80");

        assertEquals(
                List.of(
                        new ExitObserver.Access(
                                0, ExitCounts.Kind.PORT_WRITE, 0x10002, 0x80, 1, 7, "")),
                seen);
    }
}
