package straddle.launcher.console;

import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import straddle.launcher.monitor.Monitor;

/// The monitor on a Unix socket that only its owner may open: any number of programs, each served on its own.
final class SocketMonitor implements AutoCloseable {
    private final Monitor monitor;
    private final Path path;
    private final ServerSocketChannel server;

    /// @throws IOException if the path exists, or can't be a socket
    SocketMonitor(Monitor monitor, Path path) throws IOException {
        this.monitor = monitor;
        this.path = path;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        boolean complete = false;
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            complete = true;
        } finally {
            if (!complete) {
                server.close();
            }
        }
        Thread.ofPlatform().name("monitor-socket").daemon().start(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel client = server.accept();
                Thread.ofVirtual().name("monitor-client").start(() -> serve(client));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            LineMonitor.serve(
                    monitor,
                    Channels.newInputStream(client),
                    new PrintStream(
                            Channels.newOutputStream(client), false, StandardCharsets.UTF_8));
        } catch (IOException | InterruptedException _) {
            // The client went away.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(path);
    }
}
