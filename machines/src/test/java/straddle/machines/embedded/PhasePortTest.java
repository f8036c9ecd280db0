package straddle.machines.embedded;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;

class PhasePortTest {
    private static final Phase SIEVE = new Phase(5, 3, Phase.Kind.INTEGER, 100, 7, 0x1234, "sieve");

    private final List<String> told = new ArrayList<>();
    private final PhasePort port = new PhasePort(List.of(SIEVE), new Notes(), 4);

    private final class Notes implements PhaseObserver {
        @Override
        public int operations(Phase phase) {
            told.add("prepare " + phase.name());
            return 42;
        }

        @Override
        public void began(Phase phase) {
            told.add("began " + phase.name());
        }

        @Override
        public void ended(Phase phase) {
            told.add("ended " + phase.name());
        }

        @Override
        public void result(Phase phase, long checksum, boolean passed) {
            told.add("%s %x %b".formatted(phase.name(), checksum, passed));
        }

        @Override
        public void finished(int failures) {
            told.add("finished " + failures);
        }
    }

    private void event(int number, int argument) {
        port.write(0, 4, Integer.toUnsignedLong(number << 24 | argument));
    }

    @Test
    void aPhaseIsFollowedFromItsPreparationToItsResult() {
        event(6, 1);
        event(3, 5);
        assertEquals(42, port.read(4, 4));
        event(1, 5);
        event(2, 5);
        port.write(8, 4, 0xffff_fff1L);
        port.write(12, 4, 0x8000_0000L);
        event(4, 5);
        event(5, 5);
        event(7, 3);
        assertEquals(
                List.of(
                        "prepare sieve",
                        "began sieve",
                        "ended sieve",
                        "sieve 80000000fffffff1 true",
                        "sieve 80000000fffffff1 false",
                        "finished 3"),
                told);
    }

    @Test
    void theHookIsReadAtItsPort() {
        assertEquals(4, port.read(0x10, 4));
    }

    @Test
    void whatIsUnknownIsIgnored() {
        event(1, 77);
        event(200, 5);
        port.write(3, 4, 9);
        assertEquals(List.of(), told);
        assertEquals(-1, port.read(0, 4));
    }

    @Test
    void itsStateIsSavedAndRestored() throws SnapshotException {
        port.write(8, 4, 7);
        event(3, 5);
        byte[] saved = SnapshotWriter.bytesOf(port);
        PhasePort other = new PhasePort(List.of(SIEVE), PhaseObserver.NONE, 0);
        other.restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
        assertArrayEquals(saved, SnapshotWriter.bytesOf(other));
        other.reset();
        assertEquals(0, other.read(4, 4));
    }
}
