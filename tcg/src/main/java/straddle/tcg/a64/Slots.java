package straddle.tcg.a64;

import straddle.tcg.op.Emitter;

/// Where an A64 processor's registers are in [straddle.tcg.Cpu#r].
///
/// X0 to X30 have their own numbers. Register 31 is SP or XZR by its place in an instruction: XZR is read
/// from [#ZERO] and written to [#SINK].
final class Slots {
    static final int LR = 30;
    static final int SP = 31;

    /// Always 0.
    static final int ZERO = 32;

    /// Takes what is written to XZR; never read.
    static final int SINK = 33;

    static final int TPIDR_EL0 = 34;

    /// V0's lower half; upper halves follow the lower ones.
    static final int V = 36;

    static final int COUNT = V + 2 * 32;

    private Slots() {}

    /// A general register that is read.
    static int source(int number) {
        return number == 31 ? ZERO : number;
    }

    /// A general register that is written.
    static int target(int number) {
        return number == 31 ? SINK : number;
    }

    /// The lower half of a vector register.
    static int v(int number) {
        return V + 2 * number;
    }

    /// Pops the operand stack to a register.
    static void set(Emitter e, int slot) {
        if (slot == SINK) {
            e.op(org.objectweb.asm.Opcodes.POP2);
        } else {
            e.set(slot);
        }
    }

    static String name(int slot) {
        if (slot >= V) {
            return "v" + (slot - V) / 2 + ((slot - V) % 2 == 0 ? "" : "h");
        }
        return switch (slot) {
            case SP -> "sp";
            case ZERO -> "zero";
            case SINK -> "sink";
            case TPIDR_EL0 -> "tpidr";
            default -> "x" + slot;
        };
    }
}
