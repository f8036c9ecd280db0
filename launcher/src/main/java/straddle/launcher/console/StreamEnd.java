package straddle.launcher.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import straddle.launcher.session.SerialOutput;

/// Two streams, whose bytes pass unchanged: standard input and output that are no terminal. The end of what comes in
/// does not end the guest.
public final class StreamEnd extends TypedEnd {
    private static final int CHUNK = 4096;

    private final InputStream in;

    /// @param onReaderGone called once when `out` can't be written any more
    public StreamEnd(InputStream in, PrintStream out, Runnable onReaderGone) {
        super(new SerialOutput(out, onReaderGone), "");
        this.in = in;
    }

    @Override
    void read() throws IOException, InterruptedException {
        byte[] chunk = new byte[CHUNK];
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
            typist.type(chunk, 0, count);
        }
    }
}
