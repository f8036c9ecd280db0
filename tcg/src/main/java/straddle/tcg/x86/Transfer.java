package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.lang.invoke.VarHandle;
import straddle.core.arch.x86.Segment;
import straddle.tcg.Cpu;
import straddle.tcg.op.Ea;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.op.Reg;

/// Segment register loads, far transfers, software interrupts and fast system calls (SDM volume 2).
///
/// Call gates lead to the same level and inwards; task switches are in [Tasks].
final class Transfer extends MicroOp {
    private final Op op;
    private final Ea ea;
    private final int segment;
    private final int register;
    private final int width;
    private final int reg;
    private final int rm;
    private final boolean wide;
    private final long immediate;
    private final int selector;
    private final boolean direct;
    private final long nextPc;

    Transfer(Insn insn, Ea ea, int segment, long nextPc) {
        this.op = insn.op;
        this.ea = ea;
        this.segment = segment;
        this.register =
                insn.op == Op.PUSH || insn.op == Op.POP
                        ? Translator.segmentOf(insn.row.operands().get(0))
                        : insn.reg & 7;
        this.width = insn.operandSize;
        this.reg = insn.reg;
        this.rm = insn.rm;
        this.wide = insn.rexW;
        this.immediate = insn.immediate;
        this.selector = insn.immediate2;
        this.direct = insn.row.operands().contains(Operand.Ap);
        this.nextPc = nextPc;
    }

    /// POP to a segment register.
    Transfer(Op op, int width, int register, Ea ea, long nextPc, int reg) {
        this.op = op;
        this.ea = ea;
        this.segment = SS;
        this.register = register;
        this.width = width;
        this.reg = reg;
        this.rm = 0;
        this.wide = false;
        this.immediate = 0;
        this.selector = 0;
        this.direct = false;
        this.nextPc = nextPc;
    }

    @Override
    public MicroOp exec(Cpu cpu) {
        X86Cpu c = (X86Cpu) cpu;
        switch (op) {
            case MOVFROMSEG -> {
                if (register > GS) {
                    throw c.fault(UD);
                }
                int value = c.segments[register].selector;
                if (ea == null) {
                    Reg.set(c.r, rm, width, value);
                } else {
                    c.store(c.linear(segment, ea.offset(c), 2, true), 2, value);
                }
                c.pc = nextPc;
            }
            case MOVTOSEG -> {
                if (register == CS || register > GS) {
                    throw c.fault(UD);
                }
                long value =
                        ea == null ? c.r[rm] : c.load(c.linear(segment, ea.offset(c), 2, false), 2);
                load(c, register, (int) value & 0xffff);
                c.pc = nextPc;
            }
            case POP -> {
                int value = (int) c.peek(0, width) & 0xffff;
                load(c, register, value);
                c.release(width);
                c.pc = nextPc;
            }
            case LES -> loadFar(c, ES);
            case LDS -> loadFar(c, DS);
            case LSS -> loadFar(c, SS);
            case LFS -> loadFar(c, FS);
            case LGS -> loadFar(c, GS);
            case CALLF, JMPF -> far(c);
            case RETF -> returnFar(c);
            case INT -> {
                int vector = (int) immediate & 0xff;
                if (!VirtualInterrupts.redirect(c, vector, nextPc)) {
                    Events.software(c, vector, nextPc, true);
                }
            }
            case INT3 -> Events.software(c, BP, nextPc, true);
            case INT1 -> Events.software(c, DB, nextPc, false);
            case INTO -> {
                if (Flags.overflow(c.flagKind, c.flagResult, c.flagA, c.flagB)) {
                    Events.software(c, OF, nextPc, true);
                } else {
                    c.pc = nextPc;
                }
            }
            case IRET -> {
                Events.iret(c, width, nextPc);
                if (c.isShared()) {
                    VarHandle.fullFence();
                }
            }
            case SYSCALL -> syscall(c);
            case SYSRET -> sysret(c);
            case SYSENTER -> sysenter(c);
            case SYSEXIT -> sysexit(c);
            default -> throw new IllegalStateException(op + " is no transfer");
        }
        return c.exit == null ? next : null;
    }

    private void load(X86Cpu c, int register, int selector) {
        Descriptors.load(c, register, selector);
        if (register == SS) {
            c.request(X86Cpu.ATTENTION_SHADOW);
        }
    }

    private void loadFar(X86Cpu c, int register) {
        if (ea == null) {
            throw c.fault(UD);
        }
        long address = c.linear(segment, ea.offset(c), width + 2, false);
        long offset = c.load(address, width);
        int value = (int) c.load(address + width & c.addressMask(), 2);
        Descriptors.load(c, register, value);
        Reg.set(c.r, reg, width, offset);
        c.pc = nextPc;
    }

    // ---- far jumps, calls and returns

    private void far(X86Cpu c) {
        long offset;
        int target;
        if (direct) {
            offset = immediate;
            target = selector;
        } else {
            long address = c.linear(segment, ea.offset(c), width + 2, false);
            offset = c.load(address, width);
            target = (int) c.load(address + width & c.addressMask(), 2);
        }
        if (c.isRealLike()) {
            StackFrame frame = returnFrame(c, width);
            long newPc = Descriptors.target(c, offset & X86Cpu.sizeMask(width));
            pushReturn(c, frame);
            c.segments[CS].selector = target;
            c.segments[CS].base = (long) target << 4;
            c.pc = newPc;
            c.updateMode();
            return;
        }
        if ((target & 0xfffc) == 0) {
            throw c.gp();
        }
        long descriptor = Descriptors.read(c, target, GP);
        if (Descriptors.isCodeOrData(descriptor)) {
            farToCode(c, target, descriptor, offset);
        } else {
            farThroughGate(c, target, descriptor);
        }
    }

    /// Room for a call's return address on the present stack; null for a jump.
    private StackFrame returnFrame(X86Cpu c, int size) {
        return op == Op.CALLF ? StackFrame.present(c, size).require(2) : null;
    }

    private void pushReturn(X86Cpu c, StackFrame frame) {
        if (frame != null) {
            frame.push(c.segments[CS].selector, nextPc);
            c.setStackPointer(frame.pointer());
        }
    }

    private void farToCode(X86Cpu c, int target, long code, long offset) {
        int error = target & 0xfffc;
        int dpl = Descriptors.dpl(code);
        boolean both = c.isLongMode() && (code & 1L << 53) != 0 && (code & 1L << 54) != 0;
        boolean allowed =
                Descriptors.isConforming(code)
                        ? dpl <= c.cpl
                        : (target & 3) <= c.cpl && dpl == c.cpl;
        if (!Descriptors.isCode(code) || !allowed || both) {
            throw c.fault(GP, error);
        }
        if (!Descriptors.isPresent(code)) {
            throw c.fault(NP, error);
        }
        StackFrame frame = returnFrame(c, width);
        long newPc = Descriptors.target(c, code, offset & X86Cpu.sizeMask(width));
        long marked = Descriptors.markAccessed(c, target, code);
        pushReturn(c, frame);
        c.segments[CS].load(target & ~3 | c.cpl, marked);
        c.pc = newPc;
        c.updateMode();
    }

    private void farThroughGate(X86Cpu c, int target, long gate) {
        int error = target & 0xfffc;
        int type = Descriptors.type(gate);
        if (!c.isLongMode() && (Tasks.isGate(type) || Tasks.isTss(type))) {
            switchTask(c, target, gate);
            return;
        }
        boolean is32 = type == 12;
        if (!is32 && !(type == 4 && !c.isLongMode())) {
            throw c.fault(GP, error);
        }
        if (Descriptors.dpl(gate) < Math.max(c.cpl, target & 3)) {
            throw c.fault(GP, error);
        }
        if (!Descriptors.isPresent(gate)) {
            throw c.fault(NP, error);
        }
        int codeSelector = (int) (gate >>> 16) & 0xffff;
        if ((codeSelector & 0xfffc) == 0) {
            throw c.gp();
        }
        long offset = gate & 0xffff | (is32 ? gate >>> 32 & 0xffff_0000L : 0);
        if (c.isLongMode()) {
            long upper = Descriptors.readUpper(c, target);
            offset |= upper << 32;
        }
        long code = Descriptors.read(c, codeSelector, GP);
        int dpl = Descriptors.dpl(code);
        if (!Descriptors.isCode(code)
                || dpl > c.cpl
                || c.isLongMode() && !Descriptors.is64(code)
                || op == Op.JMPF && !Descriptors.isConforming(code) && dpl != c.cpl) {
            throw c.fault(GP, codeSelector & 0xfffc);
        }
        if (!Descriptors.isPresent(code)) {
            throw c.fault(NP, codeSelector & 0xfffc);
        }
        int size = c.isLongMode() ? 8 : is32 ? 4 : 2;
        if (op == Op.CALLF && !Descriptors.isConforming(code) && dpl < c.cpl) {
            callInwards(c, gate, code, offset);
        } else {
            StackFrame frame = op == Op.JMPF ? null : gateFrame(c, size);
            Descriptors.target(c, code, offset);
            Descriptors.markAccessed(c, codeSelector, code);
            pushReturn(c, frame);
        }
        c.segments[CS].load(codeSelector & ~3 | c.cpl, code | Descriptors.ACCESSED);
        c.pc = offset;
        c.updateMode();
    }

    private void switchTask(X86Cpu c, int target, long descriptor) {
        int error = target & 0xfffc;
        Tasks.Cause cause = op == Op.CALLF ? Tasks.Cause.CALL : Tasks.Cause.JUMP;
        if (Descriptors.dpl(descriptor) < Math.max(c.cpl, target & 3)) {
            throw c.fault(GP, error);
        }
        if (!Tasks.isGate(Descriptors.type(descriptor))) {
            Tasks.to(c, target, cause, nextPc);
            return;
        }
        if (!Descriptors.isPresent(descriptor)) {
            throw c.fault(NP, error);
        }
        Tasks.throughGate(c, descriptor, cause, nextPc);
    }

    /// The same for a call through a gate to the present level: in long mode code and stack are then 64 bits wide.
    private static StackFrame gateFrame(X86Cpu c, int size) {
        return c.isLongMode()
                ? new StackFrame(c, StackFrame.FLAT, c.cpl, c.r[RSP], size, 0).require(2)
                : StackFrame.present(c, size).require(2);
    }

    private void callInwards(X86Cpu c, long gate, long code, long offset) {
        int codeSelector = (int) (gate >>> 16) & 0xffff;
        int dpl = Descriptors.dpl(code);
        int size = c.isLongMode() ? 8 : Descriptors.type(gate) == 12 ? 4 : 2;
        if (c.isLongMode()) {
            long sp = Events.longStackPointer(c, 4 + 8 * dpl);
            StackFrame frame = new StackFrame(c, StackFrame.FLAT, dpl, sp, size, 0).require(4);
            Descriptors.target(c, code, offset);
            pushCaller(c, frame, new long[0]);
            Descriptors.markAccessed(c, codeSelector, code);
            c.cpl = dpl;
            c.segments[SS].set(dpl, 0, 0, Segment.UNUSABLE | dpl << Segment.DPL_SHIFT);
            c.r[RSP] = frame.pointer();
            return;
        }
        int parameters = (int) (gate >>> 32) & 31;
        Events.Stack stack = Events.innerStack(c, dpl);
        StackFrame frame =
                new StackFrame(
                        c, stack.segment(), dpl, stack.pointer(), size, stack.selector() & 0xfffc);
        frame.require(4 + parameters);
        Descriptors.target(c, code, offset);
        long[] copied = new long[parameters];
        for (int i = 0; i < parameters; i++) {
            copied[i] = c.peek((long) i * size, size);
        }
        pushCaller(c, frame, copied);
        Descriptors.markAccessed(c, codeSelector, code);
        stack.load(c);
        c.cpl = dpl;
        c.updateMode();
        c.setStackPointer(frame.pointer());
    }

    private void pushCaller(X86Cpu c, StackFrame frame, long[] parameters) {
        frame.push(c.segments[SS].selector, c.r[RSP]);
        for (int i = parameters.length - 1; i >= 0; i--) {
            frame.push(parameters[i]);
        }
        frame.push(c.segments[CS].selector, nextPc);
    }

    private void returnFar(X86Cpu c) {
        long newPc = c.peek(0, width);
        int target = (int) c.peek(width, width) & 0xffff;
        int release = (int) immediate & 0xffff;
        if (c.isRealLike()) {
            Descriptors.target(c, newPc);
            c.release(2L * width + release);
            c.segments[CS].selector = target;
            c.segments[CS].base = (long) target << 4;
            c.pc = newPc;
            c.updateMode();
            return;
        }
        if ((target & 0xfffc) == 0) {
            throw c.gp();
        }
        long code = Descriptors.read(c, target, GP);
        Events.checkReturnCode(c, target, code);
        int rpl = target & 3;
        if (rpl == c.cpl) {
            Descriptors.target(c, code, newPc);
            c.release(2L * width + release);
            c.segments[CS].load(target, Descriptors.markAccessed(c, target, code));
            c.pc = newPc;
            c.updateMode();
            return;
        }
        long newSp = c.peek(2L * width + release, width);
        int newSs = (int) c.peek(3L * width + release, width) & 0xffff;
        boolean nullSs = (newSs & 0xfffc) == 0 && (code & 1L << 53) != 0 && rpl < 3;
        long stack = nullSs ? 0 : Events.readReturnStack(c, newSs, rpl);
        Descriptors.target(c, code, newPc);
        long markedStack = nullSs ? 0 : Descriptors.markAccessed(c, newSs, stack);
        long marked = Descriptors.markAccessed(c, target, code);
        c.cpl = rpl;
        c.segments[CS].load(target, marked);
        if (nullSs) {
            c.segments[SS].set(newSs, 0, 0, Segment.UNUSABLE | rpl << Segment.DPL_SHIFT);
        } else {
            c.segments[SS].load(newSs, markedStack);
        }
        c.updateMode();
        c.setStackPointer(newSp + release);
        c.pc = newPc;
        Descriptors.dropPrivilegedData(c);
        c.updateMode();
    }

    // ---- fast system calls

    /// Outside 64-bit code, or of a program without an operating system.
    private void syscall(X86Cpu c) {
        if (c.program != null) {
            c.program.systemCall(nextPc);
            return;
        }
        if ((c.efer & EFER_SCE) == 0 || !c.isProtected()) {
            throw c.fault(UD);
        }
        c.r[RCX] = nextPc;
        if (c.isLongMode()) {
            c.r[11] = c.rflags() & ~(long) RFLAGS_RF;
            c.pc = c.msrs.get(MSR_CSTAR, 0L);
            long mask = c.msrs.get(MSR_SFMASK, 0L);
            c.setRflags(c.rflags() & ~mask & ~(long) RFLAGS_RF);
        } else {
            c.pc = c.msrs.get(MSR_STAR, 0L) & 0xffff_ffffL;
            c.clearSystemFlags(RFLAGS_VM | RFLAGS_IF | RFLAGS_RF);
        }
        c.cpl = 0;
        SystemCalls.enterSegments(c, c.isLongMode());
        c.updateMode();
    }

    /// To code that is not 64-bit code, or outside it.
    private void sysret(X86Cpu c) {
        if ((c.efer & EFER_SCE) == 0 || !c.isProtected()) {
            throw c.fault(UD);
        }
        if (c.cpl != 0) {
            throw c.gp();
        }
        if (c.isLongMode()) {
            c.setRflags(c.r[11] & SystemCalls.RETURNED_FLAGS | RFLAGS_FIXED);
        } else {
            c.addSystemFlags(RFLAGS_IF);
        }
        c.pc = c.r[RCX] & 0xffff_ffffL;
        c.cpl = 3;
        SystemCalls.returnSegments(c, false);
        c.updateMode();
        c.interruptsEnabled();
    }

    private void sysenter(X86Cpu c) {
        int cs = (int) c.msrs.get(MSR_SYSENTER_CS, 0) & 0xfffc;
        if (!c.isProtected() || cs == 0) {
            throw c.gp();
        }
        c.clearSystemFlags(RFLAGS_VM | RFLAGS_IF | RFLAGS_RF);
        boolean longMode = c.isLongMode();
        long mask = longMode ? -1 : 0xffff_ffffL;
        c.r[RSP] = c.msrs.get(MSR_SYSENTER_ESP, 0L) & mask;
        c.pc = c.msrs.get(MSR_SYSENTER_EIP, 0L) & mask;
        c.cpl = 0;
        Descriptors.setFlat(c.segments[CS], cs, true, 0, longMode);
        Descriptors.setFlat(c.segments[SS], cs + 8, false, 0, false);
        c.updateMode();
    }

    private void sysexit(X86Cpu c) {
        int base = (int) c.msrs.get(MSR_SYSENTER_CS, 0) & 0xfffc;
        if (!c.isProtected() || base == 0 || c.cpl != 0) {
            throw c.gp();
        }
        if (wide && !(c.isCanonical(c.r[RDX]) && c.isCanonical(c.r[RCX]))) {
            throw c.gp();
        }
        long mask = wide ? -1 : 0xffff_ffffL;
        c.pc = c.r[RDX] & mask;
        c.r[RSP] = c.r[RCX] & mask;
        c.cpl = 3;
        int offset = wide ? 32 : 16;
        Descriptors.setFlat(c.segments[CS], base + offset | 3, true, 3, wide);
        Descriptors.setFlat(c.segments[SS], base + offset + 8 | 3, false, 3, false);
        c.updateMode();
    }
}
