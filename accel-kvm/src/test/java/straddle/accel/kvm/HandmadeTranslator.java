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

    private UserCodeTaker taker;
    private Runnable bring;

    /// Has the governor see long slices.
    void praise() {
        for (int i = 0; i < 20; i++) {
            taker.translated(user.cr3, 1 << 30);
        }
    }

    /// Has it been asked whether to try an instruction on the processor that the translator has not.
    boolean offersUndefined(long pc) {
        return taker.wantsUndefined(pc);
    }

    /// Whether user code would be run natively next.
    boolean isWanted() {
        return taker.wants(user.cr3);
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
        user.rip = USER;
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
        System.arraycopy(from.selectors, 0, to.selectors, 0, 6);
        to.rip = from.rip;
        to.rflags = from.rflags;
        to.fsBase = from.fsBase;
        to.gsBase = from.gsBase;
        to.cr0 = from.cr0;
        to.cr3 = from.cr3;
        to.cr4 = from.cr4;
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
        return user.cr3;
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
    void reset(long cr3) {
        user.rip = USER;
        user.rflags = X86.RFLAGS_FIXED | X86.RFLAGS_IF;
        user.cr3 = cr3;
        user.cr0 = VcpuState.NATIVE_CR0;
        user.selectors[X86.CS] = 0x33;
        user.selectors[X86.SS] = 0x2b;
        user.gpr[X86.RSP] = USER + USER_BYTES;
        extended.xsaveBuffer().putInt(24, 0x1f80);
        extended.xsaveBuffer().putShort(0, (short) 0x37f);
    }
}
