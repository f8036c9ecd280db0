package straddle.accel.kvm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import straddle.core.accel.Translator;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Rehearsal;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.UserCodeTaker;
import straddle.core.vcpu.UserState;

/// A translator whose kernel goes back to user code at once, behind the SYSCALL that led there, until it has
/// seen enough.
final class HandmadeTranslator implements Translator, TranslatedVcpu {
    /// User code sees this as mapped, and nothing else.
    static final long USER = 0x40_0000;

    static final int USER_BYTES = 0x4000;

    final UserState user = new UserState();
    final X86State extended = new X86State();

    /// The page faults that it was to raise.
    final List<String> raised = new ArrayList<>();

    /// The exceptions that it was loaded with, begun and not delivered, and where.
    final List<String> begun = new ArrayList<>();

    long begunDr6;

    /// User code's entries to come.
    int entries = 1;

    /// How often x87 and vector state was asked for, and brought back.
    int extendedSaved;

    int extendedBrought;

    /// How often it was told of a pending interrupt.
    final AtomicInteger interrupts = new AtomicInteger();

    Rehearsal rehearsal;

    /// What the guest does to its tables before a page that user code faulted on is looked up.
    LongConsumer beforeTouch = linear -> {};

    /// As Linux has it: code of 32 bits at 0x23, data at 0x2b, 64-bit code at 0x33, a thread's data at 0x63, the processor's number at 0x7b.
    final long[] gdt = new long[16];

    final long[] ldt = new long[4];

    /// Where user code is entered.
    long start = USER;

    private UserCodeTaker taker;
    private Runnable bring;

    HandmadeTranslator() {
        gdt[0x23 >>> 3] = 0x00cf_fb00_0000_ffffL;
        gdt[0x2b >>> 3] = 0x00cf_f300_0000_ffffL;
        gdt[0x33 >>> 3] = 0x00af_fb00_0000_ffffL;
        gdt[0x63 >>> 3] = 0x0040_f340_1000_0fffL; // of 4 KiB, at USER + 0x1000
        gdt[0x7b >>> 3] = 0x0040_f500_0000_5007L;
    }

    /// Has the governor see long slices.
    void praise() {
        for (int i = 0; i < 20; i++) {
            taker.translated(user.addressSpace, 1 << 30, false);
        }
    }

    /// Has it been asked whether to try an instruction on the processor that the translator has not.
    boolean offersUndefined(long pc) {
        return taker.wantsUndefined(pc);
    }

    /// Whether user code would be run natively next.
    boolean isWanted() {
        return taker.wants(user.addressSpace);
    }

    void bring() {
        Runnable by = bring;
        bring = null;
        by.run();
    }

    @Override
    public Exit run() {
        if (entries == 0) {
            return Exit.Kicked.KICKED;
        }
        entries--;
        user.rip = start;
        return Exit.UserCode.USER_CODE;
    }

    @Override
    public boolean isAtUserCode() {
        return false;
    }

    @Override
    public void saveUser(UserState to) {
        copy(user, to);
    }

    @Override
    public void loadUser(UserState from) {
        copy(from, user);
    }

    private static void copy(UserState from, UserState to) {
        System.arraycopy(from.gpr, 0, to.gpr, 0, 16);
        for (int i = 0; i < 6; i++) {
            to.segments[i].copyFrom(from.segments[i]);
        }
        to.rip = from.rip;
        to.rflags = from.rflags;
        to.cr0 = from.cr0;
        to.cr4 = from.cr4;
        to.efer = from.efer;
        to.addressSpace = from.addressSpace;
        to.xcr0 = from.xcr0;
    }

    @Override
    public void saveExtended(X86State to) {
        extendedSaved++;
        if (bring != null) {
            bring();
        }
        System.arraycopy(extended.xsave, 0, to.xsave, 0, to.xsave.length);
    }

    @Override
    public void loadExtended(X86State from) {
        extendedBrought++;
        System.arraycopy(from.xsave, 0, extended.xsave, 0, from.xsave.length);
    }

    @Override
    public void leaveExtended(Runnable by) {
        bring = by;
    }

    @Override
    public Rehearsal rehearsal() {
        return rehearsal;
    }

    @Override
    public long addressSpace() {
        return user.addressSpace;
    }

    @Override
    public int descriptors(boolean local, long[] to) {
        long[] table = local ? ldt : gdt;
        System.arraycopy(table, 0, to, 0, table.length);
        return table.length;
    }

    @Override
    public boolean touch(long linear, boolean write, boolean fetch) {
        beforeTouch.accept(linear);
        return linear >= USER && linear < USER + USER_BYTES;
    }

    @Override
    public void offerUserCode(UserCodeTaker by) {
        taker = by;
    }

    @Override
    public TranslatedVcpu createVcpu(int id, InterruptSource interrupts) {
        return this;
    }

    @Override
    public String name() {
        return "handmade";
    }

    @Override
    public Optional<IrqChip> kernelIrqChip() {
        return Optional.empty();
    }

    @Override
    public void noticeStores(long hvaPage) {}

    @Override
    public Exit step() {
        throw new AssertionError();
    }

    @Override
    public void raisePageFault(long linear, boolean write, boolean fetch) {
        raised.add("0x%x%s%s".formatted(linear, write ? " write" : "", fetch ? " fetch" : ""));
    }

    @Override
    public int[] cpuid(int leaf, int subleaf) {
        return new int[4];
    }

    @Override
    public int id() {
        return 0;
    }

    @Override
    public void kick() {}

    @Override
    public void interrupt() {
        interrupts.incrementAndGet();
    }

    @Override
    public void save(X86State to) {
        System.arraycopy(user.gpr, 0, to.gpr, 0, 16);
        to.rip = user.rip;
    }

    @Override
    public void load(X86State from) {
        begunDr6 = from.dr[6];
        begun.add("%d at 0x%x".formatted(from.pendingVector, from.rip));
    }

    @Override
    public void close() {}

    /// In front of user code's first instruction.
    void reset(long addressSpace) {
        user.rip = USER;
        user.rflags = X86.RFLAGS_FIXED | X86.RFLAGS_IF;
        user.addressSpace = addressSpace;
        user.cr0 = VcpuState.NATIVE_CR0;
        user.cr4 = X86.CR4_PAE;
        user.efer = X86.EFER_LMA | X86.EFER_NXE;
        user.segments[X86.CS].load(0x33, gdt[0x33 >>> 3]);
        user.segments[X86.SS].load(0x2b, gdt[0x2b >>> 3]);
        user.gpr[X86.RSP] = USER + USER_BYTES;
        extended.xsaveBuffer().putInt(24, 0x1f80);
        extended.xsaveBuffer().putShort(0, (short) 0x37f);
    }
}
