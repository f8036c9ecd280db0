package straddle.launcher.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import straddle.host.HostException;
import straddle.host.HostTerminal;
import straddle.launcher.monitor.Monitor;
import straddle.launcher.session.SerialOutput;

/// The user's terminal: a guest's serial line, the monitor, and [EscapeKeys] that lead from one to the other.
///
/// The terminal is raw from the first machine on. While the monitor is open the guest's output waits. Thread
/// `keyboard` reads what is typed, and is alone in knowing who it is for.
public final class TerminalEnd extends TypedEnd {
    private static final int CHUNK = 256;
    private static final int CTRL_C = 3;

    /// So many Ctrl-C one after another, and the user probably wants to leave.
    private static final int IMPATIENT = 3;

    private final Tty tty;
    private final InputStream in;
    private final PrintStream screen;
    private final Monitor monitor;
    private final Runnable quit;
    private final EscapeKeys keys = new EscapeKeys();
    private final byte[] forGuest = new byte[CHUNK];
    private int forGuestCount;
    private int interrupts;
    private MonitorShell shell;

    /// @param in the terminal's bytes, not buffered
    /// @param screen the terminal
    /// @param quit ends the session at once
    /// @param onReaderGone called once when the screen can't be written any more
    public TerminalEnd(
            Tty tty,
            InputStream in,
            PrintStream screen,
            Monitor monitor,
            Runnable quit,
            Runnable onReaderGone) {
        super(new SerialOutput(screen, onReaderGone), "");
        this.tty = tty;
        this.in = in;
        this.screen = screen;
        this.monitor = monitor;
        this.quit = quit;
    }

    @Override
    void begin() {
        try {
            tty.raw();
        } catch (HostException e) {
            say("The terminal stays as it is: " + e.getMessage());
        }
    }

    @Override
    void read() throws IOException, InterruptedException {
        byte[] chunk = new byte[CHUNK];
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
            for (int i = 0; i < count; i++) {
                take(Byte.toUnsignedInt(chunk[i]));
            }
            flush();
        }
    }

    private void take(int typed) throws InterruptedException {
        int key = keys.next(typed);
        if (key >= 0) {
            forGuest[forGuestCount++] = (byte) key;
            if (forGuestCount == CHUNK) {
                flush();
            }
            hint(key);
            return;
        }
        if (key == EscapeKeys.NOTHING_YET) {
            return;
        }
        flush();
        switch (key) {
            case EscapeKeys.QUIT -> quit.run();
            case EscapeKeys.MONITOR -> toggle();
            case EscapeKeys.BREAK -> typist.typeBreak();
            case EscapeKeys.SIZE -> typeSize();
            default -> say(EscapeKeys.TEXT);
        }
    }

    private void flush() throws InterruptedException {
        int count = forGuestCount;
        forGuestCount = 0;
        if (shell != null) {
            shell.type(forGuest, count);
        } else if (count > 0) {
            typist.type(forGuest, 0, count);
        }
    }

    private void hint(int key) {
        interrupts = key == CTRL_C && shell == null ? interrupts + 1 : 0;
        if (interrupts == IMPATIENT) {
            say("Ctrl-C goes to the guest. Ctrl-A X quits, Ctrl-A H tells more.");
        }
    }

    private void toggle() {
        if (shell == null) {
            out.hold(true);
            shell = new MonitorShell(monitor, screen, tty.size());
        } else {
            shell.close();
            shell = null;
            out.hold(false);
        }
    }

    /// A serial line has no way to tell a window's size: a shell in the guest gets a command.
    private void typeSize() throws InterruptedException {
        HostTerminal.Size size = tty.size();
        byte[] command =
                "stty rows %d columns %d\r"
                        .formatted(size.rows(), size.columns())
                        .getBytes(StandardCharsets.US_ASCII);
        typist.type(command, 0, command.length);
    }

    private void say(String text) {
        screen.print("\r\n" + text.strip().replace("\n", "\r\n") + "\r\n");
        screen.flush();
    }

    @Override
    public void abandon() {
        super.abandon();
        tty.restore();
    }

    @Override
    public void close() {
        out.hold(false);
        super.close();
        tty.restore();
    }
}
