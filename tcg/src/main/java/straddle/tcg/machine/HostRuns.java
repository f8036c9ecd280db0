package straddle.tcg.machine;

import static straddle.tcg.machine.Assembler.*;

import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.MicroOp;

/// Runs of elements within a page, copied and filled by the host's string instructions, which go element by element as
/// the guest's do.
final class HostRuns {
    private static final int PAGE = 4096;

    private final HostOperations to;
    private final Assembler asm;

    HostRuns(HostOperations to) {
        this.to = to;
        this.asm = to.asm;
    }

    /// [straddle.tcg.op.Emitter#copyRun].
    void copy(MicroOp op, int width) {
        Value count = to.pop();
        Value destination = to.pop();
        Value source = to.pop();
        int n = to.register(count);
        int d = to.register(destination);
        int s = to.register(source);
        Value last = HostState.use(to.fresh());
        Value from = HostState.use(to.fresh());
        Runnable flush = to.flushLater();
        measure(op, width, n, last.register, flush);
        to.reachRun(op, s, last.register, Tlb.READ, flush);
        asm.address(from.register, RCX, s, 0, 0);
        to.reachRun(op, d, last.register, Tlb.WRITE, flush);
        asm.arithmetic(ADD, true, RCX, d);
        asm.push(RSI);
        asm.push(RDI);
        asm.push(from.register);
        asm.push(RCX);
        asm.move(RCX, n);
        asm.pop(RDI);
        asm.pop(RSI);
        asm.copyElements(width);
        asm.pop(RDI);
        asm.pop(RSI);
        release(count, destination, source, last, from);
    }

    /// [straddle.tcg.op.Emitter#fillRun].
    void fill(MicroOp op, int width) {
        Value count = to.pop();
        Value destination = to.pop();
        Value value = to.pop();
        int n = to.register(count);
        int d = to.register(destination);
        int v = to.register(value);
        Value last = HostState.use(to.fresh());
        Runnable flush = to.flushLater();
        measure(op, width, n, last.register, flush);
        to.reachRun(op, d, last.register, Tlb.WRITE, flush);
        asm.arithmetic(ADD, true, RCX, d);
        asm.push(RDI);
        asm.push(RCX);
        asm.move(RAX, v);
        asm.move(RCX, n);
        asm.pop(RDI);
        asm.fillElements(width);
        asm.pop(RDI);
        release(count, destination, value, last);
    }

    /// Has a register be the bytes in front of the last one, unless there are none, or more than a page has.
    private void measure(MicroOp op, int width, int count, int last, Runnable flush) {
        asm.address(last, count, -1);
        asm.arithmeticConstant(CMP, true, last, PAGE / width);
        to.leaveLater(asm.jumpIf(CC_AE), flush, op);
        if (width > 1) {
            asm.shift(SHL, true, last, Integer.numberOfTrailingZeros(width));
            asm.address(last, last, width - 1);
        }
    }

    private void release(Value... values) {
        for (Value value : values) {
            to.release(value);
        }
    }
}
