package straddle.launcher.console;

import java.io.IOException;
import straddle.host.HostException;
import straddle.host.PseudoTerminal;
import straddle.launcher.session.SerialOutput;

/// A terminal device of the host's that other programs open (`screen PATH`). What the guest sends while none has, or
/// while one takes nothing, is lost.
public final class PtyEnd extends TypedEnd {
    private static final int CHUNK = 4096;

    private final PseudoTerminal pty;

    /// @throws HostException if the host has no more of them
    public PtyEnd() throws HostException {
        this(PseudoTerminal.open());
    }

    private PtyEnd(PseudoTerminal pty) {
        SerialOutput.Target device = (bytes, offset, length) -> write(pty, bytes, offset, length);
        super(new SerialOutput(device, true, _ -> {}), "-pty");
        this.pty = pty;
    }

    /// The device to open.
    public String path() {
        return pty.path();
    }

    private static void write(PseudoTerminal pty, byte[] bytes, int offset, int length)
            throws IOException {
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
    void read() throws HostException, InterruptedException {
        byte[] chunk = new byte[CHUNK];
        for (int count = pty.read(chunk); count > 0; count = pty.read(chunk)) {
            typist.type(chunk, 0, count);
        }
    }

    /// Whoever opened the device may go and come again.
    @Override
    public boolean readerGone() {
        return false;
    }

    @Override
    public void close() {
        typist.close();
        pty.close();
        out.close();
    }
}
