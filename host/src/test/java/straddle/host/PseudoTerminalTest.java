package straddle.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PseudoTerminalTest {

    @Test
    void bytesPassUnchangedBothWays() throws Exception {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        try (PseudoTerminal pty = PseudoTerminal.open();
                RandomAccessFile other = new RandomAccessFile(pty.path(), "rw")) {
            other.write(all);
            byte[] arrived = new byte[512];
            int count = 0;
            while (count < all.length) {
                byte[] part = new byte[512];
                int read = pty.read(part);
                System.arraycopy(part, 0, arrived, count, read);
                count += read;
            }
            assertArrayEquals(all, Arrays.copyOf(arrived, count));

            assertEquals(all.length, pty.write(all, 0, all.length));
            byte[] back = new byte[all.length];
            other.readFully(back);
            assertArrayEquals(all, back);
        }
    }

    @Test
    void itKnowsWhetherAnybodyHasItOpen() throws Exception {
        try (PseudoTerminal pty = PseudoTerminal.open()) {
            assertFalse(pty.isOpenElsewhere());
            assertEquals(0, pty.write(new byte[] {1}, 0, 1));
            try (RandomAccessFile _ = new RandomAccessFile(pty.path(), "rw")) {
                assertTrue(pty.isOpenElsewhere());
            }
            assertFalse(pty.isOpenElsewhere());
        }
    }

    @Test
    void closingEndsAReaderThatWaits() throws Exception {
        PseudoTerminal pty = PseudoTerminal.open();
        CompletableFuture<Integer> reader =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        return pty.read(new byte[1]);
                    } catch (HostException e) {
                        throw new CompletionException(e);
                    }
                });
        pty.close();

        assertEquals(-1, reader.join());
    }

    @Test
    void closingGivesTheDescriptorBack() throws IOException, HostException {
        PseudoTerminal.open().close();
        long before = ProcessUsage.now().descriptors();
        PseudoTerminal pty = PseudoTerminal.open();
        assertEquals(before + 1, ProcessUsage.now().descriptors());
        pty.close();
        assertEquals(before, ProcessUsage.now().descriptors());
    }

    @Test
    void aTerminalGetsItsSettingsBack() throws Exception {
        try (PseudoTerminal pty = PseudoTerminal.open();
                Descriptor other = Descriptor.open(pty.path())) {
            cook(pty);
            String cooked = settings(pty);
            HostTerminal terminal = HostTerminal.of(other.number()).orElseThrow();

            terminal.raw();
            assertTrue(settings(pty).contains("-icanon"), settings(pty));
            assertTrue(settings(pty).contains("-isig"), settings(pty));
            terminal.restore();
            assertEquals(cooked, settings(pty));
        }
    }

    @Test
    void theWindowsSizeIsSeenAtTheOtherEnd() throws Exception {
        try (PseudoTerminal pty = PseudoTerminal.open();
                Descriptor other = Descriptor.open(pty.path())) {
            HostTerminal terminal = HostTerminal.of(other.number()).orElseThrow();
            assertEquals(Optional.empty(), terminal.size());
            pty.resize(new HostTerminal.Size(132, 43));
            assertEquals(new HostTerminal.Size(132, 43), terminal.size().orElseThrow());
        }
    }

    @Test
    void aFileIsNoTerminal() throws Exception {
        try (Descriptor zero = Descriptor.open("/dev/null")) {
            assertEquals(Optional.empty(), HostTerminal.of(zero.number()));
        }
        assertEquals(Optional.empty(), HostTerminal.of(-1));
    }

    private static void cook(PseudoTerminal pty) throws Exception {
        stty(pty, "sane");
    }

    private static String settings(PseudoTerminal pty) throws Exception {
        return stty(pty, "-a");
    }

    private static String stty(PseudoTerminal pty, String argument) throws Exception {
        Process process = new ProcessBuilder("stty", "-F", pty.path(), argument).start();
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(0, process.waitFor());
        return said;
    }
}
