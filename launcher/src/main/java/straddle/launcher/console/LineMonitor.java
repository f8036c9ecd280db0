package straddle.launcher.console;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import straddle.launcher.monitor.Monitor;

/// The monitor on two streams, for programs and for terminals that edit lines themselves: a line in, its answer out,
/// then a prompt.
final class LineMonitor {
    private static final String PROMPT = "(straddle) ";

    private LineMonitor() {}

    /// Serves until the input ends.
    static void serve(Monitor monitor, InputStream in, PrintStream out)
            throws IOException, InterruptedException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        out.print(PROMPT);
        out.flush();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            out.print(monitor.execute(line));
            out.print(PROMPT);
            out.flush();
        }
    }

    /// Serves in a thread of its own. A read that blocks needs no end: the thread is a daemon.
    static void start(Monitor monitor, InputStream in, PrintStream out) {
        Thread.ofPlatform()
                .name("monitor")
                .daemon()
                .start(() -> {
                    try {
                        serve(monitor, in, out);
                    } catch (IOException | InterruptedException _) {
                        // Nobody can type any more; the guest may go on without.
                    }
                });
    }
}
