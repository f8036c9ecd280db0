package straddle.tcg.user;

import java.util.StringJoiner;
import straddle.core.observe.Trace;
import straddle.core.observe.Trace.Event;
import straddle.core.user.UserMemory;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Description;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;

/// Traces one [UserCpu]: while it does, it holds an attention bit, so that every block asks [#next] before it begins.
///
/// An instruction is shown by its code and its micro-ops, in which `rN` is slot N.
final class UserTracer {
    private final UserCpu cpu;
    private final Trace trace;
    private final int thread;
    private final Description description = new Description(slot -> "r" + slot);

    /// Where the instruction traced last ends: execution that goes on elsewhere begins a block.
    private long expected;

    UserTracer(UserCpu cpu, Trace trace, int thread) {
        this.cpu = cpu;
        this.trace = trace;
        this.thread = thread;
    }

    /// Whether blocks must ask before they begin.
    boolean holdsAttention() {
        return (trace.wants(Event.INSN) || trace.wants(Event.TB)) && !trace.isOver();
    }

    /// What to run at the present program counter, once it is traced.
    MicroOp next() {
        if (!trace.wants(Event.INSN)) {
            Tb tb = cpu.block();
            block(tb);
            return cpu.enter(tb);
        }
        if (trace.wants(Event.TB) && cpu.pc != expected) {
            block(cpu.block());
        }
        Tb tb = cpu.blockOfOne();
        expected = tb.pc + tb.bytes;
        if (trace.takes(Event.INSN, thread, -1, tb.pc)) {
            String text = "%-17s  %s".formatted(code(tb), microOps(tb));
            trace.show(Event.INSN, thread, tb.pc, text);
        }
        return cpu.enterAlone(tb);
    }

    private void block(Tb tb) {
        if (trace.takes(Event.TB, thread, -1, tb.pc)) {
            String text = "%d instructions, %d bytes, at %x".formatted(tb.insns, tb.bytes, tb.gpa);
            trace.show(Event.TB, thread, tb.pc, text);
        }
    }

    /// Its bytes by ascending address, in groups of four.
    private String code(Tb tb) {
        StringBuilder text = new StringBuilder();
        long inFirst = UserMemory.PAGE_BYTES - (tb.gpa & UserMemory.PAGE_BYTES - 1);
        for (int i = 0; i < tb.bytes; i++) {
            long gpa = i < inFirst ? tb.gpa + i : tb.secondPage + i - inFirst;
            text.append(i > 0 && i % 4 == 0 ? " " : "");
            text.append("%02x".formatted(cpu.memory.read(gpa, 1)));
        }
        return text.toString();
    }

    private String microOps(Tb tb) {
        StringJoiner text = new StringJoiner("; ");
        for (MicroOp op = tb.head.next; op != null; op = op.next) {
            boolean goesOn = op instanceof Jump jump && jump.target() == tb.pc + tb.bytes;
            if (!goesOn) {
                text.add(description.of(op));
            }
        }
        return text.toString();
    }
}
