package straddle.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A virtual machine as a process, with a guest's shell on its standard input and output.
final class ShellProcess implements AutoCloseable {
    private static final long LIMIT_SECONDS = 280;

    private final Process process;
    private final ProcessClock clock;
    private final long start = System.nanoTime();

    /// Guarded by itself: the reader appends.
    private final StringBuilder said = new StringBuilder();

    private final Thread reader;

    /// What something took.
    ///
    /// @param wall nanoseconds on the clock
    /// @param cpu nanoseconds of all the process's threads
    record Cost(long wall, long cpu) {}

    ShellProcess(List<String> command) throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        clock = new ProcessClock(process.pid());
        reader = Thread.ofPlatform().daemon().start(this::read);
    }

    private void read() {
        byte[] chunk = new byte[4096];
        try {
            InputStream in = process.getInputStream();
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                String more = new String(chunk, 0, count, StandardCharsets.ISO_8859_1);
                synchronized (said) {
                    said.append(more);
                }
            }
        } catch (IOException _) {
            // The process has ended; who waits for its words will notice.
        }
    }

    /// Waits for words.
    ///
    /// @return since the process's start
    Cost await(String words) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!said().contains(words)) {
            if (!reader.isAlive() || System.nanoTime() - end > 0) {
                throw new IOException("'" + words + "' was not said, but:\n" + said());
            }
            Thread.sleep(5);
        }
        return new Cost(System.nanoTime() - start, clock.nanos());
    }

    /// Has the shell run a line, and waits for its end.
    Cost run(String line) throws IOException, InterruptedException {
        synchronized (said) {
            said.setLength(0);
        }
        long wall = System.nanoTime();
        long cpu = clock.nanos();
        type(line + "; echo =$((40 + 2))=");
        await("=42=");
        return new Cost(System.nanoTime() - wall, clock.nanos() - cpu);
    }

    /// What it costs while the guest has nothing to do.
    Cost idle(long millis) throws IOException, InterruptedException {
        long wall = System.nanoTime();
        long cpu = clock.nanos();
        Thread.sleep(millis);
        return new Cost(System.nanoTime() - wall, clock.nanos() - cpu);
    }

    void type(String line) throws IOException {
        OutputStream keyboard = process.getOutputStream();
        keyboard.write((line + "\r").getBytes(StandardCharsets.US_ASCII));
        keyboard.flush();
    }

    /// What the shell said since the last line began.
    String said() {
        synchronized (said) {
            return said.toString();
        }
    }

    /// Memory that the process has at most had, in KiB.
    long peakKib() throws IOException {
        String status = Files.readString(Path.of("/proc/" + process.pid() + "/status"));
        Matcher matcher = Pattern.compile("VmHWM:\\s*(\\d+) kB").matcher(status);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
    }

    /// Waits for the process's end.
    ///
    /// @return its exit code, or -1 if it does not end
    int awaitEnd() throws InterruptedException {
        return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
