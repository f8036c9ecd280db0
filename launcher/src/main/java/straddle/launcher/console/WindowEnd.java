package straddle.launcher.console;

import java.nio.charset.StandardCharsets;
import straddle.devices.ByteSink;
import straddle.host.HostTerminal;
import straddle.machines.SerialPort;

/// Tells a guest the size of the user's window by a serial line of its own, since the one that is shown there can't.
///
/// A program in the guest asks with a line, whatever is in it. The answer is a line such as `rows 24 columns 80`, words
/// that stty(1) takes, and comes again whenever the size changes. Who never asks is never told.
/// Lock order: the machine lock → this object's monitor.
public final class WindowEnd implements SerialEnd {
    private final Tty tty;
    private SerialPort port;
    private boolean asked;
    private boolean news;
    private boolean closed;

    public WindowEnd(Tty tty) {
        this.tty = tty;
        tty.onResize(this::change);
        Thread.ofPlatform().name("window").daemon().start(this::tell);
    }

    @Override
    public ByteSink output() {
        return b -> {
            if (b == '\n') {
                ask();
            }
        };
    }

    private synchronized void ask() {
        asked = true;
        change();
    }

    private synchronized void change() {
        news = true;
        notifyAll();
    }

    @Override
    public void connect(SerialPort to) {
        exchange(to);
    }

    @Override
    public void disconnect() {
        exchange(null);
    }

    private synchronized void exchange(SerialPort next) {
        if (port != null) {
            port.disconnect();
        }
        port = next;
        asked = false;
        notifyAll();
    }

    private void tell() {
        try {
            for (SerialPort to = awaitNews(); to != null; to = awaitNews()) {
                HostTerminal.Size size = tty.size();
                byte[] line =
                        "rows %d columns %d\n"
                                .formatted(size.rows(), size.columns())
                                .getBytes(StandardCharsets.US_ASCII);
                to.send(line, 0, line.length);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Waits until there is a size to tell; returns null in the end.
    private synchronized SerialPort awaitNews() throws InterruptedException {
        while (!closed && !(news && asked && port != null)) {
            wait();
        }
        news = false;
        return closed ? null : port;
    }

    @Override
    public synchronized void close() {
        closed = true;
        exchange(null);
    }
}
