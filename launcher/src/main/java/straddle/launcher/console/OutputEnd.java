package straddle.launcher.console;

import java.io.PrintStream;
import straddle.devices.ByteSink;
import straddle.launcher.session.SerialOutput;
import straddle.machines.SerialPort;

/// A stream that takes what the guest sends, and from which nothing comes.
public class OutputEnd implements SerialEnd {
    final SerialOutput out;

    /// @param onReaderGone called once when `out` can't be written any more
    public OutputEnd(PrintStream out, Runnable onReaderGone) {
        this(new SerialOutput(out, onReaderGone));
    }

    OutputEnd(SerialOutput out) {
        this.out = out;
    }

    @Override
    public ByteSink output() {
        return out;
    }

    @Override
    public void connect(SerialPort port) {
        out.onReady(port::outputReady);
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
        out.close();
    }
}
