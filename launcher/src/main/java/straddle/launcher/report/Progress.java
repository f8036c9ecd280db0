package straddle.launcher.report;

import java.io.PrintStream;

/// What a long command is doing: one line that is rewritten on a terminal; elsewhere, a line for each stage.
/// Any thread.
public final class Progress {
    private static final String ERASE = "\r\u001b[K";

    private final PrintStream err;
    private final boolean live;
    private String stage = "";

    /// @param live whether the stream is a terminal
    public Progress(PrintStream err, boolean live) {
        this.err = err;
        this.live = live;
    }

    /// Begins a stage.
    public synchronized void stage(String text) {
        stage = text;
        if (live) {
            err.print(ERASE + text);
            err.flush();
        } else {
            err.println(text);
        }
    }

    /// Says where within the stage it is; only on a terminal.
    public synchronized void step(String text) {
        if (live) {
            err.print(ERASE + stage + ": " + text);
            err.flush();
        }
    }

    /// Removes the line.
    public synchronized void clear() {
        if (live) {
            err.print(ERASE);
            err.flush();
        }
    }
}
