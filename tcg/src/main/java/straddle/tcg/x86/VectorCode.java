package straddle.tcg.x86;

import java.util.Locale;
import org.objectweb.asm.Opcodes;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// The bytecode of vector micro-ops: calls of [VectorRuntime], and of the static functions that have an
/// operation's semantics. Halves of XMM registers that scalar operations use are locals of a region; the rest
/// works on the processor's array.
final class VectorCode {
    /// An upper bound of what any of these methods emits, in bytes.
    static final int BYTES = 48;

    /// The same with an effective address before it.
    static final int MEMORY_BYTES = 60 + Emitter.ACCESS_BYTES;

    static final String RUNTIME = "straddle/tcg/x86/VectorRuntime";
    private static final String DOUBLE = "java/lang/Double";
    private static final String FUNCTIONS = "straddle/tcg/x86/fp/";
    private static final String CPU = "Lstraddle/tcg/Cpu;";
    private static final String CONTROL = "Lstraddle/tcg/x86/fp/FpControl;";

    private VectorCode() {}

    private static void operands(Emitter e, int... operands) {
        for (int operand : operands) {
            e.integer(operand);
        }
    }

    private static String ints(int count) {
        return "I".repeat(count);
    }

    /// Calls a method of the runtime's with the CPU and operands; `result` is its type.
    static void call(Emitter e, MicroOp op, String name, String result, int... operands) {
        e.beforeVectors();
        e.mark(op);
        e.cpu();
        operands(e, operands);
        e.invoke(RUNTIME, name, "(" + CPU + ints(operands.length) + ")" + result);
        e.afterVectors();
    }

    /// Calls a method of the runtime's that computes a half of d from it, from the value on the stack, and with the
    /// CPU.
    static void scalar(Emitter e, MicroOp op, String name, int d) {
        e.mark(op);
        e.get(Emitter.VECTOR + d);
        e.cpu();
        e.invoke(RUNTIME, name, "(JJ" + CPU + ")J");
        e.set(Emitter.VECTOR + d);
    }

    /// Half d = an integer of 32 bits on the stack, in binary64.
    static void exactDouble(Emitter e, int d) {
        e.op(Opcodes.L2D);
        setDouble(e, d);
    }

    /// Half d = the binary64 number on the stack.
    private static void setDouble(Emitter e, int d) {
        e.invoke(DOUBLE, "doubleToRawLongBits", "(D)J");
        setHalf(e, d);
    }

    /// Calls a method of the runtime's that computes a slot from the value on the stack.
    static void toSlot(Emitter e, MicroOp op, String name, int slot) {
        e.mark(op);
        e.cpu();
        e.invoke(RUNTIME, name, "(J" + CPU + ")J");
        e.set(slot);
    }

    /// The same for a half of d.
    static void unary(Emitter e, MicroOp op, String name, int d) {
        toSlot(e, op, name, Emitter.VECTOR + d);
    }

    /// Sets the low half to the value on the stack, and clears the high one.
    static void setQuad(Emitter e, int d) {
        setHalf(e, d);
        e.constant(0);
        setHalf(e, d + 1);
    }

    static void setHalf(Emitter e, int d) {
        e.set(Emitter.VECTOR + d);
    }

    /// Loads or stores a register at the address on the stack.
    static void accessVector(
            Emitter e, MicroOp op, String name, long linearMask, int register, int alignment) {
        e.beforeVectors();
        e.mark(op);
        e.cpu();
        e.constant(linearMask);
        operands(e, register, alignment);
        e.invoke(RUNTIME, name, "(J" + CPU + "JII)V");
        e.afterVectors();
    }

    /// Pushes one half of a register.
    static void half(Emitter e, int s) {
        e.get(Emitter.VECTOR + s);
    }

    /// Calls an operation that cannot fault, with the registers and operands.
    static void function(Emitter e, String owner, String name, String result, int... operands) {
        e.beforeVectors();
        e.cpu();
        e.invoke(RUNTIME, "registers", "(" + CPU + ")[J");
        operands(e, operands);
        e.invoke(FUNCTIONS + owner, name, "([J" + ints(operands.length) + ")" + result);
        e.afterVectors();
    }

    /// The same on bits 255:128.
    static void upperFunction(
            Emitter e, String owner, String name, String result, int... operands) {
        e.beforeVectors();
        e.cpu();
        e.invoke(RUNTIME, "uppers", "(" + CPU + ")[J");
        operands(e, operands);
        e.invoke(FUNCTIONS + owner, name, "([J" + ints(operands.length) + ")" + result);
        e.afterVectors();
    }

    /// Calls a shift of d by a count.
    static void shift(Emitter e, boolean upper, String name, int d, long count) {
        e.beforeVectors();
        e.cpu();
        e.invoke(RUNTIME, upper ? "uppers" : "registers", "(" + CPU + ")[J");
        e.integer(d);
        e.constant(count);
        e.invoke(FUNCTIONS + "SseInteger", name, "([JIJ)V");
        e.afterVectors();
    }

    /// Calls a function that takes both register files.
    static void bothFunction(Emitter e, String owner, String name, int... operands) {
        e.beforeVectors();
        e.cpu();
        e.invoke(RUNTIME, "registers", "(" + CPU + ")[J");
        e.cpu();
        e.invoke(RUNTIME, "uppers", "(" + CPU + ")[J");
        operands(e, operands);
        e.invoke(FUNCTIONS + owner, name, "([J[J" + ints(operands.length) + ")V");
        e.afterVectors();
    }

    /// Calls a floating-point operation on one file whose exceptions are gathered.
    static void gathered(Emitter e, boolean upper, String owner, String name, int... operands) {
        e.beforeVectors();
        e.cpu();
        e.invoke(RUNTIME, "control", "(" + CPU + ")" + CONTROL);
        e.cpu();
        e.invoke(RUNTIME, upper ? "uppers" : "registers", "(" + CPU + ")[J");
        operands(e, operands);
        e.invoke(FUNCTIONS + owner, name, "(" + CONTROL + "[J" + ints(operands.length) + ")Z");
        e.op(Opcodes.POP);
        e.afterVectors();
    }

    /// Calls a floating-point operation and raises its exception if it answers so.
    static void floating(Emitter e, MicroOp op, String owner, String name, int... operands) {
        e.beforeVectors();
        e.mark(op);
        e.cpu();
        e.invoke(RUNTIME, "control", "(" + CPU + ")" + CONTROL);
        e.cpu();
        e.invoke(RUNTIME, "registers", "(" + CPU + ")[J");
        operands(e, operands);
        e.invoke(FUNCTIONS + owner, name, "(" + CONTROL + "[J" + ints(operands.length) + ")Z");
        e.cpu();
        e.invoke(RUNTIME, "check", "(Z" + CPU + ")V");
        e.afterVectors();
    }

    /// The method that has an operation's semantics.
    static String name(Op op) {
        return switch (op) {
            case UNPCKLPS -> "punpckldq";
            case UNPCKHPS -> "punpckhdq";
            case UNPCKLPD -> "punpcklqdq";
            case UNPCKHPD -> "punpckhqdq";
            default -> op.name().toLowerCase(Locale.ROOT);
        };
    }
}
