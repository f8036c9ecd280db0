package straddle.launcher.console;

import java.util.Optional;
import straddle.host.HostException;
import straddle.host.HostTerminal;
import straddle.launcher.session.HostSignals;

/// The user's terminal, raw from [#raw()] until [#restore()], which also happens when the process ends in any way but a
/// crash or SIGKILL.
public final class Tty {
    private final HostTerminal terminal;
    private final Thread onShutdown = new Thread(this::giveBack, "terminal");
    private boolean raw;

    private Tty(HostTerminal terminal) {
        this.terminal = terminal;
    }

    /// The terminal that standard input and output both are, if they are.
    public static Optional<Tty> ofProcess() {
        return HostTerminal.of(HostTerminal.STDOUT).isEmpty()
                ? Optional.empty()
                : HostTerminal.of(HostTerminal.STDIN).map(Tty::new);
    }

    /// A terminal that is open as some descriptor.
    static Optional<Tty> of(int fd) {
        return HostTerminal.of(fd).map(Tty::new);
    }

    /// From now on every byte passes both ways.
    public synchronized void raw() throws HostException {
        if (!raw) {
            try {
                Runtime.getRuntime().addShutdownHook(onShutdown);
            } catch (IllegalStateException _) {
                return; // The process is ending already.
            }
            raw = true;
        }
        terminal.raw();
    }

    /// Back to what it was. Again: does nothing.
    public synchronized void restore() {
        if (raw) {
            giveBack();
            try {
                Runtime.getRuntime().removeShutdownHook(onShutdown);
            } catch (IllegalStateException _) {
                // The process is ending already.
            }
        }
    }

    private synchronized void giveBack() {
        if (raw) {
            raw = false;
            try {
                terminal.restore();
            } catch (HostException _) {
                // The terminal has gone: its window was closed, its connection broke.
            }
        }
    }

    /// Has `action` called by a thread of the JVM's whenever a window of this process may have another size (SIGWINCH).
    void onResize(Runnable action) {
        HostSignals.register("WINCH", action);
    }

    /// Its window's size, or 80 by 24 if it does not tell.
    public HostTerminal.Size size() {
        return terminal.size().orElse(new HostTerminal.Size(80, 24));
    }
}
