package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.List;
import org.objectweb.asm.Opcodes;
import straddle.tcg.Cpu;
import straddle.tcg.mmu.Raw;
import straddle.tcg.op.Cond;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.Flags;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;

/// String instructions with their repeat prefixes (SDM volume 1, 7.3.9).
///
/// A repetition commits its registers after each element, so that a fault or an interrupt finds them
/// right and the instruction goes on where it stopped. Copies and fills of whole runs within a page go
/// by the host's block operations.
final class Strings extends MicroOp {
    /// How many elements a repetition does before it looks for interrupts.
    private static final int SLICE = 4096;

    private final Op op;
    private final int width;
    private final int repeat;
    private final long addressMask;
    private final int segment;
    private final boolean is64;
    private final Jump done;

    /// @param done to the instruction behind it
    Strings(Insn insn, Jump done) {
        this.op = insn.op;
        this.width =
                isByte(insn.op)
                        ? 1
                        : insn.op == Op.INSW || insn.op == Op.OUTSW
                                ? Math.min(insn.operandSize, 4)
                                : insn.operandSize;
        this.repeat = insn.repeat;
        this.addressMask = X86Cpu.sizeMask(insn.addressSize);
        this.segment = insn.segmentPrefix >= 0 ? insn.segmentPrefix : DS;
        this.is64 = insn.mode == 64;
        this.done = done;
    }

    private static boolean isByte(Op op) {
        return switch (op) {
            case MOVSB, CMPSB, STOSB, LODSB, SCASB, INSB, OUTSB -> true;
            default -> false;
        };
    }

    @Override
    public MicroOp exec(Cpu c) {
        X86Cpu cpu = (X86Cpu) c;
        long step = cpu.flag(RFLAGS_DF) ? -width : width;
        if (repeat == 0) {
            element(cpu, step);
            return next;
        }
        boolean stepping = cpu.stepsStrings();
        for (int i = 0; i < SLICE; i++) {
            long count = c.r[RCX] & addressMask;
            if (count == 0) {
                return done.exec(c);
            }
            long elements = step > 0 && !stepping ? run(cpu, count) : 0;
            if (elements == 0) {
                element(cpu, step);
                elements = 1;
            }
            setCounter(c, count - elements);
            if (comparesStop(c)) {
                return done.exec(c);
            }
            if (stepping) {
                // A single step is one element (SDM volume 3, 19.3.1.4).
                c.pc = count == 1 ? done.target() : pc;
                return next;
            }
        }
        c.pc = pc;
        return next;
    }

    @Override
    public List<Jump> jumps() {
        return repeat == 0 ? List.of() : List.of(done);
    }

    private boolean copies() {
        return op == Op.MOVSB || op == Op.MOVSW;
    }

    private boolean fills() {
        return op == Op.STOSB || op == Op.STOSW;
    }

    @Override
    public void emit(Emitter e) {
        boolean isRun = repeat != 0 && (copies() || fills()) && is64 && addressMask == -1;
        if (!isRun || !e.hasSystemState()) {
            super.emit(e);
            return;
        }
        e.get(X86Cpu.SYSTEM_FLAGS);
        e.leaveIfAny(RFLAGS_DF, this);
        if (copies()) {
            e.get(RSI);
            if (segment >= FS) {
                e.get(X86Cpu.SEGMENT_BASE + segment);
                e.op(Opcodes.LADD);
            }
        } else {
            e.get(RAX);
        }
        e.get(RDI);
        e.get(RCX);
        if (copies()) {
            e.copyRun(this, width);
            emitAdvance(e, RSI);
        } else {
            e.fillRun(this, width);
        }
        emitAdvance(e, RDI);
        e.constant(0);
        e.set(RCX);
        e.jump(done);
    }

    private void emitAdvance(Emitter e, int register) {
        e.get(RCX);
        e.shift(Opcodes.LSHL, Integer.numberOfTrailingZeros(width));
        e.get(register);
        e.op(Opcodes.LADD);
        e.set(register);
    }

    private void setCounter(Cpu c, long count) {
        c.r[RCX] = addressMask == 0xffff ? c.r[RCX] & ~addressMask | count : count;
    }

    private boolean comparesStop(Cpu c) {
        return switch (op) {
            case CMPSB, CMPSW, SCASB, SCASW -> Cond.test(c, Cond.E) != (repeat == 0xf3);
            default -> false;
        };
    }

    private void advance(Cpu c, int register, long by) {
        long moved = c.r[register] + by & addressMask;
        c.r[register] = addressMask == 0xffff ? c.r[register] & ~addressMask | moved : moved;
    }

    private long source(X86Cpu c) {
        return c.load(c.linear(segment, c.r[RSI] & addressMask, width, false), width);
    }

    private long destination(X86Cpu c, boolean write) {
        return c.linear(ES, c.r[RDI] & addressMask, width, write);
    }

    private void element(X86Cpu c, long step) {
        switch (op) {
            case MOVSB, MOVSW -> {
                c.store(destination(c, true), width, source(c));
                advance(c, RSI, step);
                advance(c, RDI, step);
            }
            case STOSB, STOSW -> {
                c.store(destination(c, true), width, Reg.get(c.r, RAX, width));
                advance(c, RDI, step);
            }
            case LODSB, LODSW -> {
                Reg.set(c.r, RAX, width, source(c));
                advance(c, RSI, step);
            }
            case CMPSB, CMPSW -> {
                long a = Reg.signed(source(c), width);
                compare(c, a, Reg.signed(c.load(destination(c, false), width), width));
                advance(c, RSI, step);
                advance(c, RDI, step);
            }
            case SCASB, SCASW -> {
                long a = Reg.signed(Reg.get(c.r, RAX, width), width);
                compare(c, a, Reg.signed(c.load(destination(c, false), width), width));
                advance(c, RDI, step);
            }
            case INSB, INSW -> {
                int port = (int) c.r[RDX] & 0xffff;
                Control.checkPort(c, port, width);
                long to = destination(c, true);
                c.probeStore(to, width);
                c.store(to, width, c.readPort(port, width));
                advance(c, RDI, step);
            }
            default -> {
                int port = (int) c.r[RDX] & 0xffff;
                Control.checkPort(c, port, width);
                c.writePort(port, width, source(c));
                advance(c, RSI, step);
            }
        }
    }

    private void compare(Cpu c, long a, long b) {
        c.setFlags(Flags.SUB, Reg.signed(a - b, width), a, b);
    }

    /// Copies or fills several elements at once where both ends are plain memory within a page.
    ///
    /// @return how many were done; 0 to go element by element
    private long run(X86Cpu c, long count) {
        boolean copies = copies();
        if (!copies && !fills() || count < 8 || !c.is64()) {
            return 0;
        }
        long to = c.r[RDI] & addressMask;
        long elements = Math.min(count, (4096 - (to & 4095)) / width);
        long from = 0;
        if (copies) {
            from = (c.r[RSI] & addressMask) + c.r[X86Cpu.SEGMENT_BASE + segment];
            elements = Math.min(elements, (4096 - (from & 4095)) / width);
        }
        if (elements < 8) {
            return 0;
        }
        // If neither can be accessed, it is the load that faults.
        long hostFrom = copies ? c.hostAddressForLoad(from, width) : 0;
        long hostTo = c.hostAddressForStore(to, width);
        if (hostTo == 0) {
            return 0;
        }
        long bytes = elements * width;
        if (copies) {
            if (hostFrom == 0 || hostFrom < hostTo + bytes && hostTo < hostFrom + bytes) {
                return 0;
            }
            Raw.copy(hostFrom, hostTo, bytes);
            advance(c, RSI, bytes);
        } else {
            fill(hostTo, bytes, c.r[RAX]);
        }
        advance(c, RDI, bytes);
        return elements;
    }

    private void fill(long to, long bytes, long value) {
        long byteValue = value & 0xff;
        long pattern = byteValue * 0x0101_0101_0101_0101L;
        long mask = X86Cpu.sizeMask(width);
        if ((value & mask) == (pattern & mask)) {
            Raw.fill(to, bytes, (byte) value);
            return;
        }
        for (long at = 0; at < bytes; at += width) {
            switch (width) {
                case 2 -> Raw.putShort(to + at, (short) value);
                case 4 -> Raw.putInt(to + at, (int) value);
                default -> Raw.putLong(to + at, value);
            }
        }
    }
}
