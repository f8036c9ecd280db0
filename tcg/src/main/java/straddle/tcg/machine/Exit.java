package straddle.tcg.machine;

import straddle.tcg.block.Tb;
import straddle.tcg.op.MicroOp;

/// A place where compiled code goes back to Java, and why.
final class Exit {
    enum Kind {
        /// Somebody wants attention, or it is time to look: nothing of the block has run.
        ATTEND,

        /// A micro-op, which ends the block, runs in Java.
        LEAVE,

        /// A direct jump's target is not known, or no longer.
        JUMP,

        /// A micro-op without machine code runs in Java, and compiled code goes on behind it.
        CALL,

        /// The TLB did not answer a load, ...
        LOAD,

        /// ... or a store.
        STORE,

        /// The same for a micro-op that writes no slot which compiled code knows: it runs in Java.
        RUN,

        /// A function of numbers is Java's for these.
        FUNCTION,

        /// The same of vectors, whose halves it is a function of.
        FUNCTION_OF_HALVES
    }

    final Kind kind;
    final Tb tb;
    final MicroOp op;

    /// Of an access, in bytes; of a [Kind#FUNCTION_OF_HALVES] how many of them.
    final int width;

    /// Guest instructions that are counted on the way.
    int owed;

    /// Where compiled code goes on after a [Kind#CALL].
    long resume;

    /// The code that comes here, of a [Kind#JUMP].
    long stub;

    /// Where its jump instruction ends, and the epoch lies that it holds for, or 0 if it always does.
    long jumpEnd;

    long epochAt;

    /// Whether the jump is from a page that every address space has, so that it goes to such pages only.
    boolean isGlobal;

    /// How often a [Kind#CALL] was made, of a micro-op for which there is bytecode.
    int calls;

    boolean hasBytecode;

    /// Whether it is of a block compiled as part of a loop.
    boolean isInLoop;

    JavaFunction function;

    Exit(Kind kind, Tb tb, MicroOp op, int width) {
        this.kind = kind;
        this.tb = tb;
        this.op = op;
        this.width = width;
        this.isGlobal = tb.isGlobal;
    }

    static Exit function(Tb tb, MicroOp op, JavaFunction function) {
        Exit exit = new Exit(Kind.FUNCTION, tb, op, 0);
        exit.function = function;
        return exit;
    }

    /// @param halves how many count
    static Exit function(Tb tb, MicroOp op, JavaFunction function, int halves) {
        Exit exit = new Exit(Kind.FUNCTION_OF_HALVES, tb, op, halves);
        exit.function = function;
        return exit;
    }
}
