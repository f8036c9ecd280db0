package straddle.launcher.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.launcher.monitor.Monitor;

@Timeout(60)
class SocketMonitorTest {
    @TempDir private Path folder;

    private final Monitor monitor = new Monitor("straddle test", () -> {});

    @Test
    void aSocketTakesCommandsFromItsOwnerUntilItIsClosed() throws Exception {
        Path path = folder.resolve("monitor");
        try (SocketMonitor _ = new SocketMonitor(monitor, path);
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            client.write(ByteBuffer.wrap("help cont\n".getBytes(StandardCharsets.US_ASCII)));
            client.shutdownOutput();
            String said =
                    new String(
                            Channels.newInputStream(client).readAllBytes(),
                            StandardCharsets.US_ASCII);
            assertEquals("(straddle) cont, c\n  let the guest go on\n(straddle) ", said);
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        }
        assertFalse(Files.exists(path));
    }

    @Test
    void aPathThatExistsIsRefused() throws Exception {
        Path path = Files.createFile(folder.resolve("taken"));
        assertThrows(IOException.class, () -> new SocketMonitor(monitor, path));
        assertEquals(0, Files.size(path));
    }

    @Test
    void streamsTakeACommandALine() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LineMonitor.serve(
                monitor,
                new ByteArrayInputStream("\nhlep\n".getBytes(StandardCharsets.US_ASCII)),
                new PrintStream(out));
        assertEquals(
                "(straddle) (straddle) There is no command 'hlep'. Did you mean help?\n(straddle) ",
                out.toString(StandardCharsets.US_ASCII));
    }
}
