package straddle.launcher.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import straddle.launcher.monitor.Monitor;

/// Ways to the monitor beside the terminal's.
public final class MonitorDoors {
    private MonitorDoors() {}

    /// A command a line, until the input ends.
    public static void onStreams(Monitor monitor, InputStream in, PrintStream out) {
        LineMonitor.start(monitor, in, out);
    }

    /// A Unix socket, which goes away when the result is closed.
    ///
    /// @throws IOException if the path exists, or can't be a socket
    public static AutoCloseable onSocket(Monitor monitor, Path path) throws IOException {
        return new SocketMonitor(monitor, path);
    }
}
