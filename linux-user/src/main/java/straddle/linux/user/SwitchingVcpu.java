package straddle.linux.user;

import straddle.core.accel.AcceleratorException;
import straddle.core.observe.Trace;
import straddle.core.user.Access;
import straddle.core.user.NativeVcpu;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.user.UserVcpu;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserStateOwner;

/// A translated vCPU whose code goes to the processor while that pays. The translated one has the state between two runs, and
/// executes whatever ends native code.
final class SwitchingVcpu implements UserVcpu {
    /// A run that lasts this long is one of a program that computes.
    private static final long LONG_RUN_NANOS = 5_000_000;

    /// So many instructions has a program to compute before anything is opened for it.
    private static final long WARM = 5_000_000;

    /// Translated instructions between two system calls that are worth an exit: the processor takes a fifth of the time.
    private static final long WORTH = 100_000;

    /// Native code between two system calls that wasn't.
    private static final long TOO_SHORT_NANOS = 150_000;

    /// So many slices are looked at before native code is given up.
    private static final int TRIAL = 8;

    /// Programs that do nothing else than end need no watch.
    private static final int RUNS_BEFORE_WATCH = 4;

    private static final int MOST_WITHHELD = 4;

    /// In instructions.
    private static final long FIRST_PAUSE = 10_000_000;

    private static final long LAST_PAUSE = 1_000_000_000;

    private final Processors processors;
    private final UserVcpu soft;
    private final UserStateOwner program;
    private volatile NativeVcpu hard;
    private UserMemory memory;

    private boolean isNative;
    private boolean traced;
    private boolean stepped;

    /// The last run of translated code was to end for the sake of native code.
    private boolean wasDue;

    /// Translated instructions of a run, and what one takes on the processor, as moving averages.
    private long runLength;

    private long hardNanos;

    /// Translated instructions.
    private long computed;

    private int slices;
    private int runs;

    /// How many slices in a row ended at a page that native code may not use.
    private int withheld;

    /// What must be computed before native code is tried again.
    private long pause = FIRST_PAUSE;

    private long left;

    /// When the present run of translated code began, or 0.
    private volatile long since;

    /// The present run of translated code is to end for the sake of native code.
    private volatile boolean due;

    private volatile boolean kicked;

    SwitchingVcpu(Processors processors, UserVcpu soft) {
        this.processors = processors;
        this.soft = soft;
        program = soft.userState().orElseThrow();
        memory = soft.memory();
        isNative = processors.always();
    }

    // ---- running

    @Override
    public UserStop run() {
        stepped = false;
        while (true) {
            if (isNative && !traced && hasProcessor()) {
                UserStop stop = runNatively();
                if (stop != null) {
                    return stop;
                }
            }
            UserStop stop = runTranslated();
            if (stop != UserStop.KICKED) {
                return stop;
            }
            if (kicked || !wasDue) {
                kicked = false;
                return stop;
            }
        }
    }

    private UserStop runTranslated() {
        long before = soft.retiredInstructions();
        since = System.nanoTime();
        UserStop stop = soft.run();
        since = 0;
        long instructions = soft.retiredInstructions() - before;
        wasDue = due;
        due = false;
        if (runs < RUNS_BEFORE_WATCH && ++runs == RUNS_BEFORE_WATCH) {
            processors.watch();
        }
        if (!isNative && !processors.always()) {
            runLength += (instructions - runLength) / 8;
            computed += instructions;
            boolean worth = wasDue && instructions > WORTH || runLength > WORTH;
            if (worth && computed > WARM && computed - left > pause) {
                isNative = true;
                slices = 0;
                hardNanos = TOO_SHORT_NANOS;
            }
        }
        return stop;
    }

    /// @return null if translated code goes on
    private UserStop runNatively() {
        if (kicked) {
            kicked = false;
            return UserStop.KICKED;
        }
        long start = System.nanoTime();
        try {
            NativeVcpu.Ending ending = hard.run(program);
            note(System.nanoTime() - start, ending == NativeVcpu.Ending.WITHHELD);
            return switch (ending) {
                case INSTRUCTION, WITHHELD -> null;
                case STEPPED -> {
                    stepped = true;
                    yield UserStop.SINGLE_STEP;
                }
                case KICKED -> {
                    boolean mine = kicked;
                    kicked = false;
                    yield mine ? UserStop.KICKED : null;
                }
            };
        } catch (AcceleratorException _) {
            // What the host refuses, the translator does.
            isNative = false;
            computed = Long.MIN_VALUE / 2;
            return null;
        }
    }

    private void note(long nanos, boolean ofWithheld) {
        hardNanos += (nanos - hardNanos) / 8;
        withheld = ofWithheld ? withheld + 1 : 0;
        boolean tooShort = ++slices > TRIAL && hardNanos < TOO_SHORT_NANOS;
        if (!processors.always() && (tooShort || withheld >= MOST_WITHHELD)) {
            withheld = 0;
            isNative = false;
            left = computed;
            runLength = 0;
            pause = Math.min(2 * pause, LAST_PAUSE);
        }
    }

    private boolean hasProcessor() {
        if (hard == null) {
            hard = processors.processor();
            if (hard == null) {
                isNative = false;
                computed = Long.MIN_VALUE / 2;
                return false;
            }
            hard.use(memory);
        }
        return true;
    }

    /// Ends a run of translated code that has lasted. The watch's thread.
    void lookedAt(long now) {
        long began = since;
        if (began != 0 && now - began > LONG_RUN_NANOS && !due) {
            due = true;
            soft.kick();
        }
    }

    @Override
    public void kick() {
        kicked = true;
        soft.kick();
        NativeVcpu processor = hard;
        if (processor != null) {
            processor.kick();
        }
    }

    // ---- the program's state

    @Override
    public void use(UserMemory other) {
        memory = other;
        soft.use(other);
        if (hard != null) {
            hard.use(other);
        }
        runLength = 0;
        isNative = processors.always();
    }

    @Override
    public void park() {
        memory = null;
        soft.park();
        if (hard != null) {
            hard.use(null);
        }
    }

    @Override
    public void copyFrom(UserVcpu other) {
        soft.copyFrom(other instanceof SwitchingVcpu from ? from.soft : other);
    }

    @Override
    public UserIsa isa() {
        return soft.isa();
    }

    @Override
    public UserMemory memory() {
        return memory;
    }

    @Override
    public void trace(Trace by, int thread) {
        traced = by != null;
        soft.trace(by, thread);
    }

    @Override
    public long faultAddress() {
        return stepped ? soft.pc() : soft.faultAddress();
    }

    @Override
    public Access faultAccess() {
        return soft.faultAccess();
    }

    @Override
    public long register(int number) {
        return soft.register(number);
    }

    @Override
    public void setRegister(int number, long value) {
        soft.setRegister(number, value);
    }

    @Override
    public long pc() {
        return soft.pc();
    }

    @Override
    public void setPc(long pc) {
        soft.setPc(pc);
    }

    @Override
    public void rewindSystemCall() {
        soft.rewindSystemCall();
    }

    @Override
    public long status() {
        return soft.status();
    }

    @Override
    public void setStatus(long status) {
        soft.setStatus(status);
    }

    @Override
    public long threadPointer() {
        return soft.threadPointer();
    }

    @Override
    public void setThreadPointer(long address) {
        soft.setThreadPointer(address);
    }

    @Override
    public byte[] saveFloats() {
        return soft.saveFloats();
    }

    @Override
    public void loadFloats(byte[] image) {
        soft.loadFloats(image);
    }

    @Override
    public void reset() {
        soft.reset();
    }

    @Override
    public void setShared() {
        soft.setShared();
    }

    @Override
    public long retiredInstructions() {
        return soft.retiredInstructions();
    }

    @Override
    public void statistics(Statistics to) {
        soft.statistics(to);
        if (hard != null) {
            hard.statistics(to);
        }
    }

    @Override
    public void close() {
        processors.closed(this);
        if (hard != null) {
            hard.close();
        }
        soft.close();
    }
}
