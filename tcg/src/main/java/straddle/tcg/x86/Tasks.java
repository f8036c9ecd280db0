package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import straddle.core.arch.x86.Segment;

/// Hardware task switches, to and from 16-bit and 32-bit task-state segments (SDM volume 3, chapter 9).
///
/// Until the new task's registers are loaded a fault is the old task's; after that it is the new one's, with the new
/// task's CS:EIP.
final class Tasks {
    /// What asks for a switch (SDM volume 3, table 9-2).
    enum Cause {
        JUMP,
        CALL,
        INTERRUPT,
        RETURN
    }

    private static final int TSS16 = 1;
    private static final int TSS32 = 9;
    private static final int BUSY = 2;
    private static final int TASK_GATE = 5;
    private static final int LIMIT16 = 0x2b;
    private static final int LIMIT32 = 0x67;
    private static final int DEBUG_TRAP = 0x64;
    private static final long DR6_BT = 1 << 15;
    private static final long DR7_LOCAL = 0x155;
    private static final int LDT = 2;

    private Tasks() {}

    /// The registers of a task-state segment, by its layout.
    private static final class Image {
        long cr3;
        long pc;
        long flags;
        final long[] registers = new long[8];
        final int[] selectors = new int[6];
        int ldt;
        boolean debugTrap;
    }

    static boolean isTss(int type) {
        return (type & ~BUSY) == TSS16 || (type & ~BUSY) == TSS32;
    }

    static boolean isGate(int type) {
        return type == TASK_GATE;
    }

    /// Through a task gate, whose own checks have passed.
    static void throughGate(X86Cpu c, long gate, Cause cause, long returnPc) {
        int selector = (int) (gate >>> 16) & 0xffff;
        to(c, selector, cause, returnPc);
    }

    /// IRET with RFLAGS.NT: back to the task that called this one.
    static void back(X86Cpu c, long returnPc) {
        int link = (int) c.systemLoad(c.tr.base, 2) & 0xffff;
        to(c, link, Cause.RETURN, returnPc);
    }

    /// Switches to the task of a TSS selector.
    ///
    /// @param returnPc where the old task goes on
    static void to(X86Cpu c, int selector, Cause cause, long returnPc) {
        int wrong = cause == Cause.RETURN ? TS : GP;
        int error = selector & 0xfffc;
        if ((selector & 4) != 0 || error == 0) {
            throw c.fault(wrong, error);
        }
        long descriptor = Descriptors.read(c, selector, wrong);
        int type = Descriptors.type(descriptor);
        boolean busy = (type & BUSY) != 0;
        if (Descriptors.isCodeOrData(descriptor)
                || !isTss(type)
                || busy != (cause == Cause.RETURN)) {
            throw c.fault(wrong, error);
        }
        if (!Descriptors.isPresent(descriptor)) {
            throw c.fault(NP, error);
        }
        boolean is32 = (type & 8) != 0;
        long limit = Segment.limit(descriptor) & 0xffff_ffffL;
        if (limit < (is32 ? LIMIT32 : LIMIT16)) {
            throw c.fault(TS, error);
        }
        long base = Segment.base(descriptor);
        Image image = read(c, base, is32);
        c.current = null; // what the switch stores belongs to no block: nothing has it begin anew
        if (cause == Cause.CALL || cause == Cause.INTERRUPT) {
            c.systemStore(base, 2, c.tr.selector);
            image.flags |= RFLAGS_NT;
        }
        leave(c, cause, returnPc);
        if (cause != Cause.RETURN) {
            setBusy(c, selector, true);
        }
        c.tr.set(selector, base, Segment.limit(descriptor), Segment.attributes(descriptor) | BUSY);
        enter(c, image, is32);
        if (image.debugTrap) {
            c.dr[6] |= DR6_BT;
            c.trapAfterSwitch();
        }
    }

    private static Image read(X86Cpu c, long base, boolean is32) {
        Image image = new Image();
        int width = is32 ? 4 : 2;
        int general = is32 ? 0x28 : 0x12;
        int selectors = is32 ? 0x48 : 0x22;
        image.pc = c.systemLoad(base + (is32 ? 0x20 : 0x0e), width);
        image.flags = c.systemLoad(base + (is32 ? 0x24 : 0x10), width);
        for (int i = 0; i < 8; i++) {
            long value = c.systemLoad(base + general + (long) i * width, width);
            image.registers[i] = is32 ? value : value | 0xffff_0000L;
        }
        for (int i = 0; i < (is32 ? 6 : 4); i++) {
            image.selectors[i] = (int) c.systemLoad(base + selectors + (long) i * width, 2);
        }
        image.ldt = (int) c.systemLoad(base + (is32 ? 0x60 : 0x2a), 2);
        if (is32) {
            image.cr3 = c.systemLoad(base + 0x1c, 4);
            image.debugTrap = (c.systemLoad(base + DEBUG_TRAP, 1) & 1) != 0;
        }
        return image;
    }

    /// Saves the old task, and says that it is no longer busy if nobody returns to it.
    private static void leave(X86Cpu c, Cause cause, long returnPc) {
        long flags = c.rflags();
        if (cause == Cause.RETURN) {
            flags &= ~(long) RFLAGS_NT;
        }
        boolean is32 = (c.tr.attributes & 8) != 0;
        int width = is32 ? 4 : 2;
        int general = is32 ? 0x28 : 0x12;
        int selectors = is32 ? 0x48 : 0x22;
        long base = c.tr.base;
        c.systemStore(base + (is32 ? 0x20 : 0x0e), width, returnPc);
        c.systemStore(base + (is32 ? 0x24 : 0x10), width, flags);
        for (int i = 0; i < 8; i++) {
            c.systemStore(base + general + (long) i * width, width, c.r[i]);
        }
        for (int i = 0; i < (is32 ? 6 : 4); i++) {
            c.systemStore(base + selectors + (long) i * width, 2, c.segments[i].selector);
        }
        if (cause == Cause.JUMP || cause == Cause.RETURN) {
            setBusy(c, c.tr.selector, false);
        }
    }

    private static void setBusy(X86Cpu c, int selector, boolean busy) {
        long at = Descriptors.address(c, selector) + 5;
        long access = c.systemLoad(at, 1);
        c.systemStore(at, 1, busy ? access | BUSY : access & ~(long) BUSY);
    }

    private static void enter(X86Cpu c, Image image, boolean is32) {
        c.cr0 |= CR0_TS;
        c.writeDr7(c.dr[7] & ~DR7_LOCAL);
        if (is32 && (c.cr0 & CR0_PG) != 0 && image.cr3 != c.cr3) {
            c.paging.loadPointers(image.cr3);
            c.cr3 = image.cr3;
            c.addressSpaceChanged();
        }
        System.arraycopy(image.registers, 0, c.r, 0, 8);
        c.setRflags(image.flags);
        c.pc = image.pc;
        c.taskSwitched = true;
        boolean vm86 = c.isVm86();
        c.cpl = vm86 ? 3 : image.selectors[CS] & 3;
        c.ldtr.set(image.ldt, 0, 0, Segment.UNUSABLE);
        for (int i = 0; i < 6; i++) {
            int selector = image.selectors[i];
            if (vm86) {
                int attributes = Segment.P | Segment.S | 3 | 3 << Segment.DPL_SHIFT;
                c.segments[i].set(selector, (long) selector << 4, 0xffff, attributes);
            } else {
                int dpl = c.cpl << Segment.DPL_SHIFT;
                c.segments[i].set(selector, 0, 0, Segment.UNUSABLE | dpl);
            }
        }
        c.updateMode();
        loadLdt(c, image.ldt);
        if (!vm86) {
            loadCode(c, image.selectors[CS]);
            loadStack(c, image.selectors[SS]);
            for (int register : new int[] {DS, ES, FS, GS}) {
                loadData(c, register, image.selectors[register]);
            }
        }
        c.updateMode();
        if (image.pc > (c.segments[CS].limit & 0xffff_ffffL)) {
            throw c.gp();
        }
        c.taskSwitched = false;
        c.interruptsEnabled();
    }

    private static void loadLdt(X86Cpu c, int selector) {
        int error = selector & 0xfffc;
        if (error == 0) {
            return;
        }
        if ((selector & 4) != 0) {
            throw c.fault(TS, error);
        }
        long descriptor = Descriptors.read(c, selector, TS);
        boolean fits = !Descriptors.isCodeOrData(descriptor) && Descriptors.type(descriptor) == LDT;
        if (!fits || !Descriptors.isPresent(descriptor)) {
            throw c.fault(TS, error);
        }
        c.ldtr.load(selector, descriptor);
    }

    private static void loadCode(X86Cpu c, int selector) {
        int error = selector & 0xfffc;
        if (error == 0) {
            throw c.fault(TS, 0);
        }
        long descriptor = Descriptors.read(c, selector, TS);
        int dpl = Descriptors.dpl(descriptor);
        boolean fits = Descriptors.isConforming(descriptor) ? dpl <= c.cpl : dpl == c.cpl;
        if (!Descriptors.isCode(descriptor) || !fits) {
            throw c.fault(TS, error);
        }
        if (!Descriptors.isPresent(descriptor)) {
            throw c.fault(NP, error);
        }
        c.segments[CS].load(selector, Descriptors.markAccessed(c, selector, descriptor));
        c.updateMode();
    }

    private static void loadStack(X86Cpu c, int selector) {
        int error = selector & 0xfffc;
        if (error == 0) {
            throw c.fault(TS, 0);
        }
        long descriptor = Descriptors.read(c, selector, TS);
        int type = Descriptors.type(descriptor);
        boolean writable =
                Descriptors.isCodeOrData(descriptor) && (type & 8) == 0 && (type & 2) != 0;
        if (!writable || Descriptors.dpl(descriptor) != c.cpl || (selector & 3) != c.cpl) {
            throw c.fault(TS, error);
        }
        if (!Descriptors.isPresent(descriptor)) {
            throw c.fault(STACK_FAULT, error);
        }
        c.segments[SS].load(selector, Descriptors.markAccessed(c, selector, descriptor));
    }

    private static void loadData(X86Cpu c, int register, int selector) {
        int error = selector & 0xfffc;
        if (error == 0) {
            return;
        }
        long descriptor = Descriptors.read(c, selector, TS);
        int type = Descriptors.type(descriptor);
        boolean code = (type & 8) != 0;
        boolean conforming = code && (type & 4) != 0;
        boolean readable = Descriptors.isCodeOrData(descriptor) && (!code || (type & 2) != 0);
        int dpl = Descriptors.dpl(descriptor);
        if (!readable || !conforming && (dpl < c.cpl || dpl < (selector & 3))) {
            throw c.fault(TS, error);
        }
        if (!Descriptors.isPresent(descriptor)) {
            throw c.fault(NP, error);
        }
        c.segments[register].load(selector, Descriptors.markAccessed(c, selector, descriptor));
    }
}
