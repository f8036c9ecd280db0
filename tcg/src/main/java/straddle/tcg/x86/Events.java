package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.Exit;
import straddle.tcg.GuestFault;

/// Delivers exceptions and interrupts through the IVT or IDT (SDM volume 3, chapter 7), and returns from them.
///
/// Faults while delivering become double faults, then a triple fault that shuts the processor down.
final class Events {
    /// Debug registers are guarded.
    static final long DR7_GD = 1 << 13;

    /// In an error code: the exception came of delivering an event that is no INT n (SDM volume 3, 7.13).
    private static final int ERROR_EXTERNAL = 1;

    private Events() {}

    private enum Source {
        EXTERNAL,
        SOFTWARE,
        EXCEPTION
    }

    /// An external interrupt, between instructions.
    static void external(X86Cpu c, int vector) {
        c.halted = false;
        deliverSafely(c, vector, Source.EXTERNAL, false, 0, c.pc);
    }

    /// A non-maskable interrupt, between instructions; further ones wait for an IRET (SDM volume 3, 7.7.1).
    static void nmi(X86Cpu c) {
        c.halted = false;
        c.nmiPending = false;
        c.nmiBlocked = true;
        deliverSafely(c, NMI, Source.EXTERNAL, false, 0, c.pc);
    }

    /// INT n, INT3, INTO, INT1; faults point to the instruction itself.
    static void software(X86Cpu c, int vector, long nextPc, boolean checkGate) {
        if (c.program != null) {
            c.program.interrupted(vector, nextPc);
            return;
        }
        if (c.tracer != null) {
            c.tracer.interrupt(vector, "int");
        }
        deliver(c, vector, checkGate ? Source.SOFTWARE : Source.EXCEPTION, false, 0, nextPc);
    }

    /// A trap: the instruction has completed.
    static void trap(X86Cpu c, int vector) {
        deliverSafely(c, vector, Source.EXCEPTION, false, 0, c.pc);
    }

    /// The fault that a micro-op raised at [X86Cpu#pc].
    static void exception(X86Cpu c) {
        c.trapPending = false;
        c.addSystemFlags(c.faultVector == DB ? 0 : RFLAGS_RF);
        deliverSafely(c, c.faultVector, Source.EXCEPTION, c.faultHasError, c.faultError, c.pc);
    }

    /// Delivers again what a loaded state had left undelivered.
    static void redeliver(X86Cpu c, X86State s) {
        Source source =
                s.pendingKind == X86State.EventKind.EXTERNAL_INTERRUPT
                        ? Source.EXTERNAL
                        : Source.EXCEPTION;
        deliverSafely(
                c, s.pendingVector, source, s.pendingErrorCode >= 0, s.pendingErrorCode, c.pc);
    }

    private static boolean contributes(int vector) {
        return vector == DE || vector >= TS && vector <= GP;
    }

    private static void deliverSafely(
            X86Cpu c,
            int firstVector,
            Source source,
            boolean hasError,
            int error,
            long firstReturnPc) {
        if (c.program != null) {
            c.program.raised(firstVector);
            return;
        }
        c.current = null; // what delivery stores belongs to no block
        long returnPc = firstReturnPc;
        int vector = firstVector;
        boolean withError = hasError;
        int code = error;
        Source by = source;
        // The interrupted block is left: what is pushed may overwrite it.
        c.current = null;
        while (true) {
            try {
                deliver(c, vector, by, withError, code, returnPc);
                return;
            } catch (GuestFault second) {
                if (c.taskSwitched) {
                    // The fault is the new task's.
                    c.taskSwitched = false;
                    returnPc = c.pc;
                }
                if (vector == DF) {
                    c.exit =
                            new Exit.Shutdown(
                                    "triple fault: exception %d while delivering a double fault at 0x%x"
                                            .formatted(c.faultVector, returnPc));
                    return;
                }
                boolean becomesDouble =
                        by == Source.EXCEPTION
                                && (contributes(vector) && contributes(c.faultVector)
                                        || vector == PF
                                                && (contributes(c.faultVector)
                                                        || c.faultVector == PF));
                vector = becomesDouble ? DF : c.faultVector;
                withError = becomesDouble || c.faultHasError;
                code = becomesDouble ? 0 : c.faultError;
                by = Source.EXCEPTION;
            }
        }
    }

    private static void deliver(
            X86Cpu c, int vector, Source source, boolean hasError, int error, long returnPc) {
        if (vector == DB) {
            c.dr[7] &= ~DR7_GD;
        }
        if (!c.isProtected()) {
            deliverReal(c, vector, returnPc);
            c.trapPending = false;
            return;
        }
        try {
            if (c.isLongMode()) {
                deliverLong(c, vector, source, hasError, error, returnPc);
            } else {
                deliverProtected(c, vector, source, hasError, error, returnPc);
            }
        } catch (GuestFault fault) {
            if (source != Source.SOFTWARE && namesSegment(c)) {
                c.faultError |= ERROR_EXTERNAL;
            }
            throw fault;
        }
        c.trapPending = false;
    }

    /// Whether the exception being raised has an error code with a selector in it.
    private static boolean namesSegment(X86Cpu c) {
        return c.faultHasError && c.faultVector >= TS && c.faultVector <= GP;
    }

    private static void deliverReal(X86Cpu c, int vector, long returnPc) {
        if (vector * 4 + 3 > c.idtLimit) {
            throw c.gp();
        }
        long gate = c.systemLoad(c.idtBase + vector * 4L, 4);
        StackFrame frame = StackFrame.present(c, 2).ofEvent().require(3);
        frame.push(c.rflags(), c.segments[CS].selector, returnPc);
        c.setStackPointer(frame.pointer());
        c.clearSystemFlags(RFLAGS_IF | RFLAGS_TF | RFLAGS_AC | RFLAGS_RF);
        c.segments[CS].selector = (int) (gate >>> 16);
        c.segments[CS].base = gate >>> 16 << 4;
        c.pc = gate & 0xffff;
        c.updateMode();
    }

    private static int idtError(int vector) {
        return vector * 8 + 2;
    }

    private static void deliverProtected(
            X86Cpu c, int vector, Source source, boolean hasError, int error, long returnPc) {
        int idtError = idtError(vector);
        if (vector * 8 + 7 > c.idtLimit) {
            throw c.fault(GP, idtError);
        }
        long gate = c.systemLoad(c.idtBase + vector * 8L, 8);
        int type = Descriptors.type(gate);
        if (Descriptors.isCodeOrData(gate)
                || type != 5 && type != 6 && type != 7 && type != 14 && type != 15) {
            throw c.fault(GP, idtError);
        }
        if (source == Source.SOFTWARE && Descriptors.dpl(gate) < c.cpl) {
            throw c.fault(GP, idtError);
        }
        if (!Descriptors.isPresent(gate)) {
            throw c.fault(NP, idtError);
        }
        if (type == 5) {
            Tasks.throughGate(c, gate, Tasks.Cause.INTERRUPT, returnPc);
            if (hasError) {
                c.taskSwitched = true;
                c.push(error, (c.tr.attributes & 8) != 0 ? 4 : 2);
                c.taskSwitched = false;
            }
            return;
        }
        int selector = (int) (gate >>> 16) & 0xffff;
        long offset = gate & 0xffff | (type >= 14 ? gate >>> 32 & 0xffff_0000L : 0);
        if ((selector & 0xfffc) == 0) {
            throw c.gp();
        }
        long code = Descriptors.read(c, selector, GP);
        int dpl = Descriptors.dpl(code);
        if (!Descriptors.isCode(code) || dpl > c.cpl) {
            throw c.fault(GP, selector & 0xfffc);
        }
        if (!Descriptors.isPresent(code)) {
            throw c.fault(NP, selector & 0xfffc);
        }
        int width = type >= 14 ? 4 : 2;
        boolean inner = !Descriptors.isConforming(code) && dpl < c.cpl;
        boolean vm86 = c.isVm86();
        if (vm86 && !(inner && dpl == 0)) {
            throw c.fault(GP, selector & 0xfffc);
        }
        StackFrame frame;
        Stack stack = null;
        if (inner) {
            stack = innerStack(c, dpl);
            frame =
                    new StackFrame(
                            c,
                            stack.segment(),
                            dpl,
                            stack.pointer(),
                            width,
                            stack.segment().selector & 0xfffc);
            frame.ofEvent().require((vm86 ? 9 : 5) + (hasError ? 1 : 0));
        } else {
            frame = StackFrame.present(c, width).ofEvent().require(hasError ? 4 : 3);
        }
        Descriptors.target(c, code, offset);
        if (inner) {
            if (vm86) {
                frame.push(
                        c.segments[GS].selector,
                        c.segments[FS].selector,
                        c.segments[DS].selector,
                        c.segments[ES].selector);
            }
            frame.push(c.segments[SS].selector, c.r[RSP]);
        }
        frame.push(c.rflags(), c.segments[CS].selector, returnPc);
        if (hasError) {
            frame.push(error);
        }
        long marked = Descriptors.markAccessed(c, selector, code);
        if (inner) {
            enterInner(c, stack, dpl, vm86);
        }
        c.setStackPointer(frame.pointer());
        c.segments[CS].load(selector & ~3 | c.cpl, marked);
        c.clearSystemFlags(
                RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | ((type & 1) == 0 ? RFLAGS_IF : 0));
        c.pc = offset;
        c.updateMode();
    }

    private static void enterInner(X86Cpu c, Stack stack, int level, boolean fromVm86) {
        stack.load(c);
        if (fromVm86) {
            for (int each : new int[] {GS, FS, DS, ES}) {
                c.segments[each].set(0, 0, 0, Segment.UNUSABLE);
            }
        }
        c.cpl = level;
        c.clearSystemFlags(RFLAGS_VM);
        c.updateMode();
    }

    /// A stack of an inner level, not yet the present one.
    record Stack(Segment segment, int selector, long descriptor, long pointer) {
        /// Makes its segment the present one; the pointer stays.
        void load(X86Cpu c) {
            long marked = Descriptors.markAccessed(c, selector, descriptor);
            c.segments[SS].load(selector, marked);
        }
    }

    /// The stack for an inner level, from the TSS.
    private static long tssStackPointer(X86Cpu c, int level) {
        boolean is32 = (c.tr.attributes & 8) != 0;
        long at = c.tr.base + (is32 ? 4 + 8L * level : 2 + 4L * level);
        int last = is32 ? 4 + 8 * level + 5 : 2 + 4 * level + 3;
        if (last > (c.tr.limit & 0xffff_ffffL)) {
            throw c.fault(TS, c.tr.selector & 0xfffc);
        }
        return c.systemLoad(at, is32 ? 4 : 2);
    }

    /// The same with its segment, all checked but for its room.
    static Stack innerStack(X86Cpu c, int level) {
        boolean is32 = (c.tr.attributes & 8) != 0;
        long pointer = tssStackPointer(c, level);
        int selector = (int) c.systemLoad(c.tr.base + (is32 ? 8 + 8L * level : 4 + 4L * level), 2);
        int error = selector & 0xfffc;
        if (error == 0) {
            throw c.fault(TS, 0);
        }
        long descriptor = Descriptors.read(c, selector, TS);
        int type = Descriptors.type(descriptor);
        boolean writable =
                Descriptors.isCodeOrData(descriptor) && (type & 8) == 0 && (type & 2) != 0;
        if ((selector & 3) != level || Descriptors.dpl(descriptor) != level || !writable) {
            throw c.fault(TS, error);
        }
        if (!Descriptors.isPresent(descriptor)) {
            throw c.fault(STACK_FAULT, error);
        }
        Segment segment = new Segment();
        segment.load(selector, descriptor);
        return new Stack(segment, selector, descriptor, pointer);
    }

    /// A stack pointer from the TSS of long mode.
    ///
    /// @param at its offset: of a level's, or of one of the interrupt stack table's
    static long longStackPointer(X86Cpu c, int at) {
        if (at + 7 > (c.tr.limit & 0xffff_ffffL)) {
            throw c.fault(TS, c.tr.selector & 0xfffc);
        }
        return c.systemLoad(c.tr.base + at, 8);
    }

    private static void deliverLong(
            X86Cpu c, int vector, Source source, boolean hasError, int error, long returnPc) {
        int idtError = idtError(vector);
        if (vector * 16 + 15 > c.idtLimit) {
            throw c.fault(GP, idtError);
        }
        long gate = c.systemLoad(c.idtBase + vector * 16L, 8);
        int type = Descriptors.type(gate);
        if (Descriptors.isCodeOrData(gate) || type != 14 && type != 15) {
            throw c.fault(GP, idtError);
        }
        if (source == Source.SOFTWARE && Descriptors.dpl(gate) < c.cpl) {
            throw c.fault(GP, idtError);
        }
        if (!Descriptors.isPresent(gate)) {
            throw c.fault(NP, idtError);
        }
        long offset =
                gate & 0xffff
                        | gate >>> 32 & 0xffff_0000L
                        | c.systemLoad(c.idtBase + vector * 16L + 8, 4) << 32;
        int selector = (int) (gate >>> 16) & 0xffff;
        int ist = (int) (gate >>> 32) & 7;
        if ((selector & 0xfffc) == 0) {
            throw c.gp();
        }
        long code = Descriptors.read(c, selector, GP);
        int dpl = Descriptors.dpl(code);
        boolean is64 = (code & 1L << 53) != 0 && (code & 1L << 54) == 0;
        if (!Descriptors.isCode(code) || dpl > c.cpl || !is64) {
            throw c.fault(GP, selector & 0xfffc);
        }
        if (!Descriptors.isPresent(code)) {
            throw c.fault(NP, selector & 0xfffc);
        }
        boolean inner = !Descriptors.isConforming(code) && dpl < c.cpl;
        int newCpl = inner ? dpl : c.cpl;
        long stack =
                ist != 0
                        ? longStackPointer(c, 0x1c + 8 * ist)
                        : inner ? longStackPointer(c, 4 + 8 * newCpl) : c.r[RSP];
        StackFrame frame = new StackFrame(c, StackFrame.FLAT, newCpl, stack & ~15L, 8, 0);
        frame.ofEvent().require(hasError ? 6 : 5);
        Descriptors.target(c, code, offset);
        frame.push(
                c.segments[SS].selector, c.r[RSP], c.rflags(), c.segments[CS].selector, returnPc);
        if (hasError) {
            frame.push(error);
        }
        long marked = Descriptors.markAccessed(c, selector, code);
        if (inner) {
            c.segments[SS].set(newCpl, 0, 0, Segment.UNUSABLE | newCpl << Segment.DPL_SHIFT);
        }
        c.cpl = newCpl;
        c.segments[CS].load(selector & ~3 | newCpl, marked);
        c.r[RSP] = frame.pointer();
        c.clearSystemFlags(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | ((type & 1) == 0 ? RFLAGS_IF : 0));
        c.pc = offset;
        c.updateMode();
    }

    // ---- returning

    /// IRET in all modes.
    ///
    /// @param nextPc where a nested task that returns goes on when it is called again
    static void iret(X86Cpu c, int width, long nextPc) {
        c.nmiBlocked = false; // even if it faults (SDM volume 3, 29.2.2, bit 12)
        if (!c.isProtected()) {
            iretReal(c, width);
            return;
        }
        if (c.isVm86()) {
            if (c.iopl() < 3 && !VirtualInterrupts.forFlags(c, width)) {
                throw c.gp();
            }
            iretReal(c, width);
            return;
        }
        if (c.flag(RFLAGS_NT)) {
            if (c.isLongMode()) {
                throw c.gp();
            }
            Tasks.back(c, nextPc);
            return;
        }
        long newPc = c.peek(0, width);
        int selector = (int) c.peek(width, width) & 0xffff;
        long flags = c.peek(2L * width, width);
        if ((flags & RFLAGS_VM) != 0 && c.cpl == 0 && !c.isLongMode() && width == 4) {
            iretToVm86(c, newPc, selector, flags);
            return;
        }
        int rpl = selector & 3;
        if ((selector & 0xfffc) == 0) {
            throw c.gp();
        }
        long code = Descriptors.read(c, selector, GP);
        checkReturnCode(c, selector, code);
        boolean outer = rpl > c.cpl;
        boolean loadStack = outer || c.is64();
        boolean to64 = c.isLongMode() && (code & 1L << 53) != 0;
        Descriptors.target(c, code, newPc);
        long newSp = 0;
        int newSs = 0;
        long ssDescriptor = 0;
        boolean nullSs = false;
        if (loadStack) {
            newSp = c.peek(3L * width, width);
            newSs = (int) c.peek(4L * width, width) & 0xffff;
            nullSs = (newSs & 0xfffc) == 0;
            if (nullSs) {
                if (!to64 || rpl == 3 || (newSs & 3) != rpl) {
                    throw c.gp();
                }
            } else {
                ssDescriptor = readReturnStack(c, newSs, rpl);
            }
        }
        boolean marksStack = loadStack && !nullSs;
        long markedStack = marksStack ? Descriptors.markAccessed(c, newSs, ssDescriptor) : 0;
        long marked = Descriptors.markAccessed(c, selector, code);
        if (!loadStack) {
            c.release(3L * width);
        }
        int oldCpl = c.cpl;
        int iopl = c.iopl();
        c.cpl = rpl;
        c.segments[CS].load(selector, marked);
        c.pc = newPc;
        setReturnFlags(c, flags, width, oldCpl, iopl);
        if (loadStack) {
            if (nullSs) {
                c.segments[SS].set(newSs, 0, 0, Segment.UNUSABLE | rpl << Segment.DPL_SHIFT);
            } else {
                c.segments[SS].load(newSs, markedStack);
            }
            c.updateMode();
            c.setStackPointer(newSp);
            if (outer) {
                Descriptors.dropPrivilegedData(c);
            }
        }
        c.updateMode();
        c.interruptsEnabled();
    }

    static void checkReturnCode(X86Cpu c, int selector, long code) {
        int rpl = selector & 3;
        int dpl = Descriptors.dpl(code);
        boolean fits = Descriptors.isConforming(code) ? dpl <= rpl : dpl == rpl;
        boolean both = c.isLongMode() && (code & 1L << 53) != 0 && (code & 1L << 54) != 0;
        if (rpl < c.cpl || !Descriptors.isCode(code) || !fits || both) {
            throw c.fault(GP, selector & 0xfffc);
        }
        if (!Descriptors.isPresent(code)) {
            throw c.fault(NP, selector & 0xfffc);
        }
    }

    static long readReturnStack(X86Cpu c, int selector, int rpl) {
        long descriptor = Descriptors.read(c, selector, GP);
        int type = Descriptors.type(descriptor);
        boolean writable =
                Descriptors.isCodeOrData(descriptor) && (type & 8) == 0 && (type & 2) != 0;
        if ((selector & 3) != rpl || Descriptors.dpl(descriptor) != rpl || !writable) {
            throw c.fault(GP, selector & 0xfffc);
        }
        if (!Descriptors.isPresent(descriptor)) {
            throw c.fault(STACK_FAULT, selector & 0xfffc);
        }
        return descriptor;
    }

    /// What of RFLAGS an IRET or POPF at some level changes (SDM volume 2, POPF).
    static void setReturnFlags(X86Cpu c, long flags, int width, int cpl, int iopl) {
        long keep = RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP;
        if (cpl > 0) {
            keep |= RFLAGS_IOPL;
        } else if (width >= 4) {
            keep &= ~(RFLAGS_VIF | RFLAGS_VIP);
        }
        if (cpl > iopl) {
            keep |= RFLAGS_IF;
        }
        if (width == 2) {
            keep |= 0xffff_0000L;
        }
        c.setRflags(c.rflags() & keep | flags & ~keep);
    }

    private static void iretReal(X86Cpu c, int width) {
        long newPc = c.peek(0, width);
        int selector = (int) c.peek(width, width) & 0xffff;
        long flags = c.peek(2L * width, width);
        boolean virtual = VirtualInterrupts.forFlags(c, width);
        if (virtual) {
            VirtualInterrupts.check(c, flags);
        }
        Descriptors.target(c, newPc);
        c.release(3L * width);
        long keep =
                RFLAGS_VM
                        | RFLAGS_VIF
                        | RFLAGS_VIP
                        | (c.isVm86() ? RFLAGS_IOPL : 0)
                        | (width == 2 ? 0xffff_0000L : 0);
        c.segments[CS].selector = selector;
        c.segments[CS].base = (long) selector << 4;
        c.pc = newPc;
        if (virtual) {
            VirtualInterrupts.load(c, flags);
        } else {
            c.setRflags(c.rflags() & keep | flags & ~keep);
        }
        c.updateMode();
        c.interruptsEnabled();
    }

    private static void iretToVm86(X86Cpu c, long newPc, int selector, long flags) {
        long sp = c.peek(12, 4);
        int[] registers = {SS, ES, DS, FS, GS};
        int[] selectors = new int[registers.length];
        for (int i = 0; i < registers.length; i++) {
            selectors[i] = (int) c.peek(16 + 4L * i, 4) & 0xffff;
        }
        if (newPc > 0xffff) {
            throw c.gp();
        }
        c.setRflags(flags);
        c.cpl = 3;
        c.pc = newPc;
        setVm86(c.segments[CS], selector);
        for (int i = 0; i < registers.length; i++) {
            setVm86(c.segments[registers[i]], selectors[i]);
        }
        c.updateMode();
        c.r[RSP] = sp;
        c.interruptsEnabled();
    }

    private static void setVm86(Segment segment, int selector) {
        segment.set(
                selector,
                (long) selector << 4,
                0xffff,
                Segment.P | Segment.S | 3 | 3 << Segment.DPL_SHIFT);
    }
}
