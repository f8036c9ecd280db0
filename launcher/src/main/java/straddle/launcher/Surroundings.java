package straddle.launcher;

import java.io.InputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.launcher.session.Interruption;

/// What the commands meet outside: streams and engines. Tests bring their own.
///
/// @param in what the user types
/// @param out results: tables, JSON, the guest's serial line
/// @param err progress and complaints
/// @param colour whether `out` understands ANSI escapes
/// @param live whether `err` is a terminal, where a progress line can be rewritten
/// @param interruption ends what runs on Ctrl-C
/// @param environment the process's environment variables
/// @param host the host's architecture, or null when no guest of ours matches it
record Surroundings(
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean colour,
        boolean live,
        Map<String, String> environment,
        GuestArchitecture host,
        Supplier<List<AcceleratorProvider>> engines,
        Interruption interruption) {

    /// The process's own. The `straddle` script tells which streams are terminals, since asking Java costs
    /// more than all the rest of `straddle --version`.
    static Surroundings ofProcess() {
        String terminals = System.getProperty("straddle.terminals", "");
        boolean plain = System.getenv("NO_COLOR") != null || "dumb".equals(System.getenv("TERM"));
        return new Surroundings(
                System.in,
                System.out,
                System.err,
                terminals.contains("out") && !plain,
                terminals.contains("err") && !plain,
                System.getenv(),
                GuestArchitecture.ofHost(),
                AcceleratorProvider::installed,
                new Interruption());
    }

    /// From the process's start to when its first Java code could run, as far as the JVM tells.
    static long startUpMillis() {
        RuntimeMXBean runtime = ManagementFactory.getRuntimeMXBean();
        return ProcessHandle.current()
                .info()
                .startInstant()
                .map(start -> Math.max(0, runtime.getStartTime() - start.toEpochMilli()))
                .orElse(0L);
    }
}
