package straddle.launcher.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.History;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.history.DefaultHistory;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import straddle.host.HostTerminal;
import straddle.launcher.monitor.Monitor;

/// The monitor on a raw terminal: JLine edits the line, remembers earlier ones and completes words.
///
/// JLine gets the keys from us and no terminal of the host's: that one stays raw, and everything typed after the escape
/// to the guest is the guest's. Thread `monitor` runs from the constructor on until [#close()].
final class MonitorShell implements AutoCloseable {
    private static final String PROMPT = "(straddle) ";
    private static final int KEYS = 1 << 16;
    private static final long PATIENCE_MILLIS = 2000;

    /// Lines of all shells of this process.
    private static final History HISTORY = new DefaultHistory();

    private final Monitor monitor;
    private final PrintStream screen;
    private final HostTerminal.Size size;
    private final ByteQueue keys = new ByteQueue(KEYS);
    private final Thread thread;

    MonitorShell(Monitor monitor, PrintStream screen, HostTerminal.Size size) {
        this.monitor = monitor;
        this.screen = screen;
        this.size = size;
        thread = Thread.ofPlatform().name("monitor").daemon().start(this::serve);
    }

    void type(byte[] bytes, int count) throws InterruptedException {
        keys.put(bytes, 0, count);
    }

    private void serve() {
        screen.print(
                "\r\nMonitor. 'help' lists the commands, Ctrl-A C leads back to the guest.\r\n");
        screen.flush();
        try (Terminal terminal = terminal()) {
            LineReader reader =
                    LineReaderBuilder.builder()
                            .terminal(terminal)
                            .appName("straddle")
                            .history(HISTORY)
                            .completer(this::complete)
                            .option(LineReader.Option.BRACKETED_PASTE, false)
                            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                            .build();
            while (prompt(reader, terminal)) {
                // A line at a time.
            }
        } catch (IOException | RuntimeException e) {
            screen.print("\r\nThe monitor has failed: " + e + "\r\n");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        screen.print("\r\n");
        screen.flush();
    }

    private Terminal terminal() throws IOException {
        String type = System.getenv("TERM");
        Terminal terminal =
                new ExternalTerminal(
                        "monitor",
                        type == null || type.isEmpty() ? Terminal.TYPE_DUMB : type,
                        new Keys(),
                        new Screen(),
                        StandardCharsets.UTF_8);
        terminal.setSize(new Size(size.columns(), size.rows()));
        terminal.enterRawMode();
        return terminal;
    }

    /// @return whether there may be another line
    private boolean prompt(LineReader reader, Terminal terminal) throws InterruptedException {
        try {
            terminal.writer().print(monitor.execute(reader.readLine(PROMPT)));
            terminal.writer().flush();
            return true;
        } catch (UserInterruptException _) {
            return true; // Ctrl-C: the line is dropped
        } catch (EndOfFileException _) {
            return !keys.isClosed(); // Ctrl-D
        }
    }

    private void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        monitor.completions(line.words().subList(0, line.wordIndex()))
                .forEach(word -> candidates.add(new Candidate(word)));
    }

    /// Ends the shell, which a command still at work finishes first.
    @Override
    public void close() {
        keys.close();
        try {
            thread.join(PATIENCE_MILLIS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// The keys as JLine wants them.
    private final class Keys extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            try {
                return keys.take(to, offset, length);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (IOException) new InterruptedIOException().initCause(e);
            }
        }
    }

    /// The screen, which stays open when JLine closes what it got.
    private final class Screen extends OutputStream {
        @Override
        public void write(int b) {
            screen.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            screen.write(bytes, offset, length);
        }

        @Override
        public void flush() {
            screen.flush();
        }
    }
}
