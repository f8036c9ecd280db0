package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.exceptionName;

import java.util.HexFormat;
import straddle.core.observe.Trace;
import straddle.core.observe.Trace.Event;
import straddle.tcg.GuestFault;
import straddle.tcg.block.Tb;
import straddle.tcg.op.MicroOp;

/// Traces one processor. For instructions and blocks it holds an attention bit, so that every block asks
/// [#next] before it begins; where nothing is traced nothing looks.
final class Tracer {
    private static final int MAX_INSN = 15;

    private final X86Cpu cpu;
    private final Trace trace;
    private final int vcpu;
    private final Disassembler disassembler = new Disassembler();

    /// Where the instruction traced last ends: execution that goes on elsewhere begins a block.
    private long expected;

    Tracer(X86Cpu cpu, Trace trace, int vcpu) {
        this.cpu = cpu;
        this.trace = trace;
        this.vcpu = vcpu;
    }

    /// Whether blocks must ask before they begin.
    boolean holdsAttention() {
        return (trace.wants(Event.INSN) || trace.wants(Event.TB)) && !trace.isOver();
    }

    /// What to run at the present program counter, once it is traced.
    MicroOp next() {
        if (!holdsAttention()) {
            cpu.clearAttention(X86Cpu.ATTENTION_TRACE);
            return cpu.lookup();
        }
        if (trace.wants(Event.INSN)) {
            instruction();
            return cpu.runAlone();
        }
        Tb tb = cpu.block();
        block(tb);
        return cpu.enter(tb);
    }

    /// Traces the instruction at the program counter.
    void instruction() {
        if (!trace.wants(Event.INSN)) {
            return;
        }
        if (trace.wants(Event.TB) && cpu.pc != expected) {
            block(cpu.block());
        }
        byte[] code = code();
        int mode = cpu.codeBits();
        Disassembler.Line line = disassembler.at(code, 0, mode, cpu.pc);
        expected = cpu.pc + line.length();
        if (trace.takes(Event.INSN, vcpu, cpu.cpl, cpu.pc)) {
            int shown = Math.min(line.length(), code.length);
            trace.show(
                    Event.INSN,
                    vcpu,
                    cpu.pc,
                    "%-30s  %s"
                            .formatted(
                                    HexFormat.ofDelimiter(" ").formatHex(code, 0, shown),
                                    line.text()));
        }
    }

    /// The bytes from the program counter on: those of the next page only where an instruction needs them.
    private byte[] code() {
        long from = cpu.pc + cpu.fetchBase();
        int inPage = (int) Math.min(MAX_INSN, 4096 - (from & 4095));
        byte[] code = read(from, inPage);
        if (code.length < inPage || inPage == MAX_INSN) {
            return code;
        }
        if (!disassembler.at(code, 0, cpu.codeBits(), cpu.pc).text().equals(Disassembler.BAD)) {
            return code;
        }
        byte[] rest = read(from + inPage & cpu.addressMask(), MAX_INSN - inPage);
        byte[] whole = java.util.Arrays.copyOf(code, inPage + rest.length);
        System.arraycopy(rest, 0, whole, inPage, rest.length);
        return whole;
    }

    private byte[] read(long virtual, int count) {
        long faultAddress = cpu.cr2;
        byte[] code = new byte[count];
        try {
            long gpa = cpu.fetchAddress(virtual & cpu.addressMask());
            for (int i = 0; i < count; i++) {
                code[i] = (byte) cpu.memory.read(gpa + i, 1);
            }
            return code;
        } catch (GuestFault _) {
            cpu.cr2 = faultAddress;
            return new byte[0];
        }
    }

    private void block(Tb tb) {
        if (trace.takes(Event.TB, vcpu, cpu.cpl, tb.pc)) {
            trace.show(
                    Event.TB,
                    vcpu,
                    tb.pc,
                    "%d instructions, %d bytes, at %x, cpl %d, %d-bit"
                            .formatted(tb.insns, tb.bytes, tb.gpa, cpu.cpl, cpu.codeBits()));
        }
    }

    /// An exception is about to be delivered for the instruction at the program counter.
    void fault() {
        if (trace.takes(Event.FAULT, vcpu, cpu.cpl, cpu.pc)) {
            String error = cpu.faultHasError ? ", error %x".formatted(cpu.faultError) : "";
            String address =
                    cpu.faultVector == straddle.core.arch.x86.X86.PF
                            ? ", address %x".formatted(cpu.cr2)
                            : "";
            trace.show(Event.FAULT, vcpu, cpu.pc, exceptionName(cpu.faultVector) + error + address);
        }
    }

    /// An interrupt is about to be delivered.
    void interrupt(int vector, String from) {
        if (trace.takes(Event.INT, vcpu, cpu.cpl, cpu.pc)) {
            trace.show(Event.INT, vcpu, cpu.pc, from + " 0x" + Integer.toHexString(vector));
        }
    }
}
