package straddle.launcher.console;

import java.io.IOException;
import straddle.host.HostException;
import straddle.launcher.session.SerialOutput;
import straddle.machines.SerialPort;

/// An end at which somebody types: a thread reads that from the first machine on, and the guest gets it at its own pace.
abstract class TypedEnd extends OutputEnd {
    final Typist typist;
    private final String reader;
    private boolean reading;

    /// @param suffix of the threads' names
    TypedEnd(SerialOutput out, String suffix) {
        super(out);
        typist = new Typist("typist" + suffix);
        reader = "keyboard" + suffix;
    }

    @Override
    public void connect(SerialPort port) {
        super.connect(port);
        typist.connect(port);
        if (!reading) {
            reading = true;
            begin();
            Thread.ofPlatform().name(reader).daemon().start(this::readAll);
        }
    }

    /// Before anything is read.
    void begin() {}

    /// A read that blocks can't be ended, and needs no end: the thread is a daemon.
    private void readAll() {
        try {
            read();
        } catch (IOException | HostException | InterruptedException _) {
            // Nobody can type any more; the guest may go on without.
        }
    }

    /// Brings what is typed to [#typist], until there is no more of it.
    abstract void read() throws IOException, HostException, InterruptedException;

    @Override
    public void disconnect() {
        typist.disconnect();
    }

    @Override
    public void close() {
        typist.close();
        super.close();
    }
}
