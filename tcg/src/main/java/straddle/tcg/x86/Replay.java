package straddle.tcg.x86;

import java.util.Arrays;
import java.util.function.LongSupplier;
import straddle.core.arch.x86.X86State;
import straddle.tcg.StoreLog;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.MicroOp;

/// Runs a stretch of guest code a second time, in the interpreter and from the same state, whoever ran it
/// the first time.
///
/// Between [#begin] and [#rewind] the processor's stores and the values that it took from outside (the
/// time-stamp counter, random numbers) are recorded. The rewind takes the stores back; what is interpreted
/// then sees the same values again. Instructions that access devices must not occur: they run alone
/// meanwhile, see [straddle.tcg.Cpu#requireAlone].
final class Replay {
    private enum Phase {
        OFF,
        RECORDING,
        REPLAYING
    }

    private final X86Cpu cpu;
    private final StoreLog stores;
    private final X86State start = new X86State();
    private Phase phase = Phase.OFF;
    private long[] values = new long[16];
    private int recorded;
    private int replayed;

    /// Whether interrupts had to wait for an instruction more where the first run ended.
    private boolean endsInShadow;

    Replay(X86Cpu cpu, StoreLog stores) {
        this.cpu = cpu;
        this.stores = stores;
    }

    /// The state at the beginning.
    X86State start() {
        return start;
    }

    /// How many values from outside the stretch took.
    int recorded() {
        return recorded;
    }

    /// The stretch begins at the processor's present state.
    void begin() {
        cpu.save(start);
        recorded = 0;
        phase = Phase.RECORDING;
        stores.begin();
    }

    /// Copies out the state that the first run came to.
    void saveEnd(X86State to) {
        phase = Phase.OFF;
        cpu.save(to);
        endsInShadow = to.interruptShadow;
    }

    /// It has ended, and is not to be run again.
    void abandon() {
        phase = Phase.OFF;
        stores.end();
    }

    /// It has ended: goes back to where it began.
    void rewind() {
        stores.undo();
        phase = Phase.OFF;
        cpu.rewind(start);
        phase = Phase.REPLAYING;
        replayed = 0;
        stores.begin();
    }

    /// Interprets the next instruction; throws [GuestFault] where that raises an exception.
    void interpretOne() {
        MicroOp op = cpu.runAlone();
        while (op != null) {
            if (isOfBlock(op)) {
                cpu.pc = op.pc;
                return;
            }
            op = op.exec(cpu);
        }
    }

    /// Whether a block or region begins with it.
    static boolean isOfBlock(MicroOp op) {
        return op instanceof BlockHead || op instanceof straddle.tcg.block.Code;
    }

    /// The second run has ended.
    ///
    /// @return whether it took as many values from outside as the first
    boolean finish() {
        phase = Phase.OFF;
        stores.end();
        if (!endsInShadow) {
            // An STI that is run alone holds interrupts off until after what comes next.
            cpu.clearAttention(X86Cpu.ATTENTION_SHADOW);
        }
        return replayed == recorded;
    }

    /// A value from outside: a new one, or on the second run that of the first.
    long value(LongSupplier source) {
        switch (phase) {
            case RECORDING -> {
                if (recorded == values.length) {
                    values = Arrays.copyOf(values, 2 * recorded);
                }
                values[recorded] = source.getAsLong();
                return values[recorded++];
            }
            case REPLAYING -> {
                return replayed < recorded ? values[replayed++] : source.getAsLong();
            }
            default -> {
                return source.getAsLong();
            }
        }
    }
}
