package straddle.devices.input;

import java.util.Objects;
import java.util.function.IntConsumer;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;

/// A PS/2 keyboard with scan code sets 1 and 2 (IBM PS/2 Hardware Interface Technical Reference,
/// "Keyboards (101- and 102-key)").
///
/// It has no set 3, and repeats no key by itself: whoever presses them does. Not thread-safe: callers
/// hold the machine lock.
public final class Ps2Keyboard extends Ps2Device {
    private static final int SET_LEDS = 0xed;
    private static final int ECHO = 0xee;
    private static final int SCAN_CODE_SET = 0xf0;
    private static final int SET_TYPEMATIC = 0xf3;
    private static final int ALL_KEYS_FIRST = 0xf7;
    private static final int ALL_KEYS_LAST = 0xfa;

    private static final int ID_LOW = 0xab;
    private static final int ID_HIGH = 0x83;
    private static final int LEDS = 7;

    private final IntConsumer leds;
    private boolean scanning;
    private int set;
    private int lit;

    /// @param leds told what is lit: 1 for scroll lock, 2 for num lock, 4 for caps lock
    public Ps2Keyboard(IntConsumer leds) {
        this.leds = Objects.requireNonNull(leds);
        setDefaults();
    }

    @Override
    void setDefaults() {
        scanning = true;
        set = 2;
    }

    @Override
    public void reset() {
        super.reset();
        setDefaults();
        light(0);
    }

    private void light(int which) {
        if (lit != which) {
            lit = which;
            leds.accept(which);
        }
    }

    /// Presses or releases a key; what the guest is too slow for is lost, as on a keyboard.
    ///
    /// @param key by its code in set 1, 1 to 0x7f, with 0xe000 added for the extended ones: 0x1e is A, 0xe048 up
    /// @throws IllegalArgumentException if there is no such key
    public void key(int key, boolean down) {
        int code = key & 0xff;
        boolean extended = key >>> 8 == ScanCodes.EXTENDED;
        if (code == 0 || code >= ScanCodes.BREAK_1 || key >>> 8 != 0 && !extended) {
            throw new IllegalArgumentException("0x" + Integer.toHexString(key) + " is no key");
        }
        if (!scanning) {
            return;
        }
        if (set == 1) {
            sendKey(extended, down ? code : code | ScanCodes.BREAK_1);
        } else if (down) {
            sendKey(extended, ScanCodes.toSet2(code));
        } else if (extended) {
            sendEvent(ScanCodes.EXTENDED, ScanCodes.BREAK_2, ScanCodes.toSet2(code));
        } else {
            sendEvent(ScanCodes.BREAK_2, ScanCodes.toSet2(code));
        }
    }

    private void sendKey(boolean extended, int code) {
        if (extended) {
            sendEvent(ScanCodes.EXTENDED, code);
        } else {
            sendEvent(code);
        }
    }

    @Override
    boolean isArgument(int command, int value) {
        return value < SET_LEDS;
    }

    @Override
    void argument(int command, int value) {
        switch (command) {
            case SET_LEDS -> {
                light(value & LEDS);
                send(ACK);
            }
            case SCAN_CODE_SET -> chooseSet(value);
            default -> send(ACK);
        }
    }

    private void chooseSet(int value) {
        switch (value) {
            case 0 -> {
                send(ACK);
                send(set);
            }
            case 1, 2 -> {
                set = value;
                send(ACK);
            }
            default -> send(RESEND);
        }
    }

    @Override
    void command(int value) {
        switch (value) {
            case SET_LEDS, SCAN_CODE_SET, SET_TYPEMATIC -> awaitArgument(value);
            case ECHO -> send(ECHO);
            case READ_ID -> {
                send(ACK);
                send(ID_LOW);
                send(ID_HIGH);
            }
            case ENABLE -> {
                dropOutput();
                scanning = true;
                send(ACK);
            }
            case DISABLE -> {
                setDefaults();
                scanning = false;
                send(ACK);
            }
            default -> {
                if (value >= ALL_KEYS_FIRST && value <= ALL_KEYS_LAST) {
                    send(ACK);
                } else {
                    super.command(value);
                }
            }
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        out.putBoolean("scanning", scanning);
        out.putInt("set", set);
        out.putInt("lit", lit);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        scanning = in.getBoolean("scanning");
        set = in.getInt("set", 1, 2);
        light(in.getInt("lit", 0, LEDS));
    }
}
