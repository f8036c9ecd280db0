package straddle.devices.irq;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.time.VirtualClock;
import straddle.devices.Device;
import straddle.devices.timer.Ticks;

/// A processor's local APIC, xAPIC and x2APIC (SDM volume 3, chapter 12, revision 84; registers by
/// their numbers in table 12-6, which are MMIO offsets / 16).
///
/// Its bus clock runs at 1 GHz. The thermal and performance-counter entries of the LVT never fire,
/// SMIs are ignored, and focus-processor checking is not there.
///
/// Its state has a lock of its own, so that interrupts between processors don't meet the machine lock;
/// order: the machine lock → this lock, and never two of these. What arms the timer takes the machine
/// lock first.
final class LocalApic implements Device {
    static final int ID = 0x02;
    static final int VERSION = 0x03;
    static final int TPR = 0x08;
    static final int APR = 0x09;
    static final int PPR = 0x0a;
    static final int EOI = 0x0b;
    static final int LDR = 0x0d;
    static final int DFR = 0x0e;
    static final int SVR = 0x0f;
    static final int ISR = 0x10;
    static final int TMR = 0x18;
    static final int IRR = 0x20;
    static final int ESR = 0x28;
    static final int ICR_LOW = 0x30;
    static final int ICR_HIGH = 0x31;
    static final int LVT_TIMER = 0x32;
    static final int LVT_LINT0 = 0x35;
    static final int LVT_LINT1 = 0x36;
    static final int LVT_ERROR = 0x37;
    static final int INITIAL_COUNT = 0x38;
    static final int CURRENT_COUNT = 0x39;
    static final int DIVIDE = 0x3e;
    static final int SELF_IPI = 0x3f;

    static final int SVR_ENABLE = 1 << 8;
    static final int LVT_MASKED = 1 << 16;
    static final int LVT_MODE_SHIFT = 8;

    static final int MODE_FIXED = 0;
    static final int MODE_LOWEST = 1;
    static final int MODE_NMI = 4;
    static final int MODE_INIT = 5;
    static final int MODE_STARTUP = 6;
    static final int MODE_EXTINT = 7;

    static final long BASE_BSP = 1 << 8;
    static final long BASE_EXTD = 1 << 10;
    static final long BASE_ENABLE = 1 << 11;
    static final long BASE_ADDRESS = 0xfee0_0000L;

    /// Six LVT entries, version 0x14.
    private static final int VERSION_VALUE = 0x0005_0014;

    private static final int ESR_RECEIVED_ILLEGAL = 1 << 6;
    private static final int ESR_SENT_ILLEGAL = 1 << 5;
    private static final int ESR_BAD_REGISTER = 1 << 7;

    private static final int TIMER_MODE_SHIFT = 17;
    private static final int TIMER_ONE_SHOT = 0;
    private static final int TIMER_PERIODIC = 1;
    private static final int TIMER_TSC_DEADLINE = 2;

    /// Bits of an LVT entry that software can set, by entry: timer, thermal, performance, LINT0, LINT1, error.
    private static final int[] LVT_WRITABLE = {
        0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff
    };

    private static final int ICR_WRITABLE = 0xc_cfff;
    private static final int DFR_FLAT = -1;
    private static final int FIRST_LEGAL_VECTOR = 16;
    private static final int NONE = -1;
    private static final long SHORTEST_INTERVAL_NANOS = 10_000;

    private final int id;
    private final ApicBus bus;
    private final VirtualClock clock;
    private final long tscHertz;
    private final VirtualClock.Timer timer;
    private final ReentrantLock lock = new ReentrantLock();

    private long base;
    private int tpr;
    private int ldr;
    private int dfr;
    private int svr;
    private final int[] isr = new int[8];
    private final int[] tmr = new int[8];
    private final int[] irr = new int[8];
    private int errors;
    private int esr;
    private long icr;
    private final int[] lvt = new int[LVT_WRITABLE.length];
    private int initialCount;
    private int divide;

    /// When the timer was started, and when it is due next, in nanoseconds of the clock.
    private long timerStart;

    private long timerDue;
    private long tscDeadline;

    /// Whether INTR would be asserted for an interrupt of this APIC's own.
    private volatile boolean deliverable;

    /// Whether the PIC pair's INTR passes to the processor.
    private volatile boolean extIntOpen;

    /// @param id of the processor: 0 for the boot processor
    /// @param tscHertz of the guest's time-stamp counter, which is 0 at the clock's 0
    LocalApic(int id, ApicBus bus, VirtualClock clock, long tscHertz) {
        this.id = id;
        this.bus = bus;
        this.clock = clock;
        this.tscHertz = tscHertz;
        timer = clock.timer(this::timerFired);
        reset();
    }

    int id() {
        return id;
    }

    @Override
    public void reset() {
        lock.lock();
        try {
            base = BASE_ADDRESS | BASE_ENABLE | (id == 0 ? BASE_BSP : 0);
            clear();
        } finally {
            lock.unlock();
        }
        cancelTimer();
    }

    /// INIT: as reset, but the base stays (12.4.7.3).
    void init() {
        lock.lock();
        try {
            clear();
        } finally {
            lock.unlock();
        }
        cancelTimer();
    }

    private void cancelTimer() {
        clock.lock().lock();
        try {
            timer.cancel();
        } finally {
            clock.lock().unlock();
        }
    }

    private void clear() {
        tpr = 0;
        ldr = 0;
        dfr = DFR_FLAT;
        svr = 0xff;
        Arrays.fill(isr, 0);
        Arrays.fill(tmr, 0);
        Arrays.fill(irr, 0);
        errors = 0;
        esr = 0;
        icr = 0;
        Arrays.fill(lvt, LVT_MASKED);
        initialCount = 0;
        divide = 0;
        timerStart = 0;
        timerDue = 0;
        tscDeadline = 0;
        update();
    }

    /// What a PC's firmware does for the boot processor: LINT0 passes the PIC pair on, LINT1 is NMI.
    void connectVirtualWire() {
        lock.lock();
        try {
            svr = 0xff | SVR_ENABLE;
            lvt[LVT_LINT0 - LVT_TIMER] = MODE_EXTINT << LVT_MODE_SHIFT;
            lvt[LVT_LINT1 - LVT_TIMER] = MODE_NMI << LVT_MODE_SHIFT;
            update();
        } finally {
            lock.unlock();
        }
    }

    private boolean isEnabled() {
        return (base & BASE_ENABLE) != 0;
    }

    boolean isX2() {
        return (base & (BASE_ENABLE | BASE_EXTD)) == (BASE_ENABLE | BASE_EXTD);
    }

    private boolean isSoftwareEnabled() {
        return isEnabled() && (svr & SVR_ENABLE) != 0;
    }

    boolean isDeliverable() {
        return deliverable;
    }

    boolean isExtIntOpen() {
        return extIntOpen;
    }

    /// Takes in an interrupt from the I/O APIC, a message, another processor or a local source.
    void accept(int vector, boolean level) {
        boolean wakes;
        lock.lock();
        try {
            if (!isSoftwareEnabled()) {
                return;
            }
            if (vector < FIRST_LEGAL_VECTOR) {
                errors |= ESR_RECEIVED_ILLEGAL;
                return;
            }
            set(irr, vector);
            if (level) {
                set(tmr, vector);
            } else {
                clear(tmr, vector);
            }
            boolean before = deliverable;
            update();
            wakes = deliverable && !before;
        } finally {
            lock.unlock();
        }
        if (wakes) {
            bus.wake(id);
        }
    }

    /// The processor takes the most urgent interrupt: its vector, or -1 when there is none above its priority.
    int acknowledge() {
        lock.lock();
        try {
            int vector = highest(irr);
            if (!deliverable || vector == NONE) {
                return NONE;
            }
            clear(irr, vector);
            set(isr, vector);
            update();
            return vector;
        } finally {
            lock.unlock();
        }
    }

    private void endOfInterrupt() {
        int vector;
        boolean level;
        lock.lock();
        try {
            vector = highest(isr);
            if (vector == NONE) {
                return;
            }
            clear(isr, vector);
            level = isSet(tmr, vector);
            update();
        } finally {
            lock.unlock();
        }
        if (level) {
            bus.endOfInterrupt(vector);
        }
    }

    /// Brings the two volatile answers up to date; called with the lock held, after each change.
    private void update() {
        int vector = highest(irr);
        deliverable =
                vector != NONE && isSoftwareEnabled() && vector >>> 4 > processorPriority() >>> 4;
        int lint0 = lvt[LVT_LINT0 - LVT_TIMER];
        extIntOpen =
                !isEnabled()
                        || (lint0 & LVT_MASKED) == 0
                                && (lint0 >>> LVT_MODE_SHIFT & 7) == MODE_EXTINT;
    }

    /// PPR (12.8.3.1).
    private int processorPriority() {
        int inService = Math.max(0, highest(isr));
        return tpr >>> 4 >= inService >>> 4 ? tpr : inService & 0xf0;
    }

    /// CR8: the task priority's class.
    int taskPriority() {
        return tpr >>> 4;
    }

    void setTaskPriority(int cr8) {
        lock.lock();
        try {
            tpr = (cr8 & 0xf) << 4;
            update();
        } finally {
            lock.unlock();
        }
    }

    private static int highest(int[] bits) {
        for (int i = bits.length - 1; i >= 0; i--) {
            if (bits[i] != 0) {
                return 32 * i + 31 - Integer.numberOfLeadingZeros(bits[i]);
            }
        }
        return NONE;
    }

    private static boolean isSet(int[] bits, int vector) {
        return (bits[vector >>> 5] >>> vector & 1) != 0;
    }

    private static void set(int[] bits, int vector) {
        bits[vector >>> 5] |= 1 << vector;
    }

    private static void clear(int[] bits, int vector) {
        bits[vector >>> 5] &= ~(1 << vector);
    }

    /// Whether a message is for this processor (12.6.2). Reads what may just change: as on the bus.
    boolean isAddressed(int destination, boolean logical) {
        boolean x2 = isX2();
        if (!logical) {
            return destination == id || destination == (x2 ? -1 : 0xff) || destination == -1;
        }
        if (x2) {
            int own = logicalId();
            return destination >>> 16 == own >>> 16 && (destination & own & 0xffff) != 0
                    || destination == -1;
        }
        int own = ldr >>> 24;
        if (dfr >>> 28 == 0xf) {
            return (own & destination) != 0;
        }
        return own >>> 4 == (destination >>> 4 & 0xf) && (own & destination & 0xf) != 0;
    }

    /// x2APIC's logical ID follows from the ID (12.12.10.2).
    private int logicalId() {
        return isX2() ? id >>> 4 << 16 | 1 << (id & 0xf) : ldr;
    }

    /// The priority that lowest-priority delivery compares.
    int arbitrationPriority() {
        lock.lock();
        try {
            return processorPriority();
        } finally {
            lock.unlock();
        }
    }

    boolean accepts() {
        return isSoftwareEnabled();
    }

    /// The local pin 0 rises in a mode other than ExtINT.
    void lint0() {
        int entry = lvt[LVT_LINT0 - LVT_TIMER];
        if ((entry & LVT_MASKED) == 0 && (entry >>> LVT_MODE_SHIFT & 7) == MODE_FIXED) {
            accept(entry & 0xff, false);
        }
    }

    /// Reads a register by its number; ICR in x2APIC mode is one of 64 bits.
    long read(int register) {
        lock.lock();
        try {
            return switch (register) {
                case ID -> isX2() ? id : id << 24 & 0xffff_ffffL;
                case VERSION -> VERSION_VALUE;
                case TPR -> tpr;
                case APR, PPR -> processorPriority();
                case LDR -> logicalId() & 0xffff_ffffL;
                case DFR -> dfr & 0xffff_ffffL;
                case SVR -> svr;
                case ESR -> esr;
                case ICR_LOW -> isX2() ? icr : icr & 0xffff_ffffL;
                case ICR_HIGH -> icr >>> 32;
                case INITIAL_COUNT -> initialCount & 0xffff_ffffL;
                case CURRENT_COUNT -> currentCount();
                case DIVIDE -> divide;
                default -> readArrays(register);
            };
        } finally {
            lock.unlock();
        }
    }

    private long readArrays(int register) {
        if (register >= LVT_TIMER && register <= LVT_ERROR) {
            return lvt[register - LVT_TIMER];
        }
        int[] bits =
                switch (register & ~7) {
                    case ISR -> isr;
                    case TMR -> tmr;
                    case IRR -> irr;
                    default -> null;
                };
        if (bits == null) {
            errors |= ESR_BAD_REGISTER;
            return 0;
        }
        return bits[register & 7] & 0xffff_ffffL;
    }

    /// Whether writing a register arms or stops the timer, for which the caller holds the machine lock.
    static boolean isOfTimer(int register) {
        return register == LVT_TIMER || register == INITIAL_COUNT || register == DIVIDE;
    }

    /// Writes a register by its number.
    void write(int register, long value) {
        switch (register) {
            case EOI -> endOfInterrupt();
            case ICR_LOW -> sendIpi(isX2() ? value : icr & ~0xffff_ffffL | value & 0xffff_ffffL);
            case SELF_IPI -> accept((int) value & 0xff, false);
            default -> {
                lock.lock();
                try {
                    store(register, (int) value);
                    update();
                } finally {
                    lock.unlock();
                }
                if (deliverable) {
                    bus.wake(id);
                }
            }
        }
    }

    private void store(int register, int value) {
        switch (register) {
            case TPR -> tpr = value & 0xff;
            case LDR -> ldr = value & 0xff00_0000;
            case DFR -> dfr = value | 0x0fff_ffff;
            case SVR -> storeSpurious(value);
            case ESR -> {
                esr = errors;
                errors = 0;
            }
            case ICR_HIGH -> icr = icr & 0xffff_ffffL | (long) value << 32;
            case INITIAL_COUNT -> startTimer(value);
            case DIVIDE -> {
                divide = value & 0xb;
                restartTimer();
            }
            default -> {
                if (register >= LVT_TIMER && register <= LVT_ERROR) {
                    storeLvt(register - LVT_TIMER, value);
                } else if (register < ISR || register >= ESR) {
                    errors |= ESR_BAD_REGISTER;
                }
            }
        }
    }

    /// Software-disabling the APIC masks the whole LVT (12.4.7.2).
    private void storeSpurious(int value) {
        svr = value & 0x3ff;
        if ((svr & SVR_ENABLE) == 0) {
            for (int i = 0; i < lvt.length; i++) {
                lvt[i] |= LVT_MASKED;
            }
        }
    }

    private void storeLvt(int entry, int value) {
        int before = timerMode();
        lvt[entry] = value & LVT_WRITABLE[entry] | ((svr & SVR_ENABLE) == 0 ? LVT_MASKED : 0);
        if (entry == 0 && before != timerMode()) {
            if (before == TIMER_TSC_DEADLINE || timerMode() == TIMER_TSC_DEADLINE) {
                initialCount = 0;
                tscDeadline = 0;
            }
            restartTimer();
        }
    }

    private void sendIpi(long command) {
        lock.lock();
        try {
            icr =
                    isX2()
                            ? command & 0xffff_ffff_0000_0000L | command & ICR_WRITABLE
                            : command & 0xff00_0000_0000_0000L | command & ICR_WRITABLE;
            int mode = (int) command >>> 8 & 7;
            if (mode <= MODE_LOWEST && (command & 0xff) < FIRST_LEGAL_VECTOR) {
                errors |= ESR_SENT_ILLEGAL;
                return;
            }
        } finally {
            lock.unlock();
        }
        bus.send(this, icr);
    }

    private int timerMode() {
        return lvt[0] >>> TIMER_MODE_SHIFT & 3;
    }

    /// Bus clocks a count: 2, 4, ... 128, or 1.
    private int divisor() {
        int code = divide & 3 | divide >>> 1 & 4;
        return code == 7 ? 1 : 2 << code;
    }

    private long periodNanos() {
        return (initialCount & 0xffff_ffffL) * divisor();
    }

    private void startTimer(int count) {
        if (timerMode() == TIMER_TSC_DEADLINE) {
            return;
        }
        initialCount = count;
        restartTimer();
    }

    private void restartTimer() {
        timerStart = clock.now();
        timerDue = timerStart + periodNanos();
        if (initialCount == 0 || timerMode() == TIMER_TSC_DEADLINE) {
            timer.cancel();
        } else {
            armTimer();
        }
    }

    private void armTimer() {
        timer.arm(Math.max(timerDue, clock.now() + shortestInterval()));
    }

    /// Only a periodic timer could take all the host's time.
    private long shortestInterval() {
        return timerMode() == TIMER_PERIODIC ? SHORTEST_INTERVAL_NANOS : 0;
    }

    private long currentCount() {
        if (initialCount == 0 || timerMode() == TIMER_TSC_DEADLINE) {
            return 0;
        }
        long left = timerDue - clock.now();
        if (left <= 0) {
            if (timerMode() == TIMER_ONE_SHOT) {
                return 0;
            }
            left = periodNanos() - Math.floorMod(-left, periodNanos());
        }
        return (left + divisor() - 1) / divisor();
    }

    private void timerFired() {
        int entry;
        lock.lock();
        try {
            entry = lvt[0];
            switch (timerMode()) {
                case TIMER_PERIODIC -> {
                    long late = clock.now() - timerDue;
                    timerDue += (late / periodNanos() + 1) * periodNanos();
                    armTimer();
                }
                case TIMER_TSC_DEADLINE -> tscDeadline = 0;
                default -> {}
            }
        } finally {
            lock.unlock();
        }
        if ((entry & LVT_MASKED) == 0) {
            accept(entry & 0xff, false);
        }
    }

    long tscDeadline() {
        return timerMode() == TIMER_TSC_DEADLINE ? tscDeadline : 0;
    }

    /// IA32_TSC_DEADLINE (12.5.4.1), under the machine lock; 0 disarms it, and it is ignored in the other modes.
    void setTscDeadline(long tsc) {
        lock.lock();
        try {
            if (timerMode() != TIMER_TSC_DEADLINE) {
                return;
            }
            tscDeadline = tsc;
            armTscDeadline();
        } finally {
            lock.unlock();
        }
    }

    private void armTscDeadline() {
        if (tscDeadline == 0 || tscDeadline < 0) {
            timer.cancel(); // one that is centuries ahead does not fire
        } else {
            timer.arm(Ticks.toNanos(tscDeadline, tscHertz));
        }
    }

    long base() {
        return base;
    }

    /// IA32_APIC_BASE (12.4.4, 12.12.5): false for a change that faults.
    boolean setBase(long value) {
        boolean enable = (value & BASE_ENABLE) != 0;
        boolean extended = (value & BASE_EXTD) != 0;
        long allowed = BASE_BSP | BASE_EXTD | BASE_ENABLE | 0xf_ffff_ffff_f000L;
        boolean leavesX2Halfway = isX2() && enable && !extended;
        boolean skipsXapic = !isEnabled() && extended;
        if ((value & ~allowed) != 0 || extended && !enable || leavesX2Halfway || skipsXapic) {
            return false;
        }
        lock.lock();
        try {
            base = value;
            if (!enable) {
                clear();
            }
            update();
        } finally {
            lock.unlock();
        }
        if (!enable) {
            cancelTimer();
        }
        return true;
    }

    /// Mode, priorities, vectors and timer, in lines.
    String describe() {
        lock.lock();
        try {
            return "Local APIC %d: %s, task priority 0x%02x; asking %s; in service %s%n  timer: %s%n"
                    .formatted(
                            id,
                            isX2()
                                    ? "x2APIC"
                                    : !isEnabled()
                                            ? "off"
                                            : isSoftwareEnabled() ? "on" : "off by software",
                            tpr,
                            vectors(irr),
                            vectors(isr),
                            describeTimer());
        } finally {
            lock.unlock();
        }
    }

    private String describeTimer() {
        String mode =
                switch (lvt[0] >>> TIMER_MODE_SHIFT & 3) {
                    case TIMER_ONE_SHOT -> "one shot";
                    case TIMER_PERIODIC -> "periodic";
                    default -> "TSC deadline";
                };
        String due =
                timer.isArmed()
                        ? "due in " + Math.max(0, timer.deadline() - clock.now()) / 1000 + " µs"
                        : "not armed";
        return "%s, vector 0x%02x%s, %s"
                .formatted(mode, lvt[0] & 0xff, (lvt[0] & LVT_MASKED) != 0 ? ", masked" : "", due);
    }

    private static String vectors(int[] bits) {
        StringBuilder text = new StringBuilder();
        for (int vector = 0; vector < 256; vector++) {
            if ((bits[vector >>> 5] >>> (vector & 31) & 1) != 0) {
                text.append(text.isEmpty() ? "" : " ").append("0x%02x".formatted(vector));
            }
        }
        return text.isEmpty() ? "none" : text.toString();
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putLong("base", base);
        out.putInt("tpr", tpr);
        out.putInt("ldr", ldr);
        out.putInt("dfr", dfr);
        out.putInt("svr", svr);
        out.putInts("isr", isr);
        out.putInts("tmr", tmr);
        out.putInts("irr", irr);
        out.putInt("errors", errors);
        out.putInt("esr", esr);
        out.putLong("icr", icr);
        out.putInts("lvt", lvt);
        out.putInt("initialCount", initialCount);
        out.putInt("divide", divide);
        out.putLong("timerStart", timerStart);
        out.putLong("timerDue", timerDue);
        out.putBoolean("timerArmed", timer.isArmed());
        out.putLong("tscDeadline", tscDeadline);
    }

    /// Restores after the clock has been, under the machine lock.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        lock.lock();
        try {
            base = in.getLong("base");
            tpr = in.getInt("tpr", 0, 0xff);
            ldr = in.getInt("ldr");
            dfr = in.getInt("dfr");
            svr = in.getInt("svr", 0, 0x3ff);
            copy(in.getInts("isr", 8), isr);
            copy(in.getInts("tmr", 8), tmr);
            copy(in.getInts("irr", 8), irr);
            errors = in.getInt("errors", 0, 0xff);
            esr = in.getInt("esr", 0, 0xff);
            icr = in.getLong("icr");
            copy(in.getInts("lvt", lvt.length), lvt);
            initialCount = in.getInt("initialCount");
            divide = in.getInt("divide", 0, 0xb);
            timerStart = in.getLong("timerStart");
            timerDue = in.getLong("timerDue");
            tscDeadline = in.getLong("tscDeadline");
            timer.cancel();
            if (in.getBoolean("timerArmed")) {
                if (timerMode() == TIMER_TSC_DEADLINE) {
                    armTscDeadline();
                } else if (initialCount != 0) {
                    armTimer();
                }
            }
            update();
        } finally {
            lock.unlock();
        }
    }

    private static void copy(int[] from, int[] to) {
        System.arraycopy(from, 0, to, 0, to.length);
    }
}
