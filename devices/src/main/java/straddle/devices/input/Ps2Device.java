package straddle.devices.input;

import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// What a PS/2 keyboard and a mouse have in common: they are sent bytes, of which each is answered, and
/// they send bytes that wait until the controller takes them.
abstract class Ps2Device implements Device {
    // Commands that both have.
    static final int READ_ID = 0xf2;
    static final int ENABLE = 0xf4;
    static final int DISABLE = 0xf5;
    private static final int SET_DEFAULT = 0xf6;
    static final int RESET = 0xff;

    static final int ACK = 0xfa;
    static final int RESEND = 0xfe;
    private static final int SELF_TEST_PASSED = 0xaa;

    private static final int QUEUE_BYTES = 64;

    /// Answers find room even behind a queue full of events.
    private static final int ANSWER_BYTES = 16;

    /// Answers and what happened, in the order in which they are sent.
    private final ByteQueue out = new ByteQueue(QUEUE_BYTES);

    private int lastSent;

    /// The command whose argument comes next, or 0.
    private int command;

    private Runnable onData = () -> {};

    /// @param listener called when there is something to take
    final void onData(Runnable listener) {
        onData = listener;
    }

    final boolean hasData() {
        return !out.isEmpty();
    }

    /// The next byte for the controller, 0 to 255; only if there is one.
    final int take() {
        lastSent = out.remove();
        return lastSent;
    }

    /// The controller sends a byte.
    final void receive(int value) {
        int argumentOf = command;
        command = 0;
        if (argumentOf != 0 && isArgument(argumentOf, value)) {
            argument(argumentOf, value);
        } else {
            command(value);
        }
        onData.run();
    }

    /// Whether a byte is a pending command's argument, not a new command.
    abstract boolean isArgument(int command, int value);

    abstract void argument(int command, int value);

    /// Carries a command out: here those that are the same for both. What nobody knows is to be sent again.
    void command(int value) {
        switch (value) {
            case SET_DEFAULT -> {
                setDefaults();
                send(ACK);
            }
            case RESEND -> out.add(lastSent);
            case RESET -> {
                reset();
                send(ACK);
                send(SELF_TEST_PASSED);
            }
            default -> send(RESEND);
        }
    }

    abstract void setDefaults();

    final void awaitArgument(int of) {
        command = of;
        send(ACK);
    }

    final void send(int value) {
        out.add(value);
    }

    final void dropOutput() {
        out.clear();
    }

    /// Sends a whole event, or drops it when the guest does not come along.
    final void sendEvent(int... bytes) {
        if (out.free() >= bytes.length + ANSWER_BYTES) {
            for (int each : bytes) {
                out.add(each);
            }
            onData.run();
        }
    }

    @Override
    public void reset() {
        out.clear();
        lastSent = 0;
        command = 0;
    }

    @Override
    public void save(SnapshotWriter to) {
        out.save("out", to);
        to.putInt("lastSent", lastSent);
        to.putInt("command", command);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        out.restore("out", in);
        lastSent = in.getInt("lastSent", 0, 0xff);
        command = in.getInt("command", 0, 0xff);
    }
}
