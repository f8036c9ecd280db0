package straddle.launcher.console;

import java.io.IOException;
import straddle.devices.ByteSink;
import straddle.host.HostException;
import straddle.host.PseudoTerminal;
import straddle.launcher.session.SerialOutput;
import straddle.machines.SerialPort;

/// A terminal device of the host's that other programs open (`screen PATH`). What the guest sends while none has, or
/// while one takes nothing, is lost.
public final class PtyEnd implements SerialEnd {
    private static final int CHUNK = 4096;

    private final PseudoTerminal pty;
    private final SerialOutput out;
    private final Typist typist = new Typist("typist-pty");
    private boolean reading;

    /// @throws HostException if the host has no more of them
    public PtyEnd() throws HostException {
        pty = PseudoTerminal.open();
        out = new SerialOutput(this::write, true, _ -> {});
    }

    /// The device to open.
    public String path() {
        return pty.path();
    }

    private void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            int written = 0;
            int count = pty.write(bytes, offset, length);
            while (count > 0 && written + count < length) {
                written += count;
                count = pty.write(bytes, offset + written, length - written);
            }
        } catch (HostException e) {
            throw new IOException(e.getMessage(), e);
        }
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
            Thread.ofPlatform().name("keyboard-pty").daemon().start(this::read);
        }
    }

    private void read() {
        byte[] chunk = new byte[CHUNK];
        try {
            for (int count = pty.read(chunk); count > 0; count = pty.read(chunk)) {
                typist.type(chunk, 0, count);
            }
        } catch (HostException | InterruptedException _) {
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
    public void close() {
        typist.close();
        pty.close();
        out.close();
    }
}
