package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongSupplier;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;
import straddle.core.observe.Trace;
import straddle.core.time.HostCounter;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.ExitCounts;
import straddle.core.vcpu.Rehearsal;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.UserCodeTaker;
import straddle.core.vcpu.UserState;
import straddle.core.vcpu.UserStateOwner;
import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.Sampler;
import straddle.tcg.StoreLog;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Arith;
import straddle.tcg.op.Flags;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.FpControl;
import straddle.tcg.x86.fp.FpImages;
import straddle.tcg.x86.fp.X87;

/// An x86 processor: its registers and modes, and what its instructions share.
///
/// The semantics of instruction groups stand in classes of their own ([Control], [Transfer], [Strings]
/// and so on); paging in [Paging], exceptions and interrupts in [Events], descriptors in [Descriptors].
public final class X86Cpu extends Cpu implements UserStateOwner {
    // Register slots after the 16 general registers.

    /// Always 0.
    public static final int ZERO = 16;

    /// The six segment bases.
    public static final int SEGMENT_BASE = 17;

    /// Temporaries that live within one instruction.
    public static final int T0 = 23;

    public static final int T1 = 24;
    public static final int T2 = 25;

    // System state in slots, so that machine code has it.

    /// RFLAGS without the six arithmetic flags and the fixed bit.
    static final int SYSTEM_FLAGS = 26;

    /// IA32_LSTAR and IA32_FMASK.
    static final int SYSCALL_TARGET = 27;

    static final int SYSCALL_MASK = 28;

    static final int KERNEL_GS_BASE = 29;
    static final int TSC_AUX = 30;

    /// The address of the TLB for level 0 with RFLAGS.AC set, ...
    static final int TLB_WITH_AC = 31;

    /// ... and without, which under SMAP is another.
    static final int TLB_WITHOUT_AC = 32;

    private static final int SLOTS = 40;
    private static final int VECTOR_SLOTS = 36;

    /// What [#SYSTEM_FLAGS] may have.
    static final int SYSTEM_FLAG_BITS = 0x3f_7fd5;

    // Bits of the mode key, from bit 0 on.
    static final long MODE_CODE16 = 0;
    static final long MODE_CODE32 = 1;
    static final long MODE_CODE64 = 2;
    static final long MODE_CODE = 3;
    static final long MODE_STACK32 = 1 << 2;
    static final int MODE_CPL_SHIFT = 3;

    /// ES, SS and DS start anywhere and end at 4 GiB, with full rights: no limit needs a check.
    static final long MODE_FLAT = 1 << 5;

    static final long MODE_PROTECTED = 1 << 6;
    static final long MODE_VM86 = 1 << 7;

    /// One instruction a block: single step, or a block that overwrites itself.
    static final long MODE_ALONE = 1 << 8;

    static final long MODE_LONG = 1 << 9;

    /// The same as [#MODE_FLAT] of FS and GS, one of which is null under most kernels.
    static final long MODE_FLAT_FS = 1 << 10;

    static final long MODE_FLAT_GS = 1 << 11;

    /// From here on: the code segment's limit plus one, or 0 for the usual one.
    static final int MODE_LIMIT_SHIFT = 16;

    /// An external interrupt must wait for one instruction.
    static final int ATTENTION_SHADOW = ATTENTION_FIRST_OWN;

    /// RFLAGS.TF is set: trap after each instruction.
    static final int ATTENTION_TRAP = ATTENTION_FIRST_OWN << 1;

    /// Somebody else goes on after the present instruction.
    static final int ATTENTION_STEP = ATTENTION_FIRST_OWN << 2;

    /// User code has been entered, which another engine may want.
    static final int ATTENTION_USER_CODE = ATTENTION_FIRST_OWN << 3;

    /// Blocks ask the [Tracer] before they begin.
    static final int ATTENTION_TRACE = ATTENTION_FIRST_OWN << 4;

    private static final long DR7_BREAKPOINTS = 0xff;
    private static final long DR6_BS = 1 << 14;

    private static final int SUPERVISOR = 0;
    private static final int USER = 1;
    private static final int SUPERVISOR_SMAP = 2;
    private static final int USER_ALIGNED = 3;
    private static final List<String> TLB_NAMES =
            List.of(
                    "Supervisor",
                    "User",
                    "Supervisor, kept from user pages (SMAP)",
                    "User, with aligned accesses only");

    final Segment[] segments = new Segment[6];
    final Segment ldtr = new Segment();
    final Segment tr = new Segment();
    long gdtBase;
    int gdtLimit;
    long idtBase;
    int idtLimit;
    long cr0;
    long cr2;
    long cr3;
    long cr4;
    long efer;
    long xcr0;
    long apicBase;
    final long[] dr = new long[8];
    final MsrValues msrs = new MsrValues();

    int cpl;
    boolean halted;
    boolean nmiBlocked;
    boolean nmiPending;

    /// The number of this processor, which is its local APIC's ID, and of how many.
    private int id;

    private int processors = 1;

    /// XMM registers: 16 of two longs each, then two of scratch.
    final long[] v = vectors;

    /// Bits 255:128 of the YMM registers, at the same indices.
    final long[] w = new long[VECTOR_SLOTS];

    final FpControl fp = new FpControl();

    final X87 x87 = new X87();

    /// Where images of the FPU's state are put together or taken apart.
    final byte[] fpuImage = new byte[FpImages.FXSAVE_BYTES];

    final X86State loaded = new X86State();

    /// The exception being raised.
    int faultVector;

    int faultError;
    boolean faultHasError;

    /// The exception comes of an address that is not canonical.
    boolean nonCanonical;

    long nonCanonicalAddress;

    /// A single-step trap follows the instruction being run.
    boolean trapPending;

    static final long NOTHING_MONITORED = -1;

    /// The line that MONITOR named, and what it held.
    long monitored = NOTHING_MONITORED;

    long monitoredSum;

    /// A fault is that of a task just switched to, at its own [#pc].
    boolean taskSwitched;

    private final Breakpoints breakpoints = new Breakpoints();

    /// DR6's bits for breakpoints that the instruction being run has met.
    private long breakpointHits;

    /// Why the interpreter left the guest.
    Exit exit;

    /// The Linux program that it runs without an operating system, or null.
    X86Program program;

    final InterruptSource interrupts;
    final VirtualClock clock;
    final CpuModel model;
    final Paging paging;
    private final Translator translator;
    private long mode;
    private long runMode;

    /// Whether SYSCALL and SYSRET lead from this mode to its other level and back.
    private boolean changesLevel;

    private boolean systemAccess;
    private long portReads;
    private long portWrites;
    private long interruptsTaken;
    private final long[] exceptions = new long[32];
    long tscOffset;

    public X86Cpu(
            CpuModel model,
            AddressSpace memory,
            PortBus ports,
            VirtualClock clock,
            InterruptSource interrupts,
            Arena arena) {
        super(SLOTS, VECTOR_SLOTS, 4, memory, ports, arena);
        alignmentTlb = tlbs[USER_ALIGNED].address();
        r[TLB_WITH_AC] = tlbs[SUPERVISOR].address();
        this.model = model;
        this.clock = clock;
        this.interrupts = interrupts;
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new Segment();
        }
        paging = new Paging(this);
        translator = new Translator(this);
        become(new X86State());
    }

    /// Has CPUID tell which processor this is.
    ///
    /// @param newId 0 to newProcessors - 1: also its local APIC's ID
    public void place(int newId, int newProcessors) {
        id = newId;
        processors = newProcessors;
    }

    int id() {
        return id;
    }

    int processors() {
        return processors;
    }

    /// EAX, EBX, ECX and EDX as CPUID answers them for a leaf.
    int[] cpuid(int leaf, int subleaf) {
        int[] registers = model.cpuid(leaf, subleaf, this);
        if (hasForeignCounter()) {
            model.hideCounter(leaf, registers);
        }
        return registers;
    }

    /// Whether the machine gives this processor a local APIC.
    boolean hasApic() {
        return interrupts.hasMsr(MSR_APIC_BASE);
    }

    /// IA32_APIC_BASE: the local APIC's own, if there is one.
    long apicBase() {
        return hasApic() ? interrupts.readMsr(MSR_APIC_BASE) : apicBase;
    }

    // ---- state

    public void load(X86State s) {
        // CR8 is the upper half of a register of the local APIC's: one that agrees keeps its lower
        // half.
        if (interrupts.taskPriority() != s.cr8) {
            interrupts.setTaskPriority((int) s.cr8);
        }
        become(s);
    }

    private void become(X86State s) {
        take(s);
        trapPending = false;
        if (nmiPending) {
            request(ATTENTION_INTERRUPT);
        }
        tscOffset = hasForeignCounter() ? 0 : s.msr(MSR_TSC_ADJUST);
        paging.restorePointers();
        flushTlbs();
        updateMode();
        if (s.pendingVector >= 0) {
            Events.redeliver(this, s);
        }
        if (s.interruptShadow) {
            request(ATTENTION_SHADOW);
        }
    }

    /// Goes back to a state of a moment ago, since which nothing outside has noticed anything.
    void rewind(X86State s) {
        boolean translatesOtherwise =
                cr0 != s.cr0 || cr3 != s.cr3 || cr4 != s.cr4 || efer != s.efer;
        take(s);
        if (translatesOtherwise) {
            paging.restorePointers();
            flushTlbs();
        }
        updateMode();
    }

    private void take(X86State s) {
        faultWaits = false;
        loaded.copyFrom(s);
        System.arraycopy(s.gpr, 0, r, 0, 16);
        pc = s.rip;
        setRflags(s.rflags);
        for (int i = 0; i < 6; i++) {
            segments[i].copyFrom(s.segments[i]);
        }
        ldtr.copyFrom(s.ldtr);
        tr.copyFrom(s.tr);
        gdtBase = s.gdtBase;
        gdtLimit = s.gdtLimit;
        idtBase = s.idtBase;
        idtLimit = s.idtLimit;
        cr0 = s.cr0;
        cr2 = s.cr2;
        cr3 = s.cr3;
        cr4 = s.cr4;
        efer = s.efer;
        xcr0 = s.xcr0;
        apicBase = s.apicBase;
        System.arraycopy(s.dr, 0, dr, 0, 8);
        breakpointHits = 0;
        updateBreakpoints();
        msrs.clear();
        msrs.putAll(s.msrs);
        r[KERNEL_GS_BASE] = s.msr(MSR_KERNEL_GS_BASE);
        updateMsrSlots();
        halted = s.halted;
        nmiBlocked = s.nmiBlocked;
        nmiPending = s.nmiPending;
        cpl = (cr0 & CR0_PE) == 0 ? 0 : s.cpl();
        FpuState.load(this, s);
    }

    public void save(X86State s) {
        System.arraycopy(r, 0, s.gpr, 0, 16);
        s.rip = pc;
        s.rflags = rflags();
        for (int i = 0; i < 6; i++) {
            s.segments[i].copyFrom(segments[i]);
        }
        s.ldtr.copyFrom(ldtr);
        s.tr.copyFrom(tr);
        s.gdtBase = gdtBase;
        s.gdtLimit = gdtLimit;
        s.idtBase = idtBase;
        s.idtLimit = idtLimit;
        s.cr0 = cr0;
        s.cr2 = cr2;
        s.cr3 = cr3;
        s.cr4 = cr4;
        s.cr8 = interrupts.taskPriority();
        s.efer = efer;
        s.xcr0 = xcr0;
        s.apicBase = apicBase();
        System.arraycopy(dr, 0, s.dr, 0, 8);
        s.msrs.clear();
        msrs.addTo(s.msrs);
        s.msrs.put(MSR_KERNEL_GS_BASE, r[KERNEL_GS_BASE]);
        s.msrs.put(MSR_TSC, tsc());
        s.msrs.put(MSR_TSC_ADJUST, tscOffset);
        s.halted = halted;
        s.nmiBlocked = nmiBlocked;
        s.nmiPending = nmiPending;
        s.pendingVector = -1;
        s.pendingKind = X86State.EventKind.NONE;
        s.pendingErrorCode = -1;
        s.interruptShadow = (attention() & ATTENTION_SHADOW) != 0;
        if (trapPending || breakpointHits != 0) {
            s.dr[6] |= breakpointHits | (trapPending ? DR6_BS : 0);
            s.pendingVector = DB;
            s.pendingKind = X86State.EventKind.EXCEPTION;
        }
        FpuState.save(this, s);
    }

    // ---- flags

    public long rflags() {
        return Arith.eager(this) | r[SYSTEM_FLAGS] | RFLAGS_FIXED;
    }

    void setRflags(long value) {
        setFlags(Flags.EAGER, value & Flags.ALL, 0, 0);
        r[SYSTEM_FLAGS] = value & ~(Flags.ALL | RFLAGS_FIXED) & SYSTEM_FLAG_BITS;
        if (flag(RFLAGS_TF)) {
            request(ATTENTION_TRAP);
        }
    }

    boolean flag(int bit) {
        return (r[SYSTEM_FLAGS] & bit) != 0;
    }

    void addSystemFlags(int bits) {
        r[SYSTEM_FLAGS] |= bits;
    }

    void clearSystemFlags(int bits) {
        r[SYSTEM_FLAGS] &= ~bits;
    }

    int iopl() {
        return (int) r[SYSTEM_FLAGS] >>> 12 & 3;
    }

    // ---- modes

    /// Whether all unused upper bits of a linear address of 64-bit mode are like the one below (SDM volume 1, 3.3.7.1).
    boolean isCanonical(long linear) {
        int unused = (cr4 & CR4_LA57) != 0 ? 7 : 16;
        return linear << unused >> unused == linear;
    }

    boolean isProtected() {
        return (cr0 & CR0_PE) != 0;
    }

    boolean isVm86() {
        return flag(RFLAGS_VM);
    }

    /// In real or virtual-8086 mode segments are selectors times 16.
    boolean isRealLike() {
        return !isProtected() || isVm86();
    }

    boolean isLongMode() {
        return (efer & EFER_LMA) != 0;
    }

    boolean is64() {
        return (mode & MODE_CODE) == MODE_CODE64;
    }

    /// After any change of control registers, segments, privilege or the flags that blocks depend on.
    void updateMode() {
        Segment cs = segments[CS];
        Segment ss = segments[SS];
        long key;
        if (isLongMode() && cs.has(Segment.L)) {
            key = MODE_CODE64 | MODE_STACK32 | MODE_FLAT | MODE_FLAT_FS | MODE_FLAT_GS;
        } else {
            key = cs.has(Segment.DB) ? MODE_CODE32 : MODE_CODE16;
            key |= ss.has(Segment.DB) ? MODE_STACK32 : 0;
            key |=
                    isFlat(segments[ES]) && isFlat(segments[SS]) && isFlat(segments[DS])
                            ? MODE_FLAT
                            : 0;
            key |= isFlat(segments[FS]) ? MODE_FLAT_FS : 0;
            key |= isFlat(segments[GS]) ? MODE_FLAT_GS : 0;
        }
        key |= (long) cpl << MODE_CPL_SHIFT;
        key |= isProtected() ? MODE_PROTECTED : 0;
        key |= isVm86() ? MODE_VM86 : 0;
        key |= isLongMode() ? MODE_LONG : 0;
        key |= codeLimit(key);
        mode = key;
        runMode = key;
        boolean is64 = (key & MODE_CODE) == MODE_CODE64;
        for (int i = 0; i < 6; i++) {
            boolean used = !is64 || i >= FS;
            r[SEGMENT_BASE + i] = used ? segments[i].base : 0;
        }
        updateMmuIndex();
        if (userCodeTaker != null) {
            noteUserCode();
        }
        boolean isEither = is64 && (cpl == 0 || cpl == 3);
        changesLevel = isEither && (efer & EFER_SCE) != 0 && userCodeTaker == null;
    }

    /// After a change of the MSRs that machine code has in slots. Only there is what SWAPGS exchanges.
    void updateMsrSlots() {
        r[SYSCALL_TARGET] = msrs.get(MSR_LSTAR, 0L);
        r[SYSCALL_MASK] = msrs.get(MSR_SFMASK, 0L);
        r[TSC_AUX] = msrs.get(MSR_TSC_AUX, 0L) & 0xffff_ffffL;
    }

    /// The part of the mode that says where the code segment ends, if not where segments of its kind usually do.
    private long codeLimit(long key) {
        int usual = (key & MODE_CODE) == MODE_CODE16 ? 0xffff : -1;
        int limit = segments[CS].limit;
        boolean isUsual = (key & MODE_CODE) == MODE_CODE64 || limit == usual;
        return isUsual ? 0 : (limit & 0xffff_ffffL) + 1 << MODE_LIMIT_SHIFT;
    }

    /// The last offset of the code segment in a mode, or -1 where there is no end.
    static long lastOfCode(long mode) {
        long limit = mode >>> MODE_LIMIT_SHIFT;
        if (limit == 0) {
            return (mode & MODE_CODE) == MODE_CODE16 ? 0xffff : -1;
        }
        return limit - 1 == 0xffff_ffffL ? -1 : limit - 1;
    }

    /// After a change of privilege or of what it may access.
    void updateMmuIndex() {
        int guarded = (cr4 & CR4_SMAP) != 0 ? SUPERVISOR_SMAP : SUPERVISOR;
        r[TLB_WITHOUT_AC] = tlbs[guarded].address();
        if (cpl == 3) {
            tlb = tlbs[checksAlignment() ? USER_ALIGNED : USER].address();
        } else {
            tlb = r[flag(RFLAGS_AC) ? TLB_WITH_AC : TLB_WITHOUT_AC];
        }
    }

    /// Has a level present whose accesses are checked for alignment only if asked for.
    void accessAs(int level, boolean checked) {
        cpl = level;
        updateMmuIndex();
        if (level == 3 && !checked) {
            tlb = tlbs[USER].address();
        }
    }

    /// Whether user code's accesses must be aligned (SDM volume 3, 7.15, "Interrupt 17").
    private boolean checksAlignment() {
        return (cr0 & CR0_AM) != 0 && flag(RFLAGS_AC);
    }

    Region.Ram ram(long gpa) {
        return ramAt(gpa);
    }

    private boolean isFlat(Segment segment) {
        return !isRealLike()
                && segment.limit == -1
                && segment.has(Segment.P)
                && !segment.has(Segment.UNUSABLE)
                && (segment.attributes & Segment.TYPE & 0xe) == 2;
    }

    /// The bit of the mode that says that accesses by a segment need no check of its limit and rights.
    static long flatMode(int segment) {
        return switch (segment) {
            case CS -> MODE_CODE64; // elsewhere it never allows stores
            case FS -> MODE_FLAT_FS;
            case GS -> MODE_FLAT_GS;
            default -> MODE_FLAT;
        };
    }

    @Override
    public long modeKey() {
        return runMode;
    }

    @Override
    public long fetchBase() {
        return (mode & MODE_CODE) == MODE_CODE64 ? 0 : segments[CS].base;
    }

    @Override
    public long addressMask() {
        return (mode & MODE_CODE) == MODE_CODE64 ? -1 : 0xffff_ffffL;
    }

    @Override
    protected Tb translate(long gpa) {
        return translator.translate(gpa, runMode);
    }

    // ---- memory

    @Override
    protected long walk(long virtual, int access) {
        if (program != null) {
            return program.walk(virtual, access);
        }
        return paging.walk(virtual, access, cpl == 3 && !systemAccess, systemAccess);
    }

    @Override
    protected boolean walkedWritable() {
        return program != null ? program.walkedWritable() : paging.walkedWritable();
    }

    @Override
    protected int walkedKind() {
        return program != null ? 0 : paging.walkedKind();
    }

    /// After a change of CR3.
    void addressSpaceChanged() {
        if ((cr4 & CR4_PGE) != 0) {
            flushNonGlobal();
        } else {
            flushTlbs();
        }
    }

    /// Loads as the processor itself does from descriptor tables: with supervisor rights.
    long systemLoad(long linear, int width) {
        if (program != null) {
            return program.descriptor(linear);
        }
        long before = enterSystemAccess();
        try {
            return load(linear & linearMask(), width);
        } finally {
            leaveSystemAccess(before);
        }
    }

    void systemStore(long linear, int width, long value) {
        if (program != null) {
            return; // a descriptor's accessed bit
        }
        long before = enterSystemAccess();
        try {
            store(linear & linearMask(), width, value);
        } finally {
            leaveSystemAccess(before);
        }
    }

    private long enterSystemAccess() {
        long before = tlb;
        tlb = tlbs[SUPERVISOR].address();
        systemAccess = true;
        return before;
    }

    private void leaveSystemAccess(long before) {
        tlb = before;
        systemAccess = false;
    }

    /// Linear addresses are 64 bits wide in long mode only.
    long linearMask() {
        return isLongMode() ? -1 : 0xffff_ffffL;
    }

    static long sizeMask(int bytes) {
        return bytes == 8 ? -1 : (1L << 8 * bytes) - 1;
    }

    /// The linear address of an offset in a segment, its limit and rights checked where that matters.
    long linear(int segment, long offset, int width, boolean write) {
        if ((mode & flatMode(segment)) == 0) {
            X86Op.SegmentCheck.check(this, segment, offset, width, write);
        }
        return offset + r[SEGMENT_BASE + segment] & addressMask();
    }

    // ---- stack

    long stackMask() {
        return is64() ? -1 : (mode & MODE_STACK32) != 0 ? 0xffff_ffffL : 0xffff;
    }

    void setStackPointer(long value) {
        long mask = stackMask();
        r[RSP] = mask == 0xffff ? r[RSP] & ~mask | value & mask : value & mask;
    }

    void push(long value, int width) {
        long to = r[RSP] - width & stackMask();
        store(linear(SS, to, width, true), width, value);
        setStackPointer(to);
    }

    /// Loads from the stack at a distance from its top.
    long peek(long distance, int width) {
        return load(linear(SS, r[RSP] + distance & stackMask(), width, false), width);
    }

    /// Drops bytes from the stack.
    void release(long bytes) {
        setStackPointer(r[RSP] + bytes);
    }

    // ---- exceptions

    /// Raises an exception without error code.
    GuestFault fault(int vector) {
        nonCanonical = false;
        faultVector = vector;
        faultHasError = false;
        faultError = 0;
        return GuestFault.EXCEPTION;
    }

    GuestFault fault(int vector, int error) {
        nonCanonical = false;
        faultVector = vector;
        faultHasError = true;
        faultError = error;
        return GuestFault.EXCEPTION;
    }

    GuestFault pageFault(long linear, int error) {
        cr2 = linear;
        return fault(PF, error);
    }

    /// General protection with error code 0.
    GuestFault gp() {
        return fault(GP, 0);
    }

    /// #GP(0), or #SS(0) if it turns out that the access was to the stack.
    GuestFault nonCanonical(long linear) {
        gp();
        nonCanonical = true;
        nonCanonicalAddress = linear;
        return GuestFault.EXCEPTION;
    }

    @Override
    protected int fetchRights() {
        return cpl == 3 ? 1 : 0;
    }

    @Override
    protected GuestFault misaligned() {
        return fault(AC, 0);
    }

    Insn decodeAgain() {
        return translator.decodeAgain();
    }

    int defaultSegment(Insn insn) {
        return translator.defaultSegment(insn);
    }

    // ---- time

    /// The time-stamp counter: 1 GHz on the virtual clock, plus what the guest wrote; or another one.
    long tsc() {
        return replay == null ? present() : replay.value(this::present);
    }

    // ---- checking

    private Replay replay;
    private Verifier verifier;

    /// Has machine code, and regions made from now on, checked against the interpreter as they run.
    ///
    /// @param percent of their runs: 1 to 100
    public void verify(int percent) {
        StoreLog stores = new StoreLog();
        recordStores(stores, true);
        replay = new Replay(this, stores);
        verifier = new Verifier(this, replay, stores, percent);
        if (regions != null) {
            regions.check(verifier);
        }
        if (machine != null) {
            machine.check(verifier, Verifier.STRETCH);
        }
    }

    /// A random number, which a replay repeats.
    long random(LongSupplier source) {
        return replay == null ? source.getAsLong() : replay.value(source);
    }

    private long present() {
        long now = clock.nowWithDue();
        if (flag(RFLAGS_IF) && interrupts.pending()) {
            request(ATTENTION_INTERRUPT);
        }
        return counter == null ? now + tscOffset : counter.getAsLong();
    }

    // ---- debugging

    /// MOV to DR7, and what a task switch does to it.
    void writeDr7(long value) {
        dr[7] = value;
        updateBreakpoints();
    }

    /// After a change of DR0 to DR3, DR7 or CR4.DE.
    void updateBreakpoints() {
        boolean watched = breakpoints.onData();
        breakpoints.update(dr, (cr4 & CR4_DE) != 0);
        if (breakpoints.onCode()) {
            request(ATTENTION_TRAP);
        }
        watching = breakpoints.onData();
        if (watched || watching) {
            flushTlbs();
        }
    }

    @Override
    protected boolean watchesPage(long page) {
        return breakpoints.watchesPage(page);
    }

    @Override
    protected boolean watches(long virtual, int width, int access) {
        return !systemAccess && breakpoints.atData(virtual, width, access) != 0;
    }

    @Override
    protected void watchedAccess(long virtual, int width, int access) {
        trapFor(breakpoints.atData(virtual, width, access));
    }

    private void trapFor(long hits) {
        if (hits != 0) {
            breakpointHits |= hits;
            request(ATTENTION_TRAP);
        }
    }

    /// A #DB comes before the new task's first instruction, its cause in DR6 already.
    void trapAfterSwitch() {
        fault(DB);
        taskSwitched = true;
        throw straddle.tcg.GuestFault.EXCEPTION;
    }

    /// Whether a breakpoint may stop a repeated instruction between two elements.
    boolean stepsStrings() {
        return watching || flag(RFLAGS_TF);
    }

    // ---- devices

    long readPort(int port, int width) {
        requireAlone();
        portReads++;
        trapFor(breakpoints.atPort(port, width));
        long start = beginAccess();
        long value = ports.read(port, width) & 0xffff_ffffL;
        endAccess(ExitCounts.Kind.PORT_READ, port, width, value, start);
        return value;
    }

    void writePort(int port, int width, long value) {
        requireAlone();
        portWrites++;
        trapFor(breakpoints.atPort(port, width));
        long start = beginAccess();
        ports.write(port, width, (int) value);
        endAccess(ExitCounts.Kind.PORT_WRITE, port, width, value, start);
    }

    // ---- figures

    @Override
    protected void statistics(Statistics to, Sampler sampler) {
        super.statistics(to, sampler);
        to.count("memory", "page walks", paging.walks());
        to.count("events", "interrupts", interruptsTaken);
        to.count("events", "exceptions", faults);
        for (int vector = 0; vector < exceptions.length; vector++) {
            to.countAny("exceptions", exceptionName(vector), exceptions[vector]);
        }
        to.countAny("exits", "port read", portReads);
        to.countAny("exits", "port write", portWrites);
        if (verifier != null) {
            verifier.statistics(to);
        }
    }

    // ---- running

    @Override
    public MicroOp attend(Tb at) {
        int reasons = attention();
        if ((reasons & ATTENTION_HOUSEKEEPING) != 0) {
            clearAttention(ATTENTION_HOUSEKEEPING);
            if (program != null) {
                program.attend();
            }
            keepHouse();
            return lookup();
        }
        if ((reasons & (ATTENTION_KICK | ATTENTION_STEP)) != 0) {
            clearAttention(ATTENTION_KICK | ATTENTION_STEP);
            exit = Exit.Kicked.KICKED;
            return null;
        }
        if ((reasons & ATTENTION_SHADOW) != 0) {
            clearAttention(ATTENTION_SHADOW);
            return traced();
        }
        if (trapPending || breakpointHits != 0) {
            dr[6] |= breakpointHits | (trapPending ? DR6_BS : 0);
            trapPending = false;
            breakpointHits = 0;
            Events.trap(this, DB);
            return exit == null ? lookup() : null;
        }
        clearAttention(ATTENTION_INTERRUPT);
        if (nmiPending && !nmiBlocked) {
            Events.nmi(this);
            return exit == null ? lookup() : null;
        }
        if (flag(RFLAGS_IF) && interrupts.pending()) {
            int vector = interrupts.acknowledge();
            if (vector >= 0) {
                interruptsTaken++;
                if (cpl == 3 && userCodeStart < 0) {
                    entryWeight = WEIGHT_OF_TICK;
                }
                if (tracer != null) {
                    tracer.interrupt(vector, "interrupt");
                }
                Events.external(this, vector);
            }
            if (interrupts.pending()) {
                request(ATTENTION_INTERRUPT);
            }
        }
        boolean stepping = flag(RFLAGS_TF);
        if (breakpoints.onCode()) {
            long hits = breakpoints.atCode(pc + fetchBase() & addressMask());
            if (hits != 0 && !flag(RFLAGS_RF)) {
                dr[6] |= hits;
                fault(DB);
                Events.exception(this);
                return exit == null ? lookup() : null;
            }
            clearSystemFlags(RFLAGS_RF);
        }
        if (stepping || breakpoints.onCode()) {
            MicroOp stepped = traced();
            trapPending = stepping;
            return stepped;
        }
        clearAttention(ATTENTION_TRAP);
        if ((reasons & ATTENTION_USER_CODE) != 0) {
            clearAttention(ATTENTION_USER_CODE);
            countUserCode();
            if (isAtUserCode() && userCodeTaker.wants(addressSpace())) {
                exit = Exit.UserCode.USER_CODE;
                return null;
            }
        }
        return (reasons & ATTENTION_TRACE) != 0 ? tracer.next() : lookup();
    }

    // ---- tracing

    Tracer tracer;

    /// Has what it does traced from now on.
    public void trace(Trace by, int vcpu) {
        tracer = new Tracer(this, by, vcpu);
        if (tracer.holdsAttention()) {
            request(ATTENTION_TRACE);
        }
    }

    private MicroOp traced() {
        if (tracer != null) {
            tracer.instruction();
        }
        return runAlone();
    }

    int codeBits() {
        return is64() ? 64 : (mode & MODE_CODE) == MODE_CODE32 ? 32 : 16;
    }

    // ---- user code that another engine may run

    /// Whom it serves.
    X86Vcpu vcpu;

    private UserCodeTaker userCodeTaker;
    private boolean offersProtectedMode;
    private boolean inUserCode;
    private long userCodeStart;

    /// What entries count for when an interrupt ends user code that ran elsewhere: by then the caches have lost what the
    /// interpreter needs, which costs it ten times what it costs a region.
    private static final int WEIGHT_OF_TICK = 40;

    /// The same when user code asks the kernel for something. Short slices leave the caches as they are; regions
    /// for all that a program asks for in its first seconds cost more than they give.
    private static final int WEIGHT_OF_REQUEST = 4;

    /// User code's instructions without a kernel entry that count as a slice, though it goes on: more than programs have
    /// before they ask CPUID what they may use.
    private static final long LONG_TRANSLATED = 200_000;

    /// A page fault of user code that ran elsewhere is to be raised.
    private boolean faultWaits;

    private long waitingFault;
    private int waitingAccess;

    /// Null while x87 and vector state are here.
    private Runnable extendedElsewhere;

    /// Whether they are not.
    boolean extendedAway;

    /// Null while the counter is the machine's clock.
    private LongSupplier counter;

    /// @param taker null for nobody any more
    void offerUserCode(UserCodeTaker taker) {
        userCodeTaker = taker;
        offersProtectedMode = taker != null && taker.takesProtectedMode();
        inUserCode = cpl == 3;
        userCodeStart = retiredInstructions();
        entryWeight = 1;
        clearAttention(ATTENTION_USER_CODE);
        tbs.announce(taker == null ? gpa -> {} : taker::codeFound);
    }

    @Override
    protected void keepNativeCodeOut() {
        UserCodeTaker taker = userCodeTaker;
        if (taker != null) {
            taker.keepOut();
        }
    }

    @Override
    protected void letNativeCodeIn() {
        UserCodeTaker taker = userCodeTaker;
        if (taker != null) {
            taker.letIn();
        }
    }

    private void noteUserCode() {
        boolean user = cpl == 3;
        if (user == inUserCode) {
            return;
        }
        inUserCode = user;
        if (user) {
            userCodeStart = retiredInstructions();
            entryWeight = 1;
            request(ATTENTION_USER_CODE);
        } else if (userCodeStart >= 0) {
            userCodeTaker.translated(addressSpace(), retiredInstructions() - userCodeStart, false);
        }
    }

    /// User code that computes need not wait for the next tick to be offered again.
    @Override
    public void stretched() {
        if (userCodeTaker != null && isLongTranslated()) {
            request(ATTENTION_USER_CODE);
        }
    }

    private void countUserCode() {
        if (isLongTranslated()) {
            long now = retiredInstructions();
            userCodeTaker.translated(addressSpace(), now - userCodeStart, true);
            userCodeStart = now;
        }
    }

    private boolean isLongTranslated() {
        return inUserCode
                && userCodeStart >= 0
                && retiredInstructions() - userCodeStart >= LONG_TRANSLATED;
    }

    /// Whether somebody else may have the instruction that raised #UD.
    private boolean isUndefinedHereOnly() {
        return faultVector == UD
                && userCodeTaker != null
                && isAtUserCode()
                && userCodeTaker.wantsUndefined(pc);
    }

    boolean isAtUserCode() {
        return cpl == 3
                && (is64() || offersProtectedMode && isPagedProtectedMode())
                && (cr0 & (CR0_TS | CR0_EM)) == 0
                && (cr4 & (CR4_TSD | CR4_LA57)) == 0
                && (dr[7] & DR7_BREAKPOINTS) == 0
                && iopl() == 0
                && !flag(RFLAGS_TF)
                && !trapPending
                && (attention() & ATTENTION_SHADOW) == 0;
    }

    /// Not where SSE is off, which 64-bit kernels have on.
    private boolean isPagedProtectedMode() {
        return (cr0 & CR0_PG) != 0 && !isVm86() && (cr4 & CR4_OSFXSR) != 0;
    }

    /// As [UserState#addressSpace].
    long addressSpace() {
        return Paging.topTable(this);
    }

    @Override
    public int promises() {
        int promises = interruptPromises();
        if (FpuState.allowsSse(this)) {
            promises |= fp.masksAll() ? PROMISE_VECTORS | PROMISE_FLOATS : PROMISE_VECTORS;
        }
        return promises;
    }

    /// With interrupts held off none may wait that STI or SYSRET would have to let in; one that comes later asks for attention.
    private int interruptPromises() {
        if (!flag(RFLAGS_IF) && isWoken()) {
            return 0;
        }
        return changesLevel ? PROMISE_INTERRUPTS | PROMISE_LEVELS : PROMISE_INTERRUPTS;
    }

    @Override
    public void codeLeft() {
        segments[GS].base = r[SEGMENT_BASE + GS];
    }

    @Override
    public boolean countsAsHost() {
        return counter instanceof HostCounter;
    }

    @Override
    public void addTemporaries(BitSet slots) {
        slots.set(T0, T2 + 1);
    }

    @Override
    public int stackSlot() {
        return RSP;
    }

    @Override
    public long otherMode() {
        return mode ^ 3 << MODE_CPL_SHIFT;
    }

    @Override
    public long otherTlb() {
        boolean keepsOut = cpl == 3 && (cr4 & CR4_SMAP) != 0;
        return tlbs[cpl != 3 ? USER : keepsOut ? SUPERVISOR_SMAP : SUPERVISOR].address();
    }

    @Override
    public void levelChanged(int how) {
        if (how == SystemCalls.CALLED) {
            cpl = 0;
            SystemCalls.enterSegments(this, true);
        } else {
            cpl = 3;
            SystemCalls.returnSegments(this, true);
        }
        updateMode();
    }

    @Override
    public int floatControl() {
        return fp.mxcsr;
    }

    @Override
    public void floatControl(int mxcsr) {
        fp.mxcsr = mxcsr;
    }

    @Override
    public void saveUser(UserState to) {
        System.arraycopy(r, 0, to.gpr, 0, 16);
        to.rip = pc;
        to.rflags = rflags();
        for (int i = 0; i < 6; i++) {
            to.segments[i].copyFrom(segments[i]);
        }
        to.cr0 = cr0;
        to.cr4 = cr4;
        to.efer = efer;
        to.addressSpace = addressSpace();
        to.xcr0 = (cr4 & CR4_OSXSAVE) != 0 ? xcr0 : 0;
    }

    @Override
    public void loadUser(UserState from) {
        faultWaits = false;
        System.arraycopy(from.gpr, 0, r, 0, 16);
        pc = from.rip;
        setRflags(from.rflags);
        if (is64()) {
            loadSelectors(from);
        } else {
            loadSegments(from);
        }
        updateMmuIndex(); // RFLAGS.AC may have changed
        userCodeStart = -1; // the slice is not the translator's alone
        entryWeight = WEIGHT_OF_REQUEST;
        clearAttention(ATTENTION_USER_CODE);
    }

    private void loadSelectors(UserState from) {
        for (int i = 0; i < 6; i++) {
            if (segments[i].selector != from.segments[i].selector) {
                followSelector(i, from.segments[i].selector);
            }
        }
        long fsBase = from.segments[FS].base;
        long gsBase = from.segments[GS].base;
        segments[FS].base = fsBase;
        segments[GS].base = gsBase;
        r[SEGMENT_BASE + FS] = fsBase;
        r[SEGMENT_BASE + GS] = gsBase;
    }

    /// What is as before but for its selector is known by that alone.
    private void loadSegments(UserState from) {
        for (int i = 0; i < 6; i++) {
            Segment there = from.segments[i];
            Segment here = segments[i];
            boolean same =
                    there.base == here.base
                            && there.limit == here.limit
                            && there.attributes == here.attributes;
            if (same && there.selector != here.selector) {
                followSelector(i, there.selector);
            } else if (!same) {
                here.copyFrom(there);
                updateMode();
            }
        }
    }

    /// User code has loaded a segment register elsewhere. What the guest's tables don't have is of no use to its other code.
    private void followSelector(int register, int selector) {
        long faultAddress = cr2;
        try {
            Descriptors.load(this, register, selector);
        } catch (GuestFault _) {
            cr2 = faultAddress;
            segments[register].set(selector, 0, 0, Segment.UNUSABLE);
            updateMode();
        }
    }

    /// Copies out a descriptor table.
    ///
    /// @return how many descriptors
    int descriptors(boolean local, long[] to) {
        if (local && (ldtr.has(Segment.UNUSABLE) || !ldtr.has(Segment.P))) {
            return 0;
        }
        long base = local ? ldtr.base : gdtBase;
        int limit = local ? ldtr.limit : gdtLimit;
        int count = (int) Math.min((limit & 0xffff_ffffL) + 1 >>> 3, to.length);
        long faultAddress = cr2;
        long before = enterSystemAccess();
        try {
            for (int i = 0; i < count; i++) {
                to[i] = load(base + 8L * i & linearMask(), 8);
            }
            return count;
        } catch (GuestFault _) {
            cr2 = faultAddress;
            return 0;
        } finally {
            leaveSystemAccess(before);
        }
    }

    @Override
    public void saveExtended(X86State to) {
        FpuState.save(this, to);
    }

    /// Leaves x87 and vector state with somebody who brings it by [#loadExtended] when asked.
    void leaveExtended(Runnable bring) {
        extendedElsewhere = bring;
        extendedAway = true;
    }

    /// Whether x87 and vector state is here.
    boolean hasExtended() {
        return !extendedAway;
    }

    /// Has x87 and vector state here.
    void needExtended() {
        if (extendedAway) {
            extendedAway = false;
            extendedElsewhere.run();
        }
    }

    Rehearsal rehearsal() {
        StoreLog stores = new StoreLog();
        return new UserRehearsal(this, new Replay(this, stores), stores);
    }

    /// From now on nothing outside may notice, and stores are recorded; or no longer, without a log.
    void rehearse(StoreLog log) {
        rehearsing = log != null;
        recordStores(log, false);
        forgetFetch();
        faultingInRegion = null;
        exit = null;
    }

    /// Whether the fetch of the next instruction is what fails.
    boolean isFetching() {
        return fetching;
    }

    /// The fault that is about to be thrown is of such a fetch.
    void failFetch() {
        fetching = true;
    }

    /// A fetch that failed was nobody's.
    void forgetFetch() {
        fetching = false;
    }

    @Override
    public void loadExtended(X86State from) {
        System.arraycopy(from.xsave, 0, loaded.xsave, 0, from.xsave.length);
        FpuState.load(this, from);
    }

    /// As a user's access: false if it would fault.
    boolean touch(long linear, boolean write, boolean fetch) {
        long faultAddress = cr2;
        try {
            walk(linear, write ? STORE : fetch ? FETCH : LOAD);
            return true;
        } catch (GuestFault _) {
            cr2 = faultAddress;
            return false;
        }
    }

    /// Has the guest raise the page fault of an access at [#pc], first thing when it runs again. As the access is made again
    /// otherwise, whatever comes between may forget it.
    void raisePageFault(long linear, boolean write, boolean fetch) {
        faultWaits = true;
        waitingFault = linear;
        waitingAccess = write ? STORE : fetch ? FETCH : LOAD;
    }

    private void raiseWaitingFault() {
        faultWaits = false;
        try {
            walk(waitingFault, waitingAccess);
        } catch (GuestFault _) {
            faults++;
            exceptions[faultVector & 31]++;
            Events.exception(this);
        }
    }

    /// Has the guest's time-stamp counter follow another one, which no guest can stop, for the rest of its life.
    public void useCounter(LongSupplier source) {
        counter = source;
        tscOffset = 0;
    }

    /// Whether the guest sees a counter that neither it nor the machine can set or stop.
    boolean hasForeignCounter() {
        return counter != null;
    }

    /// The interrupt flag was set, or NMIs are no longer blocked: what waits may come in.
    void interruptsEnabled() {
        if (isWoken()) {
            request(ATTENTION_INTERRUPT);
        }
    }

    /// Runs the next instruction as a block of its own, which no interrupt precedes.
    MicroOp runAlone() {
        runMode = mode | MODE_ALONE;
        try {
            MicroOp head = lookup();
            current = null;
            retired++;
            return head.next;
        } finally {
            runMode = mode;
        }
    }

    private boolean isWoken() {
        return interrupts.pending() || nmiPending && !nmiBlocked;
    }

    /// Runs the guest until it needs the host; the reason is in [#exit].
    void run() {
        activity = Sampler.RUNNING;
        enterGuest();
        try {
            runUntilExit();
        } finally {
            leaveGuest();
            activity = Sampler.OUTSIDE;
        }
    }

    /// Enters guest code again in the midst of a run.
    void reenter() {
        enterGuest();
    }

    /// Leaves it for a moment.
    void pause() {
        leaveGuest();
    }

    /// Whether others run in its memory at the same time, from now on.
    void setShared(boolean others) {
        if (others && !shared) {
            tbs.clear(); // they keep no order between accesses
        }
        shared = others;
    }

    private void runUntilExit() {
        exit = null;
        if (isWoken()) {
            request(ATTENTION_INTERRUPT);
        }
        if (halted && !(flag(RFLAGS_IF) && interrupts.pending() || nmiPending && !nmiBlocked)) {
            exit = (attention() & ATTENTION_KICK) != 0 ? Exit.Kicked.KICKED : Exit.Halt.HALT;
            clearAttention(ATTENTION_KICK);
            return;
        }
        halted = false;
        if (faultWaits) {
            raiseWaitingFault();
        }
        runUntilExit(false);
    }

    /// Runs one instruction, or what its fault leads to; [#exit] is [Exit.Kicked] if nothing else came up.
    void step() {
        exit = null;
        halted = false;
        clearAttention(ATTENTION_SHADOW);
        request(ATTENTION_STEP);
        runUntilExit(true);
        clearAttention(ATTENTION_STEP);
    }

    /// @param firstAlone whether the first instruction comes before anything else
    private void runUntilExit(boolean firstAlone) {
        MicroOp at = null;
        boolean alone = firstAlone;
        while (exit == null) {
            at = null;
            try {
                at = alone ? runAlone() : lookup();
                alone = false;
                while (at != null) {
                    at = runChain(at);
                }
            } catch (GuestFault fault) {
                if (fetching && trapPending) {
                    // The single step over a branch comes before the fault of what it went to.
                    fetching = false;
                    trapPending = false;
                    dr[6] |= DR6_BS;
                    Events.trap(this, DB);
                    continue;
                }
                MicroOp op = fetching ? null : faulting;
                faulting = null;
                fetching = false;
                if (taskSwitched) {
                    taskSwitched = false;
                    op = null;
                }
                if (op != null) {
                    pc = op.pc;
                    if (current instanceof Tb tb) {
                        retired -= tb.insns - op.index;
                    }
                }
                if (fault == GuestFault.RETRY_ALONE) {
                    alone = true;
                } else if (program != null) {
                    program.faulted();
                } else if (isUndefinedHereOnly()) {
                    exit = Exit.UserCode.USER_CODE;
                } else {
                    faults++;
                    exceptions[faultVector & 31]++;
                    if (op != null) {
                        FaultCause.complete(this);
                    }
                    if (tracer != null) {
                        tracer.fault();
                    }
                    Events.exception(this);
                    leaveIfAsked();
                }
            }
        }
    }

    /// An exception whose handler can't be fetched leads to the next, and no block is entered that would look for
    /// requests.
    private void leaveIfAsked() {
        if (exit == null && (attention() & (ATTENTION_KICK | ATTENTION_STEP)) != 0) {
            clearAttention(ATTENTION_KICK | ATTENTION_STEP);
            exit = Exit.Kicked.KICKED;
        }
    }

    /// What its TLBs hold, in lines for a reader.
    String describeTlbs() {
        return describeTlbs(TLB_NAMES);
    }
}
