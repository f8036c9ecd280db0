package straddle.launcher.session;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import straddle.devices.ByteSink;
import straddle.machines.Machine;
import straddle.machines.SerialPort;

/// A console of two streams, whose bytes pass unchanged.
public final class StreamConsole implements Console {
    private static final int CHUNK = 256;

    private final InputStream in;
    private final SerialOutput out;
    private volatile SerialPort port;
    private volatile boolean closed;

    /// @param onReaderGone called once when `out` can't be written any more
    public StreamConsole(InputStream in, PrintStream out, Runnable onReaderGone) {
        this.in = in;
        this.out = new SerialOutput(out, onReaderGone);
    }

    @Override
    public ByteSink output() {
        return out;
    }

    @Override
    public void connect(Machine machine) {
        SerialPort last = port;
        port = machine.serialPorts().getFirst();
        if (last != null) {
            last.disconnect();
        } else {
            Thread.ofPlatform().name("keyboard").daemon().start(this::type);
        }
    }

    /// Ends with the stream. A read that blocks can't be ended, and needs no end: the thread is a daemon.
    private void type() {
        byte[] chunk = new byte[CHUNK];
        try {
            for (int count = in.read(chunk); count >= 0 && !closed; count = in.read(chunk)) {
                send(chunk, count);
            }
        } catch (IOException | InterruptedException _) {
            // Nobody can type any more; the guest may go on without.
        }
    }

    /// What a guest has not read when it resets, the next one gets.
    private void send(byte[] bytes, int count) throws InterruptedException {
        int sent = 0;
        while (sent < count && !closed) {
            sent += port.send(bytes, sent, count - sent);
        }
    }

    @Override
    public void abandon() {
        out.abandon();
    }

    @Override
    public boolean readerGone() {
        return out.readerGone();
    }

    @Override
    public void close() {
        closed = true;
        SerialPort last = port;
        if (last != null) {
            last.disconnect();
        }
        out.close();
    }
}
