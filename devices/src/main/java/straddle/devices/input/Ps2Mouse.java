package straddle.devices.input;

import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;

/// A PS/2 mouse (IBM PS/2 Hardware Interface Technical Reference, "Mouse") with a wheel and, when asked
/// by the known sequences of sample rates, five buttons as IntelliMouse has them.
///
/// Movements add up until the guest takes them; sample rate and resolution are stored without effect. Not
/// thread-safe: callers hold the machine lock.
public final class Ps2Mouse extends Ps2Device {
    /// Bits of [#move]'s buttons.
    public static final int LEFT = 1;

    public static final int RIGHT = 2;
    public static final int MIDDLE = 4;
    public static final int SIDE = 8;
    public static final int EXTRA = 16;

    private static final int SCALING_1_1 = 0xe6;
    private static final int SCALING_2_1 = 0xe7;
    private static final int SET_RESOLUTION = 0xe8;
    private static final int STATUS_REQUEST = 0xe9;
    private static final int STREAM_MODE = 0xea;
    private static final int READ_DATA = 0xeb;
    private static final int RESET_WRAP = 0xec;
    private static final int WRAP_MODE = 0xee;
    private static final int REMOTE_MODE = 0xf0;
    private static final int SET_SAMPLE_RATE = 0xf3;

    private static final int ID_PLAIN = 0;
    private static final int ID_WHEEL = 3;
    private static final int ID_FIVE_BUTTONS = 4;

    /// The last three sample rates that ask for a wheel, and for five buttons.
    private static final int KNOCK_WHEEL = 200 << 16 | 100 << 8 | 80;

    private static final int KNOCK_FIVE_BUTTONS = 200 << 16 | 200 << 8 | 80;

    private static final int ALWAYS_SET = 1 << 3;
    private static final int X_SIGN = 1 << 4;
    private static final int Y_SIGN = 1 << 5;
    private static final int THREE_BUTTONS = 7;
    private static final int FARTHEST = 255;
    private static final int MOST_ADDED_UP = 1 << 14;

    private int id;
    private int rate;
    private int resolution;
    private int rates;
    private boolean reporting;
    private boolean remote;
    private boolean wrapping;
    private boolean doubling;
    private int dx;
    private int dy;
    private int dz;
    private int buttons;
    private int buttonsReported;

    public Ps2Mouse() {
        setDefaults();
        id = ID_PLAIN;
    }

    @Override
    void setDefaults() {
        rate = 100;
        resolution = 2;
        reporting = false;
        remote = false;
        wrapping = false;
        doubling = false;
        forgetMovement();
    }

    private void forgetMovement() {
        dx = 0;
        dy = 0;
        dz = 0;
        buttonsReported = buttons;
    }

    @Override
    public void reset() {
        super.reset();
        setDefaults();
        id = ID_PLAIN;
        rates = 0;
        buttons = 0;
        buttonsReported = 0;
    }

    /// The hand moves it.
    ///
    /// @param x counts to the right
    /// @param y counts away from the user
    /// @param z counts of the wheel towards the user
    /// @param pressed the buttons that are down now
    public void move(int x, int y, int z, int pressed) {
        dx = added(dx, x);
        dy = added(dy, y);
        dz = added(dz, z);
        buttons = pressed & 0x1f;
        if (reporting && !remote && !wrapping && !hasData()) {
            report(false);
        }
    }

    private static int added(int sum, int change) {
        return Math.clamp((long) sum + change, -MOST_ADDED_UP, MOST_ADDED_UP);
    }

    /// The controller has taken everything: what has added up meanwhile follows.
    void drained() {
        boolean moved = (dx | dy | dz) != 0 || buttons != buttonsReported;
        if (moved && reporting && !remote && !wrapping) {
            report(false);
        }
    }

    private void report(boolean requested) {
        int x = Math.clamp(dx, -FARTHEST - 1, FARTHEST);
        int y = Math.clamp(dy, -FARTHEST - 1, FARTHEST);
        int first =
                ALWAYS_SET | buttons & THREE_BUTTONS | (x < 0 ? X_SIGN : 0) | (y < 0 ? Y_SIGN : 0);
        dx -= x;
        dy -= y;
        buttonsReported = buttons;
        if (id == ID_PLAIN) {
            dz = 0;
            deliver(requested, first, x & 0xff, y & 0xff);
            return;
        }
        int z = id == ID_WHEEL ? Math.clamp(dz, -128, 127) : Math.clamp(dz, -8, 7);
        dz -= z;
        int fourth = id == ID_WHEEL ? z & 0xff : z & 0xf | (buttons & SIDE | buttons & EXTRA) << 1;
        deliver(requested, first, x & 0xff, y & 0xff, fourth);
    }

    private void deliver(boolean requested, int... bytes) {
        if (!requested) {
            sendEvent(bytes);
            return;
        }
        for (int each : bytes) {
            send(each);
        }
    }

    @Override
    boolean isArgument(int command, int value) {
        return true;
    }

    @Override
    void argument(int command, int value) {
        if (command == SET_SAMPLE_RATE) {
            rate = value;
            rates = (rates << 8 | value) & 0xff_ffff;
            if (rates == KNOCK_WHEEL) {
                id = ID_WHEEL;
            } else if (rates == KNOCK_FIVE_BUTTONS) {
                id = ID_FIVE_BUTTONS;
            }
        } else {
            resolution = value & 3;
        }
        send(ACK);
    }

    @Override
    void command(int value) {
        if (wrapping && value != RESET_WRAP && value != RESET) {
            send(value);
            return;
        }
        switch (value) {
            case SCALING_1_1, SCALING_2_1 -> {
                doubling = value == SCALING_2_1;
                send(ACK);
            }
            case SET_RESOLUTION, SET_SAMPLE_RATE -> awaitArgument(value);
            case STATUS_REQUEST -> sendStatus();
            case STREAM_MODE, REMOTE_MODE -> {
                remote = value == REMOTE_MODE;
                forgetMovement();
                send(ACK);
            }
            case READ_DATA -> {
                send(ACK);
                report(true);
            }
            case RESET_WRAP, WRAP_MODE -> {
                wrapping = value == WRAP_MODE;
                forgetMovement();
                send(ACK);
            }
            case READ_ID -> {
                send(ACK);
                send(id);
            }
            case ENABLE, DISABLE -> {
                reporting = value == ENABLE;
                forgetMovement();
                send(ACK);
            }
            case RESET -> {
                super.command(RESET);
                send(ID_PLAIN);
            }
            default -> super.command(value);
        }
    }

    private void sendStatus() {
        send(ACK);
        send(
                (remote ? 1 << 6 : 0)
                        | (reporting ? 1 << 5 : 0)
                        | (doubling ? 1 << 4 : 0)
                        | (buttons & LEFT) << 2
                        | (buttons & MIDDLE) >>> 1
                        | (buttons & RIGHT) >>> 1);
        send(resolution);
        send(rate);
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        out.putInt("id", id);
        out.putInt("rate", rate);
        out.putInt("resolution", resolution);
        out.putInt("rates", rates);
        out.putBoolean("reporting", reporting);
        out.putBoolean("remote", remote);
        out.putBoolean("wrapping", wrapping);
        out.putBoolean("doubling", doubling);
        out.putInts("moved", new int[] {dx, dy, dz});
        out.putInt("buttons", buttons);
        out.putInt("buttonsReported", buttonsReported);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        id = in.getInt("id", ID_PLAIN, ID_FIVE_BUTTONS);
        rate = in.getInt("rate", 0, 0xff);
        resolution = in.getInt("resolution", 0, 3);
        rates = in.getInt("rates", 0, 0xff_ffff);
        reporting = in.getBoolean("reporting");
        remote = in.getBoolean("remote");
        wrapping = in.getBoolean("wrapping");
        doubling = in.getBoolean("doubling");
        int[] moved = in.getInts("moved", 3);
        dx = added(0, moved[0]);
        dy = added(0, moved[1]);
        dz = added(0, moved[2]);
        buttons = in.getInt("buttons", 0, 0x1f);
        buttonsReported = in.getInt("buttonsReported", 0, 0x1f);
    }
}
