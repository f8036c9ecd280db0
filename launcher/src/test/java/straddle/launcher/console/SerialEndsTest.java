package straddle.launcher.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.vcpu.RunControl;
import straddle.machines.Machine;

@Timeout(60)
class SerialEndsTest {
    @TempDir private Path folder;

    private final Consoles consoles = new Consoles("straddle test");

    private Machine start(SerialEnd end) throws Exception {
        consoles.open(List.of(end), List.of());
        Machine machine = EchoMachine.create(end.output());
        consoles.begins(machine);
        machine.start();
        return machine;
    }

    @Test
    void aPipesBytesPassUnchangedHoweverManyThereAre() throws Exception {
        byte[] all = new byte[20_000];
        new SplittableRandom(1).nextBytes(all);
        for (int i = 0; i < all.length; i++) {
            all[i] |= 1; // 0 would end the guest
        }
        PipedInputStream out = new PipedInputStream(64);
        StreamEnd end =
                new StreamEnd(
                        new ByteArrayInputStream(all),
                        new PrintStream(new PipedOutputStream(out), true),
                        () -> {});
        try (Machine machine = start(end)) {
            assertArrayEquals(all, out.readNBytes(all.length));
            assertEquals(RunControl.State.RUNNING, machine.control().state());
            consoles.abandon();
        }
        consoles.close();
    }

    @Test
    void aFileGetsAllThatTheGuestSaid() throws Exception {
        Path file = folder.resolve("serial.log");
        FileEnd end = new FileEnd(file, _ -> {});
        try (Machine machine = start(end)) {
            byte[] typed = "to a file\n\0".getBytes(StandardCharsets.US_ASCII);
            machine.serialPorts().getFirst().send(typed, 0, typed.length);
            machine.awaitStop();
        }
        consoles.close();
        assertEquals("to a file\n", Files.readString(file));
    }

    @Test
    void aFileThatCanNotBeIsRefused() {
        assertThrows(
                IOException.class, () -> new FileEnd(folder.resolve("none/serial.log"), _ -> {}));
    }

    @Test
    void aPtyCarriesBytesBothWaysAndNobodyWaitsWhileItIsNotOpen() throws Exception {
        PtyEnd end = new PtyEnd();
        try (Machine machine = start(end)) {
            byte[] lost = new byte[5000];
            java.util.Arrays.fill(lost, (byte) '.');
            machine.serialPorts().getFirst().send(lost, 0, lost.length);
            try (RandomAccessFile other = new RandomAccessFile(end.path(), "rw")) {
                other.write("hello\n".getBytes(StandardCharsets.US_ASCII));
                String line = other.readLine();
                assertEquals("hello", line.substring(line.length() - 5));
            }
            consoles.abandon();
        }
        consoles.close();
    }

    @Test
    void theNextMachineGetsWhatTheLastOneDidNotRead() throws Exception {
        PipedOutputStream keys = new PipedOutputStream();
        PipedInputStream out = new PipedInputStream();
        StreamEnd end =
                new StreamEnd(
                        new PipedInputStream(keys),
                        new PrintStream(new PipedOutputStream(out), true),
                        () -> {});
        try (Machine first = start(end)) {
            keys.write("one".getBytes(StandardCharsets.US_ASCII));
            keys.flush();
            assertArrayEquals("one".getBytes(StandardCharsets.US_ASCII), out.readNBytes(3));
            consoles.ended(first, null);
        }
        keys.write("two".getBytes(StandardCharsets.US_ASCII));
        keys.flush();
        try (Machine second = start(end)) {
            assertArrayEquals("two".getBytes(StandardCharsets.US_ASCII), out.readNBytes(3));
            assertEquals("echo", second.accelerator());
        }
        consoles.close();
    }
}
