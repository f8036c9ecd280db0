package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.arch.x86.X86State.EventKind;
import straddle.core.vcpu.UserState;
import straddle.host.Descriptor;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_debugregs;
import straddle.linux.kvm.kvm_dtable;
import straddle.linux.kvm.kvm_msr_entry;
import straddle.linux.kvm.kvm_msrs;
import straddle.linux.kvm.kvm_regs;
import straddle.linux.kvm.kvm_run;
import straddle.linux.kvm.kvm_segment;
import straddle.linux.kvm.kvm_sregs;
import straddle.linux.kvm.kvm_sync_regs;
import straddle.linux.kvm.kvm_vcpu_events;
import straddle.linux.kvm.kvm_xcr;
import straddle.linux.kvm.kvm_xcrs;
import straddle.linux.kvm.kvm_xsave;

/// Moves a vCPU's state between KVM's structures and [X86State].
///
/// General, segment and control registers and events travel in the mapped `kvm_run` (KVM_CAP_SYNC_REGS):
/// whoever saves has run KVM_RUN with [#ALL] wanted before, whoever loads runs it afterwards. The rest has ioctls.
final class VcpuState {
    /// Everything that `kvm_run` can carry.
    static final long ALL =
            Kvm.KVM_SYNC_X86_REGS() | Kvm.KVM_SYNC_X86_SREGS() | Kvm.KVM_SYNC_X86_EVENTS();

    /// Where `kvm_regs` has the registers that the architecture numbers RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI.
    private static final int[] REGS_ORDER = {0, 2, 3, 1, 6, 7, 4, 5};

    /// The control registers that user code runs under natively, whatever the guest's.
    static final long NATIVE_CR0 =
            X86.CR0_PE | X86.CR0_MP | X86.CR0_ET | X86.CR0_NE | X86.CR0_WP | X86.CR0_PG;

    /// Without OSXSAVE, so that code which looks stays with SSE; UMIP has the rest refused that would show the monitor.
    static final long NATIVE_CR4 = X86.CR4_PAE | X86.CR4_OSFXSR | X86.CR4_OSXMMEXCPT | X86.CR4_UMIP;

    static final long NATIVE_EFER = X86.EFER_LME | X86.EFER_LMA | X86.EFER_NXE;

    private static final Segment NO_TABLE = new Segment();
    private static final Segment LOCAL_TABLE = new Segment();

    static {
        NO_TABLE.attributes = Segment.UNUSABLE;
        LOCAL_TABLE.set(8, Monitor.localBase(), Monitor.localLimit(), Segment.P | 2);
    }

    private static final long RIP = kvm_regs.rip$offset();
    private static final long RFLAGS = kvm_regs.rflags$offset();

    /// The legacy XSAVE area's last bytes are the host software's: the kernel leaves its own mask there.
    private static final int XSAVE_SOFTWARE = 464;

    /// What a guest can't change, what the host counts, and what has a field of its own in [X86State].
    private static final Set<Integer> NOT_STATE =
            Set.of(
                    X86.MSR_TSC,
                    X86.MSR_APIC_BASE,
                    X86.MSR_EFER,
                    X86.MSR_FS_BASE,
                    X86.MSR_GS_BASE,
                    0x34, // SMI_COUNT
                    0x3b, // TSC_ADJUST: it would move the TSC
                    0x8b, // BIOS_SIGN_ID
                    0xce, // PLATFORM_INFO
                    0x10a, // ARCH_CAPABILITIES
                    0x345, // PERF_CAPABILITIES
                    0x6e0, // TSC_DEADLINE: part of the local APIC's timer
                    0x11, // KVM's clocks, by their old numbers: aliases of the next two
                    0x12);

    /// Bits of CR4 that user code has besides [#NATIVE_CR4].
    private long furtherCr4;

    private final Descriptor vcpu;
    private final MemorySegment run;
    private final MemorySegment regs;
    private final MemorySegment sregs;

    /// By number, as in [X86State#segments].
    private final MemorySegment[] segments;

    private final MemorySegment events;
    private final MemorySegment xsave;
    private final MemorySegment xcrs;
    private final MemorySegment debugRegs;
    private final MemorySegment msrs;
    private final int[] msrIndices;
    private final long[] msrResetValues;

    /// As [#save] found them last.
    private final long[] msrValues;

    /// Of a new vCPU, whose registers have their reset values.
    ///
    /// @param candidates the registers that the host's KVM names; those that this vCPU refuses, its own values included, are left out
    VcpuState(Descriptor vcpu, MemorySegment run, List<Integer> candidates, Arena arena)
            throws HostException {
        this.vcpu = vcpu;
        this.run = run;
        MemorySegment sync = kvm_run.s(run);
        regs = kvm_sync_regs.regs(sync);
        sregs = kvm_sync_regs.sregs(sync);
        segments =
                new MemorySegment[] {
                    kvm_sregs.es(sregs),
                    kvm_sregs.cs(sregs),
                    kvm_sregs.ss(sregs),
                    kvm_sregs.ds(sregs),
                    kvm_sregs.fs(sregs),
                    kvm_sregs.gs(sregs)
                };
        events = kvm_sync_regs.events(sync);
        xsave = arena.allocate(kvm_xsave.sizeof(), 64);
        xcrs = arena.allocate(kvm_xcrs.sizeof(), 8);
        debugRegs = arena.allocate(kvm_debugregs.sizeof(), 8);
        msrs =
                arena.allocate(
                        kvm_msrs.sizeof() + (candidates.size() + 1) * kvm_msr_entry.sizeof(), 8);
        msrIndices = usable(candidates);
        fetchMsrs();
        msrResetValues = new long[msrIndices.length];
        msrValues = new long[msrIndices.length];
        for (int i = 0; i < msrIndices.length; i++) {
            msrResetValues[i] = kvm_msr_entry.data(msr(i));
        }
    }

    private int[] usable(List<Integer> candidates) {
        Set<Integer> seen = new HashSet<>(NOT_STATE);
        List<Integer> usable = new ArrayList<>();
        for (int index : candidates) {
            kvm_msrs.nmsrs(msrs, 1);
            kvm_msr_entry.index(msr(0), index);
            if (seen.add(index)
                    && vcpu.ioctl(Kvm.KVM_GET_MSRS(), msrs.address()) == 1
                    && vcpu.ioctl(Kvm.KVM_SET_MSRS(), msrs.address()) == 1) {
                usable.add(index);
            }
        }
        // The TSC comes last: loading leaves it out.
        usable.add(X86.MSR_TSC);
        return usable.stream().mapToInt(Integer::intValue).toArray();
    }

    private MemorySegment msr(int i) {
        return msrs.asSlice(kvm_msrs.sizeof() + i * kvm_msr_entry.sizeof(), kvm_msr_entry.sizeof());
    }

    private void fetchMsrs() throws HostException {
        kvm_msrs.nmsrs(msrs, msrIndices.length);
        for (int i = 0; i < msrIndices.length; i++) {
            kvm_msr_entry.index(msr(i), msrIndices[i]);
        }
        int done = vcpu.ioctl("KVM_GET_MSRS", Kvm.KVM_GET_MSRS(), msrs.address());
        if (done != msrIndices.length) {
            throw msrRefused("KVM_GET_MSRS", msrIndices[done]);
        }
    }

    private static HostException msrRefused(String call, int register) {
        return new HostException(
                "ioctl(" + call + ")",
                0,
                "It refuses model-specific register 0x%x.".formatted(register));
    }

    MemorySegment sregs() {
        return sregs;
    }

    /// RIP and RFLAGS as `kvm_run` has them.
    long rip() {
        return regs.get(ValueLayout.JAVA_LONG, RIP);
    }

    long rflags() {
        return regs.get(ValueLayout.JAVA_LONG, RFLAGS);
    }

    /// Whether KVM has an exception that it will raise first when it runs on, whatever registers it is given till then:
    /// a signal may come between the two.
    boolean holdsException() throws HostException {
        vcpu.ioctl("KVM_GET_VCPU_EVENTS", Kvm.KVM_GET_VCPU_EVENTS(), events.address());
        return kvm_vcpu_events.exception.injected(kvm_vcpu_events.exception(events)) != 0;
    }

    /// For an instruction that is executed anew elsewhere, where it raises what it did here.
    void dropException() {
        events.fill((byte) 0);
        changed(Kvm.KVM_SYNC_X86_EVENTS());
    }

    /// Takes what KVM_RUN left in `kvm_run`, and fetches the rest. [X86State#halted] is the caller's.
    void save(X86State to) throws HostException {
        for (int i = 0; i < 16; i++) {
            to.gpr[i] = regs.get(ValueLayout.JAVA_LONG, regOffset(i));
        }
        to.rip = rip();
        to.rflags = rflags();
        saveSregs(to);
        saveEvents(to);
        saveMsrs(to);
        vcpu.ioctl("KVM_GET_XSAVE", Kvm.KVM_GET_XSAVE(), xsave.address());
        MemorySegment.copy(xsave, ValueLayout.JAVA_BYTE, 0, to.xsave, 0, X86State.XSAVE_BYTES);
        Arrays.fill(to.xsave, XSAVE_SOFTWARE, X86State.XSTATE_BV_OFFSET, (byte) 0);
        vcpu.ioctl("KVM_GET_XCRS", Kvm.KVM_GET_XCRS(), xcrs.address());
        to.xcr0 = kvm_xcrs.nr_xcrs(xcrs) > 0 ? kvm_xcr.value(kvm_xcrs.xcrs(xcrs, 0)) : 1;
        vcpu.ioctl("KVM_GET_DEBUGREGS", Kvm.KVM_GET_DEBUGREGS(), debugRegs.address());
        for (int i = 0; i < 4; i++) {
            to.dr[i] = kvm_debugregs.db(debugRegs, i);
        }
        to.dr[6] = kvm_debugregs.dr6(debugRegs);
        to.dr[7] = kvm_debugregs.dr7(debugRegs);
    }

    /// Puts everything where the next KVM_RUN finds it. [X86State#halted] is the caller's.
    ///
    /// @param apicBase instead of the state's
    /// @param sinceSave whether KVM has what [#save] found last: model-specific registers that are the same are not written again, for to
    ///     write KVM's clocks sets them up anew
    void load(X86State from, long apicBase, boolean sinceSave) throws HostException {
        for (int i = 0; i < 16; i++) {
            regs.set(ValueLayout.JAVA_LONG, regOffset(i), from.gpr[i]);
        }
        regs.set(ValueLayout.JAVA_LONG, RIP, from.rip);
        regs.set(ValueLayout.JAVA_LONG, RFLAGS, from.rflags);
        loadSregs(from);
        kvm_sregs.apic_base(sregs, apicBase);
        loadEvents(from);
        kvm_run.cr8(run, from.cr8);
        kvm_run.kvm_dirty_regs(run, ALL);
        loadMsrs(from, sinceSave);
        MemorySegment.copy(from.xsave, 0, xsave, ValueLayout.JAVA_BYTE, 0, X86State.XSAVE_BYTES);
        vcpu.ioctl("KVM_SET_XSAVE", Kvm.KVM_SET_XSAVE(), xsave.address());
        loadXcr0(from);
        debugRegs.fill((byte) 0);
        for (int i = 0; i < 4; i++) {
            kvm_debugregs.db(debugRegs, i, from.dr[i]);
        }
        kvm_debugregs.dr6(debugRegs, from.dr[6]);
        kvm_debugregs.dr7(debugRegs, from.dr[7]);
        vcpu.ioctl("KVM_SET_DEBUGREGS", Kvm.KVM_SET_DEBUGREGS(), debugRegs.address());
    }

    /// Puts user code's registers where the next KVM_RUN finds them.
    ///
    /// @param root the CR3 to run under
    void loadUser(UserState from, long root) {
        loadGeneral(from);
        boolean is64 = from.is64();
        for (int i = 0; i < segments.length; i++) {
            if (is64) {
                flatSegment(segments[i], from.segments[i], i >= X86.FS);
            } else {
                loadSegment(from.segments[i], segments[i]);
            }
        }
        if (is64) {
            kvm_segment.type(segments[X86.CS], (byte) 0xb);
            kvm_segment.l(segments[X86.CS], (byte) 1);
            kvm_segment.db(segments[X86.CS], (byte) 0);
        }
        kvm_segment.limit(kvm_sregs.tr(sregs), Monitor.taskLimit(is64));
        loadSegment(is64 ? NO_TABLE : LOCAL_TABLE, kvm_sregs.ldt(sregs));
        kvm_sregs.efer(sregs, nativeEfer(is64));
        kvm_sregs.cr0(sregs, nativeCr0(from));
        kvm_sregs.cr4(sregs, nativeCr4(from));
        kvm_sregs.cr3(sregs, root);
        changed(Kvm.KVM_SYNC_X86_REGS() | Kvm.KVM_SYNC_X86_SREGS());
    }

    /// Whether `kvm_run` has what [#loadUser] would put there, general registers and the code and stack segments aside.
    boolean isLoadedBesides(UserState from, long root) {
        boolean is64 = from.is64();
        return kvm_sregs.cr3(sregs) == root
                && kvm_sregs.efer(sregs) == nativeEfer(is64)
                && has(X86.ES, from, is64)
                && has(X86.DS, from, is64)
                && has(X86.FS, from, is64)
                && has(X86.GS, from, is64)
                && kvm_sregs.cr0(sregs) == nativeCr0(from)
                && kvm_sregs.cr4(sregs) == nativeCr4(from);
    }

    boolean hasCodeAndStackOf(UserState from) {
        boolean is64 = from.is64();
        return has(X86.CS, from, is64) && has(X86.SS, from, is64);
    }

    private boolean has(int register, UserState user, boolean is64) {
        MemorySegment here = segments[register];
        Segment there = user.segments[register];
        return is64
                ? selector(here) == there.selector
                        && (register < X86.FS || kvm_segment.base(here) == there.base)
                : isSame(here, there);
    }

    /// What a register holds that can't be used is nobody's.
    private static boolean isSame(MemorySegment here, Segment there) {
        boolean unusable = kvm_segment.unusable(here) != 0;
        return selector(here) == there.selector
                && unusable == there.has(Segment.UNUSABLE)
                && (unusable
                        || kvm_segment.base(here) == there.base
                                && kvm_segment.limit(here) == there.limit
                                && attributes(here) == there.attributes);
    }

    /// Puts user code's general registers where the next KVM_RUN finds them; all else is there already.
    void loadGeneral(UserState from) {
        for (int i = 0; i < 16; i++) {
            regs.set(ValueLayout.JAVA_LONG, regOffset(i), from.gpr[i]);
        }
        regs.set(ValueLayout.JAVA_LONG, RIP, from.rip);
        regs.set(ValueLayout.JAVA_LONG, RFLAGS, from.rflags);
        changed(Kvm.KVM_SYNC_X86_REGS());
    }

    /// As [#loadGeneral], for code that goes on in the monitor, whose frame has RIP, RSP and RFLAGS of user code.
    void loadGeneralInMonitor(UserState from) {
        for (int i = 0; i < 16; i++) {
            if (i != X86.RSP) {
                regs.set(ValueLayout.JAVA_LONG, regOffset(i), from.gpr[i]);
            }
        }
        changed(Kvm.KVM_SYNC_X86_REGS());
    }

    /// KVM_RUN clears what it has taken; one that a kick forestalled has taken nothing.
    private void changed(long registers) {
        kvm_run.kvm_dirty_regs(run, kvm_run.kvm_dirty_regs(run) | registers);
    }

    /// SYSCALL leads to the gate in 64-bit code, and is undefined elsewhere: there it would have overwritten registers of a guest on whose
    /// processor it is.
    private static long nativeEfer(boolean is64) {
        return NATIVE_EFER | (is64 ? X86.EFER_SCE : 0);
    }

    private static long nativeCr0(UserState of) {
        return NATIVE_CR0 | of.cr0 & X86.CR0_AM;
    }

    private long nativeCr4(UserState of) {
        return NATIVE_CR4 | furtherCr4 | of.cr4 & X86.CR4_FSGSBASE;
    }

    /// Has user code find AVX, which needs CR4.OSXSAVE and XCR0.
    void allowAvx() throws HostException {
        furtherCr4 = X86.CR4_OSXSAVE;
        X86State state = new X86State();
        state.xcr0 = 7;
        loadXcr0(state);
    }

    private static int selector(MemorySegment segment) {
        return Short.toUnsignedInt(kvm_segment.selector(segment));
    }

    /// As 64-bit code has them.
    private static void flatSegment(MemorySegment to, Segment from, boolean hasBase) {
        kvm_segment.selector(to, (short) from.selector);
        kvm_segment.base(to, hasBase ? from.base : 0);
        kvm_segment.limit(to, -1);
        kvm_segment.type(to, (byte) 3);
        kvm_segment.s(to, (byte) 1);
        kvm_segment.dpl(to, (byte) 3);
        kvm_segment.present(to, (byte) 1);
        kvm_segment.l(to, (byte) 0);
        kvm_segment.db(to, (byte) 1);
        kvm_segment.g(to, (byte) 1);
        kvm_segment.unusable(to, (byte) 0);
    }

    /// Has user code that was interrupted go on under another root.
    void loadRoot(long root) {
        kvm_sregs.cr3(sregs, root);
        changed(Kvm.KVM_SYNC_X86_SREGS());
    }

    /// Takes what KVM_RUN left of user code's registers; the code segment stays as it was, and the stack segment of 64-bit code, or
    /// that of code that the monitor has interrupted.
    void saveUser(UserState to) {
        for (int i = 0; i < 16; i++) {
            to.gpr[i] = regs.get(ValueLayout.JAVA_LONG, regOffset(i));
        }
        to.rip = rip();
        to.rflags = rflags();
        if (to.is64()) {
            to.segments[X86.ES].selector = selector(segments[X86.ES]);
            to.segments[X86.DS].selector = selector(segments[X86.DS]);
            to.segments[X86.FS].selector = selector(segments[X86.FS]);
            to.segments[X86.GS].selector = selector(segments[X86.GS]);
            to.segments[X86.FS].base = kvm_segment.base(segments[X86.FS]);
            to.segments[X86.GS].base = kvm_segment.base(segments[X86.GS]);
            return;
        }
        boolean inUserCode = cpl() == 3;
        for (int i = 0; i < segments.length; i++) {
            boolean may = i != X86.CS && (i != X86.SS || inUserCode);
            if (may && !isSame(segments[i], to.segments[i])) {
                saveUserSegment(segments[i], to.segments[i]);
            }
        }
    }

    private static void saveUserSegment(MemorySegment from, Segment to) {
        if (kvm_segment.unusable(from) != 0) {
            to.set(selector(from), 0, 0, Segment.UNUSABLE);
        } else {
            saveSegment(from, to);
        }
    }

    long cr2() {
        return kvm_sregs.cr2(sregs);
    }

    /// By its number in [X86State#gpr].
    long gpr(int number) {
        return regs.get(ValueLayout.JAVA_LONG, regOffset(number));
    }

    /// The privilege level: 0 in the monitor, 3 in user code.
    int cpl() {
        return kvm_segment.dpl(segments[X86.SS]) == 3
                        && (kvm_segment.selector(segments[X86.CS]) & 3) == 3
                ? 3
                : 0;
    }

    /// Moves x87 and vector state only.
    void loadExtended(X86State from) throws HostException {
        MemorySegment.copy(from.xsave, 0, xsave, ValueLayout.JAVA_BYTE, 0, X86State.XSAVE_BYTES);
        vcpu.ioctl("KVM_SET_XSAVE", Kvm.KVM_SET_XSAVE(), xsave.address());
    }

    void saveExtended(X86State to) throws HostException {
        vcpu.ioctl("KVM_GET_XSAVE", Kvm.KVM_GET_XSAVE(), xsave.address());
        MemorySegment.copy(xsave, ValueLayout.JAVA_BYTE, 0, to.xsave, 0, X86State.XSAVE_BYTES);
        Arrays.fill(to.xsave, XSAVE_SOFTWARE, X86State.XSTATE_BV_OFFSET, (byte) 0);
    }

    private static long regOffset(int number) {
        return 8L * (number < REGS_ORDER.length ? REGS_ORDER[number] : number);
    }

    private void saveSregs(X86State to) {
        saveSegment(kvm_sregs.es(sregs), to.segments[X86.ES]);
        saveSegment(kvm_sregs.cs(sregs), to.segments[X86.CS]);
        saveSegment(kvm_sregs.ss(sregs), to.segments[X86.SS]);
        saveSegment(kvm_sregs.ds(sregs), to.segments[X86.DS]);
        saveSegment(kvm_sregs.fs(sregs), to.segments[X86.FS]);
        saveSegment(kvm_sregs.gs(sregs), to.segments[X86.GS]);
        saveSegment(kvm_sregs.ldt(sregs), to.ldtr);
        saveSegment(kvm_sregs.tr(sregs), to.tr);
        to.gdtBase = kvm_dtable.base(kvm_sregs.gdt(sregs));
        to.gdtLimit = Short.toUnsignedInt(kvm_dtable.limit(kvm_sregs.gdt(sregs)));
        to.idtBase = kvm_dtable.base(kvm_sregs.idt(sregs));
        to.idtLimit = Short.toUnsignedInt(kvm_dtable.limit(kvm_sregs.idt(sregs)));
        to.cr0 = kvm_sregs.cr0(sregs);
        to.cr2 = kvm_sregs.cr2(sregs);
        to.cr3 = kvm_sregs.cr3(sregs);
        to.cr4 = kvm_sregs.cr4(sregs);
        to.cr8 = kvm_sregs.cr8(sregs);
        to.efer = kvm_sregs.efer(sregs);
        to.apicBase = kvm_sregs.apic_base(sregs);
    }

    private void loadSregs(X86State from) {
        // Its bitmap of an interrupt under way stays empty: the events carry that.
        sregs.fill((byte) 0);
        loadSegment(from.segments[X86.ES], kvm_sregs.es(sregs));
        loadSegment(from.segments[X86.CS], kvm_sregs.cs(sregs));
        loadSegment(from.segments[X86.SS], kvm_sregs.ss(sregs));
        loadSegment(from.segments[X86.DS], kvm_sregs.ds(sregs));
        loadSegment(from.segments[X86.FS], kvm_sregs.fs(sregs));
        loadSegment(from.segments[X86.GS], kvm_sregs.gs(sregs));
        loadSegment(from.ldtr, kvm_sregs.ldt(sregs));
        loadSegment(from.tr, kvm_sregs.tr(sregs));
        kvm_dtable.base(kvm_sregs.gdt(sregs), from.gdtBase);
        kvm_dtable.limit(kvm_sregs.gdt(sregs), (short) from.gdtLimit);
        kvm_dtable.base(kvm_sregs.idt(sregs), from.idtBase);
        kvm_dtable.limit(kvm_sregs.idt(sregs), (short) from.idtLimit);
        kvm_sregs.cr0(sregs, from.cr0);
        kvm_sregs.cr2(sregs, from.cr2);
        kvm_sregs.cr3(sregs, from.cr3);
        kvm_sregs.cr4(sregs, from.cr4);
        kvm_sregs.cr8(sregs, from.cr8);
        kvm_sregs.efer(sregs, from.efer);
    }

    private static void saveSegment(MemorySegment from, Segment to) {
        to.set(
                Short.toUnsignedInt(kvm_segment.selector(from)),
                kvm_segment.base(from),
                kvm_segment.limit(from),
                attributes(from));
    }

    private static int attributes(MemorySegment from) {
        return kvm_segment.type(from)
                | kvm_segment.s(from) << 4
                | kvm_segment.dpl(from) << Segment.DPL_SHIFT
                | (kvm_segment.present(from) != 0 ? Segment.P : 0)
                | (kvm_segment.avl(from) != 0 ? Segment.AVL : 0)
                | (kvm_segment.l(from) != 0 ? Segment.L : 0)
                | (kvm_segment.db(from) != 0 ? Segment.DB : 0)
                | (kvm_segment.g(from) != 0 ? Segment.G : 0)
                | (kvm_segment.unusable(from) != 0 ? Segment.UNUSABLE : 0);
    }

    private static void loadSegment(Segment from, MemorySegment to) {
        kvm_segment.selector(to, (short) from.selector);
        kvm_segment.base(to, from.base);
        kvm_segment.limit(to, from.limit);
        kvm_segment.type(to, (byte) (from.attributes & Segment.TYPE));
        kvm_segment.s(to, flag(from, Segment.S));
        kvm_segment.dpl(to, (byte) from.dpl());
        kvm_segment.present(to, flag(from, Segment.P));
        kvm_segment.avl(to, flag(from, Segment.AVL));
        kvm_segment.l(to, flag(from, Segment.L));
        kvm_segment.db(to, flag(from, Segment.DB));
        kvm_segment.g(to, flag(from, Segment.G));
        kvm_segment.unusable(to, flag(from, Segment.UNUSABLE));
    }

    private static byte flag(Segment segment, int attribute) {
        return (byte) (segment.has(attribute) ? 1 : 0);
    }

    private void saveEvents(X86State to) {
        MemorySegment exception = kvm_vcpu_events.exception(events);
        MemorySegment interrupt = kvm_vcpu_events.interrupt(events);
        MemorySegment nmi = kvm_vcpu_events.nmi(events);
        to.pendingVector = -1;
        to.pendingKind = EventKind.NONE;
        to.pendingErrorCode = -1;
        if (kvm_vcpu_events.exception.injected(exception) != 0) {
            to.pendingVector = Byte.toUnsignedInt(kvm_vcpu_events.exception.nr(exception));
            to.pendingKind = EventKind.EXCEPTION;
            if (kvm_vcpu_events.exception.has_error_code(exception) != 0) {
                to.pendingErrorCode = kvm_vcpu_events.exception.error_code(exception);
            }
        } else if (kvm_vcpu_events.interrupt.injected(interrupt) != 0) {
            to.pendingVector = Byte.toUnsignedInt(kvm_vcpu_events.interrupt.nr(interrupt));
            to.pendingKind =
                    kvm_vcpu_events.interrupt.soft(interrupt) != 0
                            ? EventKind.SOFTWARE_INTERRUPT
                            : EventKind.EXTERNAL_INTERRUPT;
        }
        to.interruptShadow = kvm_vcpu_events.interrupt.shadow(interrupt) != 0;
        to.nmiPending =
                kvm_vcpu_events.nmi.pending(nmi) != 0 || kvm_vcpu_events.nmi.injected(nmi) != 0;
        to.nmiBlocked =
                kvm_vcpu_events.nmi.masked(nmi) != 0 && kvm_vcpu_events.nmi.injected(nmi) == 0;
    }

    private void loadEvents(X86State from) {
        events.fill((byte) 0);
        MemorySegment exception = kvm_vcpu_events.exception(events);
        MemorySegment interrupt = kvm_vcpu_events.interrupt(events);
        MemorySegment nmi = kvm_vcpu_events.nmi(events);
        switch (from.pendingKind) {
            case NONE -> {}
            case EXCEPTION -> {
                kvm_vcpu_events.exception.injected(exception, (byte) 1);
                kvm_vcpu_events.exception.nr(exception, (byte) from.pendingVector);
                if (from.pendingErrorCode >= 0) {
                    kvm_vcpu_events.exception.has_error_code(exception, (byte) 1);
                    kvm_vcpu_events.exception.error_code(exception, from.pendingErrorCode);
                }
            }
            case SOFTWARE_INTERRUPT, EXTERNAL_INTERRUPT -> {
                kvm_vcpu_events.interrupt.injected(interrupt, (byte) 1);
                kvm_vcpu_events.interrupt.nr(interrupt, (byte) from.pendingVector);
                boolean soft = from.pendingKind == EventKind.SOFTWARE_INTERRUPT;
                kvm_vcpu_events.interrupt.soft(interrupt, (byte) (soft ? 1 : 0));
            }
        }
        kvm_vcpu_events.interrupt.shadow(
                interrupt, (byte) (from.interruptShadow ? Kvm.KVM_X86_SHADOW_INT_STI() : 0));
        kvm_vcpu_events.nmi.pending(nmi, (byte) (from.nmiPending ? 1 : 0));
        kvm_vcpu_events.nmi.masked(nmi, (byte) (from.nmiBlocked ? 1 : 0));
        kvm_vcpu_events.flags(
                events, Kvm.KVM_VCPUEVENT_VALID_NMI_PENDING() | Kvm.KVM_VCPUEVENT_VALID_SHADOW());
    }

    private void saveMsrs(X86State to) throws HostException {
        fetchMsrs();
        to.msrs.clear();
        for (int i = 0; i < msrIndices.length; i++) {
            long value = kvm_msr_entry.data(msr(i));
            msrValues[i] = value;
            if (value != msrResetValues[i] || msrIndices[i] == X86.MSR_TSC) {
                to.msrs.put(msrIndices[i], value);
            }
        }
    }

    /// The TSC stays: it is the host's, in every engine.
    private void loadMsrs(X86State from, boolean sinceSave) throws HostException {
        int count = 0;
        for (int i = 0; i < msrIndices.length - 1; i++) {
            long value = from.msrs.getOrDefault(msrIndices[i], msrResetValues[i]);
            if (!sinceSave || value != msrValues[i]) {
                MemorySegment entry = msr(count++);
                kvm_msr_entry.index(entry, msrIndices[i]);
                kvm_msr_entry.data(entry, value);
            }
        }
        if (count == 0) {
            return;
        }
        kvm_msrs.nmsrs(msrs, count);
        int done = vcpu.ioctl("KVM_SET_MSRS", Kvm.KVM_SET_MSRS(), msrs.address());
        if (done != count) {
            throw msrRefused("KVM_SET_MSRS", kvm_msr_entry.index(msr(done)));
        }
    }

    private void loadXcr0(X86State from) throws HostException {
        xcrs.fill((byte) 0);
        kvm_xcrs.nr_xcrs(xcrs, 1);
        kvm_xcr.value(kvm_xcrs.xcrs(xcrs, 0), from.xcr0);
        vcpu.ioctl("KVM_SET_XCRS", Kvm.KVM_SET_XCRS(), xcrs.address());
    }
}
