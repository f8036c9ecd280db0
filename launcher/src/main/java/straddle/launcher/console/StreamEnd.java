package straddle.launcher.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import straddle.devices.ByteSink;
import straddle.launcher.session.SerialOutput;
import straddle.machines.SerialPort;

/// Two streams, whose bytes pass unchanged: standard input and output that are no terminal. The end of what comes in
/// does not end the guest.
public final class StreamEnd implements SerialEnd {
    private static final int CHUNK = 4096;

    private final InputStream in;
    private final SerialOutput out;
    private final Typist typist = new Typist("typist");
    private boolean reading;

    /// @param onReaderGone called once when `out` can't be written any more
    public StreamEnd(InputStream in, PrintStream out, Runnable onReaderGone) {
        this.in = in;
        this.out = new SerialOutput(out, onReaderGone);
    }

    @Override
    public ByteSink output() {
        return out;
    }

    @Override
    public void connect(SerialPort port) {
        out.onReady(port::outputReady);
        typist.connect(port);
        if (!reading) {
            reading = true;
            Thread.ofPlatform().name("keyboard").daemon().start(this::read);
        }
    }

    /// A read that blocks can't be ended, and needs no end: the thread is a daemon.
    private void read() {
        byte[] chunk = new byte[CHUNK];
        try {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                typist.type(chunk, 0, count);
            }
        } catch (IOException | InterruptedException _) {
            // Nobody can type any more; the guest may go on without.
        }
    }

    @Override
    public void disconnect() {
        typist.disconnect();
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
        typist.close();
        out.close();
    }
}
