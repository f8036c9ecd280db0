package straddle.devices.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import straddle.core.bus.IoDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// What holds for every device.
public interface DeviceContract {
    /// A device with its register blocks, and a write that changes its state.
    record Subject(Device device, List<Registers> registers, Runnable change) {}

    /// @param length bytes of address space
    record Registers(IoDevice io, int length) {}

    /// A new one at each call, all equal; time stands still for it.
    Subject subject();

    @Test
    default void resetIsIdempotent() {
        Subject subject = subject();
        subject.change().run();
        subject.device().reset();
        byte[] once = SnapshotWriter.bytesOf(subject.device());
        subject.device().reset();
        assertArrayEquals(once, SnapshotWriter.bytesOf(subject.device()));
    }

    @Test
    default void whatIsRestoredSavesTheSameAgain() throws SnapshotException {
        Subject used = subject();
        fuzz(used, 7, 500);
        used.change().run();
        byte[] saved = SnapshotWriter.bytesOf(used.device());
        Subject fresh = subject();
        fresh.device().restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
        assertArrayEquals(saved, SnapshotWriter.bytesOf(fresh.device()));
    }

    @Test
    default void aWriteShowsInWhatIsSaved() {
        Subject subject = subject();
        byte[] before = SnapshotWriter.bytesOf(subject.device());
        subject.change().run();
        assertFalse(Arrays.equals(before, SnapshotWriter.bytesOf(subject.device())));
    }

    @Test
    default void anyAccessOfADeclaredWidthIsAnsweredInSilence() {
        long seed = System.nanoTime();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        PrintStream err = System.err;
        PrintStream trap = new PrintStream(printed, true, StandardCharsets.UTF_8);
        System.setOut(trap);
        System.setErr(trap);
        try {
            assertDoesNotThrow(() -> fuzz(subject(), seed, 20_000), () -> "seed " + seed);
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        assertEquals("", printed.toString(StandardCharsets.UTF_8), () -> "seed " + seed);
    }

    /// Random reads and writes, all over the registers.
    static void fuzz(Subject subject, long seed, int accesses) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < accesses; i++) {
            Registers block = subject.registers().get(random.nextInt(subject.registers().size()));
            int width = declared(block.io(), 1 << random.nextInt(4));
            int offset = random.nextInt(Math.max(1, block.length() - width + 1));
            if (random.nextBoolean()) {
                block.io().read(offset, width);
            } else {
                block.io().write(offset, width, random.nextLong() >>> 64 - 8 * width);
            }
        }
    }

    /// The wished width if the device has it, else one that it has.
    private static int declared(IoDevice io, int wished) {
        return (io.widths() & wished) != 0 ? wished : Integer.highestOneBit(io.widths());
    }
}
