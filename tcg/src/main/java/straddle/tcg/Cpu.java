package straddle.tcg;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import straddle.core.bus.IoRange;
import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;
import straddle.core.observe.ExitObserver;
import straddle.core.vcpu.ExitCounts;
import straddle.core.vcpu.Statistics;
import straddle.tcg.block.Code;
import straddle.tcg.block.Tb;
import straddle.tcg.block.TbCache;
import straddle.tcg.machine.MachineCode;
import straddle.tcg.mmu.Raw;
import straddle.tcg.mmu.Tlb;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;
import straddle.tcg.region.Regions;

/// What the interpreter needs of a guest CPU of any architecture: register slots, lazy flags, the
/// softmmu and the translation blocks. The architecture's own state is a subclass's.
///
/// One thread runs it; only [#request] may be called by others.
public abstract class Cpu {
    private static final int MOST_TLB_LINES = 40;

    /// What [#flushData] drops page by page.
    public static final long MOST_PAGES_ONE_BY_ONE = 64;

    /// Access kinds for [#walk].
    public static final int LOAD = 0;

    public static final int STORE = 1;
    public static final int FETCH = 2;

    /// Somebody else wants the vCPU's thread: leave the guest.
    public static final int ATTENTION_KICK = 1;

    /// An interrupt may be pending.
    public static final int ATTENTION_INTERRUPT = 2;

    /// Code was written by somebody else, or a region is ready.
    public static final int ATTENTION_HOUSEKEEPING = 4;

    /// The architecture's own reasons start here.
    public static final int ATTENTION_FIRST_OWN = 16;

    private static final VarHandle ATTENTION;

    static {
        try {
            ATTENTION = MethodHandles.lookup().findVarHandle(Cpu.class, "attention", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int JUMP_CACHE = 4096;
    private static final int CODE_FILTER = 4096;
    private static final int LARGE_SHIFT = 22;
    private static final int LARGE_FILTER = 1024;

    /// The guest's registers and the translator's temporaries, by slot.
    public final long[] r;

    /// A second register file, which the region compiler knows too; empty if the architecture has its vectors elsewhere.
    public final long[] vectors;

    /// Lazy flags, see [Flags].
    public int flagKind;

    public long flagResult;
    public long flagA;
    public long flagB;

    /// Address of the TLB of the present privilege, for the inlined fast path.
    public long tlb;

    /// The guest's program counter; true only outside blocks.
    public long pc;

    /// Guest instructions retired by the interpreter, at the granularity of blocks.
    public long retired;

    /// Guest instructions retired in regions.
    public long retiredInRegions;

    /// What the vCPU's thread is at besides running guest code, for [Sampler]: one of the constants there.
    public int activity;

    /// Changes whenever virtual addresses may translate differently: links between pages hold for one epoch.
    public int epoch;

    /// The same for pages that every address space has.
    public int globalEpoch;

    /// What is being run, or null for an instruction on its own.
    public Code current;

    /// The micro-op within a region that raised the [GuestFault] on its way, or null.
    public MicroOp faultingInRegion;

    /// The micro-op that raised the [GuestFault] which ended [#runChain].
    protected MicroOp faulting;

    /// Whether other vCPUs run at the same time, so that LOCK must be atomic on the host and accesses keep x86's order.
    protected boolean shared;

    /// The vCPUs of the VM, this one too.
    private CpuGroup group = new CpuGroup(Optional.empty());

    private Runnable whenClosed = () -> {};

    /// Pages to translate anew, for the group; only this vCPU's thread.
    final ArrayDeque<CpuGroup.Check> checks = new ArrayDeque<>();

    volatile boolean checking;
    volatile long passed;
    volatile boolean inGuest;
    private volatile boolean mapChanged;
    private volatile Thread runner;
    private final ConcurrentLinkedQueue<CodeRange> codeWritten = new ConcurrentLinkedQueue<>();

    private record CodeRange(long gpa, long length) {}

    public final AddressSpace memory;
    public final PortBus ports;
    public final TbCache tbs;

    /// Address of the TLB of the mode that checks alignment, which stays empty; 0 where there is none.
    protected long alignmentTlb;

    /// A fault now is that of the instruction at [#pc], not of the micro-op that went there.
    protected boolean fetching;

    /// Whether there are breakpoints on data.
    protected boolean watching;

    /// Compiles hot blocks; null to interpret only.
    public Regions regions;

    /// Compiles warm blocks; null if there is no machine code.
    public MachineCode machine;

    /// Where the host's code looks for [#attention], or 0.
    private long attentionMirror;

    /// How many of the TLBs' sites regions have been given.
    public final AtomicInteger sites = new AtomicInteger();

    protected final Tlb[] tlbs;
    private Region.Ram lastRam;
    private final Tb[] jumpCache = new Tb[JUMP_CACHE];
    private final long[] fetchTag = new long[256];
    private final long[] fetchGpa = new long[256];
    private final boolean[] fetchGlobal = new boolean[256];

    /// By the low bits of an address >>> 12: whether code may have been fetched from the page.
    private final long[] codePages = new long[CODE_FILTER / 64];

    /// By the low bits of an address >>> 22: whether a part of a larger page may be in a TLB.
    private final long[] largePages = new long[LARGE_FILTER / 64];

    // Read as a plain volatile field: a VarHandle costs many times that until C2 has compiled its
    // user.
    private volatile int attention;

    /// How much an interpreted block's entry counts on its way to a region.
    public int entryWeight = 1;

    /// Whether what it does is going to be taken back, so that no device may be accessed.
    protected boolean rehearsing;

    public long tlbMisses;

    /// How often a region was left for an access that the TLB did not answer.
    public long regionMisses;

    public long tlbFlushes;
    public long pageFlushes;
    public long faults;
    public long mmioReads;
    public long mmioWrites;
    private ExitObserver accesses;
    private StoreLog stores;
    private int id;

    /// Whether instructions that access devices run alone.
    protected boolean devicesAlone;

    private long insnsTranslated;
    private long translateNanos;

    /// @param slots size of the register file
    /// @param mmuIndexes how many privileges have a TLB of their own
    protected Cpu(int slots, int mmuIndexes, AddressSpace memory, PortBus ports, Arena arena) {
        this(slots, 0, mmuIndexes, memory, ports, arena);
    }

    /// @param vectorSlots size of the second register file
    protected Cpu(
            int slots,
            int vectorSlots,
            int mmuIndexes,
            AddressSpace memory,
            PortBus ports,
            Arena arena) {
        this.r = new long[slots];
        this.vectors = new long[vectorSlots];
        this.memory = memory;
        this.ports = ports;
        this.tlbs = new Tlb[mmuIndexes];
        for (int i = 0; i < mmuIndexes; i++) {
            tlbs[i] = new Tlb(arena, sites);
        }
        this.tlb = tlbs[0].address();
        this.tbs = new TbCache(memory, new GroupWatch());
        group.add(this);
        java.util.Arrays.fill(fetchTag, -1);
    }

    // ---- attention

    /// Any pending reason to leave straight-line execution; read once a block.
    public final boolean wantsAttention() {
        return attention != 0;
    }

    public final int attention() {
        return attention;
    }

    /// Asks the running block chain to stop at the next block. Any thread.
    public final void request(int reasons) {
        ATTENTION.getAndBitwiseOr(this, reasons);
        if (attentionMirror != 0) {
            Raw.putInt(attentionMirror, 1);
        }
    }

    /// Has 4 bytes of the host's memory become 1 with every request; whoever reads them clears them.
    public final void mirrorAttention(long address) {
        attentionMirror = address;
    }

    public final void clearAttention(int reasons) {
        ATTENTION.getAndBitwiseAnd(this, ~reasons);
    }

    /// Machine code has run for some ten thousand instructions since it was entered or this was last called.
    public void stretched() {}

    /// Called by a block's head when [#wantsAttention()]: returns where to go on, or null to leave the guest.
    public abstract MicroOp attend(Tb at);

    // ---- with other vCPUs

    /// Makes this one of a VM's vCPUs; before it runs.
    ///
    /// @param isShared whether there are others
    public final void join(CpuGroup all, boolean isShared) {
        group.remove(this);
        group = all;
        shared = isShared;
        all.add(this);
    }

    public final boolean isShared() {
        return shared;
    }

    public final CpuGroup group() {
        return group;
    }

    /// Code of this vCPU's may have been overwritten by a device or another vCPU. Any thread.
    ///
    /// @param length bytes, within a page
    public final void codeWritten(long gpa, long length) {
        codeWritten.add(new CodeRange(gpa, length));
        request(ATTENTION_HOUSEKEEPING);
    }

    /// Memory that may hold code of this vCPU's has gone, and something else may be there next. Any thread.
    public final void codeGone(long start, long end) {
        codeWritten.add(new CodeRange(start, end - start));
        request(ATTENTION_HOUSEKEEPING);
    }

    /// The memory map changed: at once for the vCPU whose thread calls, soon for another. Any thread.
    public final void mapChanged() {
        if (runner == Thread.currentThread()) {
            forgetMap();
        } else {
            mapChanged = true;
            request(ATTENTION_HOUSEKEEPING);
        }
    }

    /// Does what others have asked for, between two blocks.
    protected final void keepHouse() {
        if (mapChanged) {
            mapChanged = false;
            forgetMap();
        }
        if (shared) {
            group.atBoundary(this);
        } else {
            checks.clear();
        }
        for (CodeRange range = codeWritten.poll(); range != null; range = codeWritten.poll()) {
            tbs.dropRange(range.gpa, range.gpa + range.length);
        }
        if (regions != null) {
            regions.install();
        }
    }

    /// The vCPU's thread begins to run guest code.
    protected final void enterGuest() {
        runner = Thread.currentThread();
        if (shared) {
            group.enter(this);
        }
        if (mapChanged || !codeWritten.isEmpty()) {
            keepHouse();
        }
    }

    protected final void leaveGuest() {
        if (shared) {
            group.leave(this);
        }
        runner = null;
    }

    private final class GroupWatch implements TbCache.CodeWatch {
        @Override
        public void holds(Region.Ram ram, long page) {
            group.holds(Cpu.this, ram, page);
        }

        @Override
        public void releases(long page) {
            group.releases(Cpu.this, page);
        }

        @Override
        public void disarmIfUnheld(Region.Ram ram, long page) {
            group.disarmIfUnheld(ram, page);
        }
    }

    // ---- blocks

    /// Everything besides the address that a block's translation depends on.
    public abstract long modeKey();

    /// Vectors may be used, and are here.
    public static final int PROMISE_VECTORS = 1;

    /// The host's SSE arithmetic is the guest's, exceptions and all, with [#floatControl()] in MXCSR: all exceptions
    /// are masked.
    public static final int PROMISE_FLOATS = 2;

    /// Code may go to [#otherMode()], and back, by itself.
    public static final int PROMISE_LEVELS = 4;

    /// Interrupts may be let in by setting their flag: none waits for it.
    public static final int PROMISE_INTERRUPTS = 8;

    /// What holds until the next micro-op that runs in Java, a sum of promises; slots have what is needed for it.
    public int promises() {
        return 0;
    }

    /// The mode that [#PROMISE_LEVELS] is about: that of a program for a kernel, and of a kernel for a program.
    public long otherMode() {
        throw new UnsupportedOperationException();
    }

    /// The address of that mode's TLB.
    public long otherTlb() {
        throw new UnsupportedOperationException();
    }

    /// Under [#PROMISE_LEVELS] compiled code went to the other mode, perhaps more than once. Slots are up to date.
    ///
    /// @param how the last time, as [straddle.tcg.op.Emitter#jumpToOtherLevel] was told
    public void levelChanged(int how) {
        throw new UnsupportedOperationException();
    }

    /// Compiled code has come back: what it has changed in slots may be elsewhere, too.
    public void codeLeft() {}

    /// Whether the guest's time-stamp counter is the host's, for as long as it lives.
    public boolean countsAsHost() {
        return false;
    }

    /// MXCSR for arithmetic under [#PROMISE_FLOATS].
    public int floatControl() {
        return 0;
    }

    /// Takes it back after that, with the exceptions that have been noted in it.
    public void floatControl(int mxcsr) {}

    /// The slot of the stack pointer.
    public abstract int stackSlot();

    /// Adds the slots that mean nothing between guest instructions, nor behind a micro-op that has direct jumps.
    public void addTemporaries(BitSet slots) {}

    /// Adds the slots that always hold a zero-extended word.
    public void addWords(BitSet slots) {}

    /// What is added to [#pc] to give a virtual address.
    public abstract long fetchBase();

    /// Translates a block at the present [#pc] and mode; may throw [GuestFault] for the first instruction's fetch.
    protected abstract Tb translate(long gpa);

    /// The first micro-op of the block at [#pc], translated if need be.
    public final MicroOp lookup() {
        return lookupTb().first;
    }

    /// The block at [#pc], translated if need be.
    public final Tb block() {
        return lookupTb();
    }

    /// Begins a block as its head does, but without looking for requests first.
    public final MicroOp enter(Tb tb) {
        current = tb;
        retired += tb.insns;
        return tb.head.next;
    }

    /// The interpreter's loop: in a method of its own, so that a fault knows its micro-op.
    protected final MicroOp runChain(MicroOp first) {
        MicroOp op = first;
        try {
            while (true) {
                MicroOp next = op.exec(this);
                if (next == null) {
                    return null;
                }
                op = next;
            }
        } catch (GuestFault fault) {
            faulting = faultingInRegion == null ? op : faultingInRegion;
            faultingInRegion = null;
            throw fault;
        }
    }

    private Tb lookupTb() {
        long at = pc + fetchBase();
        int slot = (int) (at ^ at >>> 12) & JUMP_CACHE - 1;
        Tb tb = jumpCache[slot];
        if (tb != null && tb.pc == pc && isFound(tb) && tb.valid && tb.mode == modeKey()) {
            return tb;
        }
        return lookupSlowly(at, slot);
    }

    /// Whether a block is still found at its virtual address.
    private boolean isFound(Tb tb) {
        return tb.epoch == (tb.isGlobal ? globalEpoch : epoch);
    }

    private boolean isFetchedGlobally(long virtual) {
        return fetchGlobal[(int) (virtual >>> 12) & 255];
    }

    private Tb lookupSlowly(long at, int slot) {
        fetching = true;
        long gpa = fetchAddress(at);
        Tb tb = tbs.find(gpa, pc, modeKey());
        if (tb != null && tb.spansPages() && fetchAddress((at | 4095) + 1) != tb.secondPage) {
            tbs.invalidate(tb);
            tb = null;
        }
        if (tb == null) {
            tbs.watchPage(gpa & -4096);
            tb = translateTimed(gpa);
            if (tb.spansPages() && !tbs.watchPage(tb.secondPage)) {
                tb = translateTimed(gpa); // the second page may have changed until now
            }
            tbs.add(tb);
        }
        tb.isGlobal =
                isFetchedGlobally(at) && (!tb.spansPages() || isFetchedGlobally((at | 4095) + 1));
        tb.epoch = tb.isGlobal ? globalEpoch : epoch;
        jumpCache[slot] = tb;
        fetching = false;
        return tb;
    }

    private Tb translateTimed(long gpa) {
        long start = System.nanoTime();
        activity = Sampler.TRANSLATING;
        try {
            Tb tb = translate(gpa);
            insnsTranslated += tb.insns;
            return tb;
        } finally {
            activity = Sampler.RUNNING;
            translateNanos += System.nanoTime() - start;
        }
    }

    /// Follows a direct jump whose link is not (any more) set, and links it.
    public final MicroOp chain(Jump jump, long target) {
        pc = target;
        Tb tb = lookupTb();
        jump.link(tb, epoch);
        return tb.first;
    }

    /// The guest-physical address of code at a virtual address. Throws [GuestFault].
    public final long fetchAddress(long virtual) {
        int slot = (int) (virtual >>> 12) & 255;
        long tag = virtual & -4096 | fetchRights();
        if (fetchTag[slot] == tag) {
            return fetchGpa[slot] | virtual & 4095;
        }
        long gpa = walk(virtual, FETCH);
        fetchTag[slot] = tag;
        fetchGpa[slot] = gpa & -4096;
        fetchGlobal[slot] = (walkedKind() & Tlb.GLOBAL) != 0;
        int page = (int) (virtual >>> 12) & CODE_FILTER - 1;
        codePages[page >>> 6] |= 1L << page;
        return gpa;
    }

    /// Has something done when this CPU leaves its group for good.
    public final void whenClosed(Runnable action) {
        whenClosed = action;
    }

    /// Leaves its group: it does not run any more.
    public final void leaveGroup() {
        group().remove(this);
        whenClosed.run();
    }

    /// Guest instructions retired in either tier.
    public final long retiredInstructions() {
        return retired + retiredInRegions;
    }

    /// Adds this processor's figures, all but the architecture's own.
    protected void statistics(Statistics to, Sampler sampler) {
        sampler.tiers(this, to);
        to.count("translation", "blocks translated", tbs.translated());
        to.count("translation", "instructions translated", insnsTranslated);
        to.nanos("translation", "time to translate", translateNanos);
        to.count("translation", "blocks kept", tbs.size());
        to.count("translation", "blocks invalidated", tbs.invalidated());
        to.count("translation", "blocks displaced", tbs.displaced());
        if (regions != null) {
            regions.statistics(to);
        }
        if (machine != null) {
            machine.statistics(to);
        }
        to.count("memory", "TLB misses", tlbMisses);
        to.count("memory", "regions left for one", regionMisses);
        to.count("memory", "TLB flushes", tlbFlushes);
        to.count("memory", "page flushes", pageFlushes);
        to.countAny("exits", "MMIO read", mmioReads);
        to.countAny("exits", "MMIO write", mmioWrites);
    }

    /// A block has become hot.
    public final void hot(Tb tb) {
        if (regions != null) {
            regions.request(tb);
        }
    }

    // ---- memory

    /// Translates a virtual address, sets accessed and dirty bits; throws [GuestFault].
    ///
    /// @return the guest-physical address
    protected abstract long walk(long virtual, int access);

    /// Whether the last [#walk] for a load found the page writable and dirty, so that stores need no walk.
    protected abstract boolean walkedWritable();

    /// What the last [#walk] found: sum of [Tlb#GLOBAL] and [Tlb#LARGE].
    protected abstract int walkedKind();

    /// A small number for the rights that fetches have now: those with other ones translate anew.
    protected abstract int fetchRights();

    /// An access that the [#alignmentTlb]'s mode forbids.
    protected abstract GuestFault misaligned();

    /// Has user code that this vCPU runs outside the translator stop, and stay where it is until it is let in again.
    protected void keepNativeCodeOut() {}

    protected void letNativeCodeIn() {}

    /// An instruction's access that is not aligned where it must be, whatever the mode.
    public GuestFault misaligned(long virtual, boolean store) {
        return misaligned();
    }

    /// Whether a breakpoint on data lies in a page: its accesses always take the slow path.
    protected abstract boolean watchesPage(long page);

    /// Whether an access meets a breakpoint.
    protected abstract boolean watches(long virtual, int width, int access);

    /// One that does is made, by an instruction that runs on its own.
    protected abstract void watchedAccess(long virtual, int width, int access);

    /// The limit of virtual addresses' low bits: all ones for 64-bit guests, 0xffff_ffff for 32-bit ones.
    public abstract long addressMask();

    /// What each TLB holds, in lines for a reader; one that holds nothing is left out.
    ///
    /// @param names of the TLBs, by number
    protected final String describeTlbs(List<String> names) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < tlbs.length; i++) {
            String entries = tlbs[i].describe(MOST_TLB_LINES);
            if (!entries.startsWith("0 ")) {
                text.append(names.get(i)).append(": ").append(entries);
            }
        }
        return text.isEmpty() ? "All TLBs are empty.\n" : text.toString();
    }

    public final void flushTlbs() {
        for (Tlb each : tlbs) {
            each.flush();
        }
        java.util.Arrays.fill(largePages, 0);
        java.util.Arrays.fill(codePages, 0);
        forgetFetches();
        tlbFlushes++;
    }

    /// The address space changes: pages that every one has stay.
    public final void flushNonGlobal() {
        for (Tlb each : tlbs) {
            each.flushNonGlobal();
        }
        for (int i = 0; i < fetchTag.length; i++) {
            if (!fetchGlobal[i]) {
                fetchTag[i] = -1;
            }
        }
        epoch++;
        tlbFlushes++;
    }

    private void forgetFetches() {
        java.util.Arrays.fill(fetchTag, -1);
        epoch++;
        globalEpoch++;
    }

    /// Drops a range's pages, which hold no code that has been run: links between blocks stay.
    ///
    /// @param end behind the last byte; -1 for everything
    public final void flushData(long start, long end) {
        tlbFlushes++;
        boolean few = end != -1 && end - start <= MOST_PAGES_ONE_BY_ONE << 12;
        for (Tlb each : tlbs) {
            if (few) {
                each.flushPages(start, end);
            } else {
                each.flush();
            }
        }
    }

    public final void flushPage(long virtual) {
        pageFlushes++;
        int large = (int) (virtual >>> LARGE_SHIFT) & LARGE_FILTER - 1;
        boolean mayBeLarge = (largePages[large >>> 6] & 1L << large) != 0;
        for (Tlb each : tlbs) {
            if (mayBeLarge) {
                each.flushLarge(virtual);
            }
            each.flushPage(virtual);
        }
        // Code's pages are remembered one by one, whatever their size.
        int page = (int) (virtual >>> 12) & CODE_FILTER - 1;
        if (mayBeLarge || (codePages[page >>> 6] & 1L << page) != 0) {
            forgetFetches();
        }
    }

    /// A load that the TLB did not answer. Zero-extended.
    public final long loadSlowly(long virtual, int width) {
        if ((virtual & 4095) + width > 4096) {
            return loadAcross(virtual, width);
        }
        tlbMisses++;
        long gpa = walk(virtual, LOAD);
        checkAlignment(virtual, width);
        if (watching) {
            noteWatched(virtual, width, LOAD);
        }
        Region.Ram ram = ramAt(gpa);
        if (ram != null) {
            fill(virtual, gpa, ram, walkedWritable());
            return rawLoad(ram.hva(gpa), width);
        }
        return readDevice(gpa, width);
    }

    private long readDevice(long gpa, int width) {
        requireAlone();
        mmioReads++;
        long start = beginAccess();
        long value = memory.read(gpa, width);
        endAccess(ExitCounts.Kind.MMIO_READ, gpa, width, value, start);
        return value;
    }

    private void writeDevice(long gpa, int width, long value) {
        requireAlone();
        mmioWrites++;
        long start = beginAccess();
        memory.write(gpa, width, value);
        endAccess(ExitCounts.Kind.MMIO_WRITE, gpa, width, value, start);
    }

    /// Has an instruction that is about to access a device run alone, where its address must be known or its
    /// access must not happen twice.
    public final void requireAlone() {
        if (rehearsing || devicesAlone && current != null) {
            throw GuestFault.RETRY_ALONE;
        }
    }

    protected final long beginAccess() {
        activity = Sampler.IN_DEVICE;
        return accesses == null ? 0 : System.nanoTime();
    }

    protected final void endAccess(
            ExitCounts.Kind kind, long address, int width, long value, long start) {
        activity = Sampler.RUNNING;
        if (accesses != null) {
            long nanos = System.nanoTime() - start;
            accesses.access(
                    new ExitObserver.Access(
                            id, kind, pc, address, width, value, device(kind, address)),
                    nanos);
        }
    }

    private String device(ExitCounts.Kind kind, long address) {
        if (kind == ExitCounts.Kind.PORT_READ || kind == ExitCounts.Kind.PORT_WRITE) {
            IoRange range = ports.at((int) address);
            return range == null ? "" : range.name();
        }
        Region region = memory.at(address);
        return region == null ? "" : region.name();
    }

    /// Has accesses to devices told from now on.
    public final void observe(int vcpu, ExitObserver by) {
        id = vcpu;
        accesses = by;
        devicesAlone |= by != null;
    }

    /// An instruction that meets a breakpoint runs as a block of its own, so that the trap comes right after it.
    private void noteWatched(long virtual, int width, int access) {
        if (watches(virtual, width, access)) {
            if (current != null) {
                throw GuestFault.RETRY_ALONE;
            }
            watchedAccess(virtual, width, access);
        }
    }

    private long loadAcross(long virtual, int width) {
        long mask = addressMask();
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= load(virtual + i & mask, 1) << 8 * i;
        }
        checkAlignment(virtual, width);
        return value;
    }

    /// A store that the TLB did not answer.
    public final void storeSlowly(long virtual, int width, long value) {
        if ((virtual & 4095) + width > 4096) {
            storeAcross(virtual, width, value);
            return;
        }
        tlbMisses++;
        long gpa = walk(virtual, STORE);
        checkAlignment(virtual, width);
        if (watching) {
            noteWatched(virtual, width, STORE);
        }
        Region.Ram ram = ramAt(gpa);
        if (ram != null && !ram.readOnly()) {
            long offset = gpa - ram.gpa() + ram.offset();
            int readers = ram.block().dirty().readersAt(offset);
            if (readers != 0) {
                noteStore(gpa, width, ram, offset, readers);
            }
            if (stores != null) {
                noteForUndo(ram.hva(gpa), width);
            }
            rawStore(ram.hva(gpa), width, value);
            if ((readers & DirtyPages.PT) != 0) {
                memory.noteTableWritten(gpa, width);
            }
            if (shared && (readers & DirtyPages.CODE) != 0) {
                group.stored(this, gpa, width);
            }
            fill(virtual, gpa, ram, true);
        } else {
            writeDevice(gpa, width, value);
        }
    }

    private void noteForUndo(long hva, int width) {
        stores.before(hva, width);
        if (stores.isFull()) {
            request(ATTENTION_HOUSEKEEPING);
        }
    }

    /// Has every store to RAM recorded by a log while it wants them, from now on. All stores take the slow path for it.
    ///
    /// @param log null for none any more
    /// @param alone whether instructions that access devices run alone
    protected final void recordStores(StoreLog log, boolean alone) {
        stores = log;
        devicesAlone |= alone;
        flushTlbs();
    }

    private void checkAlignment(long virtual, int width) {
        if (tlb == alignmentTlb && (virtual & width - 1) != 0) {
            throw misaligned();
        }
    }

    /// Both pages must be writable before a byte changes.
    private void storeAcross(long virtual, int width, long value) {
        long mask = addressMask();
        probeStore(virtual & mask, 1);
        probeStore((virtual | 4095) + 1 & mask, 1);
        checkAlignment(virtual, width);
        for (int i = 0; i < width; i++) {
            store(virtual + i & mask, 1, value >>> 8 * i);
        }
    }

    /// Faults as a store of this width would, without storing.
    public final void probeStore(long virtual, int width) {
        long last = virtual + width - 1 & addressMask();
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (last & -4096)) {
            return;
        }
        walk(virtual, STORE);
        if ((last & -4096) != (virtual & -4096)) {
            walk(last & -4096, STORE);
        }
    }

    private void noteStore(long gpa, int width, Region.Ram ram, long offset, int readers) {
        if ((readers & DirtyPages.CODE) != 0) {
            if (current != null && current.overlaps(gpa, width)) {
                throw GuestFault.RETRY_ALONE;
            }
            tbs.written(ram, gpa, width);
        }
        int once = readers & ~(DirtyPages.CODE | DirtyPages.PT);
        if (once != 0) {
            ram.block().dirty().disarm(offset, once);
        }
    }

    private void fill(long virtual, long gpa, Region.Ram ram, boolean writable) {
        if (tlb == alignmentTlb || watching && watchesPage(virtual & -4096)) {
            return;
        }
        DirtyPages dirty = ram.block().dirty();
        long offset = gpa - ram.gpa() + ram.offset();
        boolean clean = dirty.readersAt(offset) == 0;
        long entry = Tlb.entry(tlb, virtual);
        int kind = walkedKind();
        if ((kind & Tlb.LARGE) != 0) {
            int large = (int) (virtual >>> LARGE_SHIFT) & LARGE_FILTER - 1;
            largePages[large >>> 6] |= 1L << large;
        }
        if (!shared) {
            Tlb.keep(tlb, entry, virtual);
        }
        Tlb.fill(
                entry,
                virtual,
                ram.hva(gpa),
                writable && clean && !ram.readOnly() && stores == null,
                kind);
        if (shared) {
            // Another vCPU may have armed the page meanwhile and missed this entry: see
            // CpuGroup.holds.
            VarHandle.fullFence();
            if (dirty.readersAt(offset) != 0) {
                Raw.putLong(entry + Tlb.WRITE, -1);
            }
        }
    }

    /// The RAM or ROM at a guest-physical address, or null: like [AddressSpace#at], with the last answer kept.
    protected final Region.Ram ramAt(long gpa) {
        Region.Ram last = lastRam;
        if (last != null && last.contains(gpa)) {
            return last;
        }
        if (memory.at(gpa) instanceof Region.Ram ram) {
            lastRam = ram;
            return ram;
        }
        return null;
    }

    /// The memory map changed.
    public final void forgetMap() {
        lastRam = null;
        flushTlbs();
    }

    /// Stores to a page of the host's memory take the slow path from now on. Any thread.
    public final void protectHostPage(long hvaPage) {
        for (Tlb each : tlbs) {
            each.protectHostPage(hvaPage);
        }
    }

    /// The host address of guest memory that can be written in place, or 0 if it is no plain RAM or is watched.
    /// Throws [GuestFault] as a store would.
    public final long hostAddressForStore(long virtual, int width) {
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) != (virtual + width - 1 & -4096)) {
            if ((virtual & 4095) + width > 4096) {
                return 0;
            }
            long gpa = walk(virtual, STORE);
            Region.Ram ram = ramAt(gpa);
            if (ram != null && !ram.readOnly()) {
                fill(virtual, gpa, ram, true);
            }
            if (Raw.getLong(entry + Tlb.WRITE) != (virtual & -4096)) {
                return 0;
            }
        }
        return virtual + Raw.getLong(entry + Tlb.ADDEND);
    }

    /// The host address of guest memory that can be read in place, or 0 if it is no RAM. Throws [GuestFault].
    public final long hostAddressForLoad(long virtual, int width) {
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.READ) != (virtual + width - 1 & -4096)) {
            if ((virtual & 4095) + width > 4096) {
                return 0;
            }
            loadSlowly(virtual, width == 1 ? 1 : width);
            if (Raw.getLong(entry + Tlb.READ) != (virtual & -4096)) {
                return 0;
            }
        }
        return virtual + Raw.getLong(entry + Tlb.ADDEND);
    }

    /// Loads 1, 2, 4 or 8 bytes, zero-extended.
    public final long load(long virtual, int width) {
        return switch (width) {
            case 1 -> load8(virtual);
            case 2 -> load16(virtual);
            case 4 -> load32(virtual);
            default -> load64(virtual);
        };
    }

    public final void store(long virtual, int width, long value) {
        switch (width) {
            case 1 -> store8(virtual, value);
            case 2 -> store16(virtual, value);
            case 4 -> store32(virtual, value);
            default -> store64(virtual, value);
        }
    }

    public final long load8(long virtual) {
        long entry = Tlb.entry(tlb, virtual);
        long value =
                Raw.getLong(entry + Tlb.READ) == (virtual & -4096)
                        ? Raw.getByte(virtual + Raw.getLong(entry + Tlb.ADDEND)) & 0xffL
                        : loadSlowly(virtual, 1);
        if (shared) {
            Raw.loadFence();
        }
        return value;
    }

    public final long load16(long virtual) {
        long entry = Tlb.entry(tlb, virtual);
        long value =
                Raw.getLong(entry + Tlb.READ) == (virtual + 1 & -4096)
                        ? Raw.getShort(virtual + Raw.getLong(entry + Tlb.ADDEND)) & 0xffffL
                        : loadSlowly(virtual, 2);
        if (shared) {
            Raw.loadFence();
        }
        return value;
    }

    public final long load32(long virtual) {
        long entry = Tlb.entry(tlb, virtual);
        long value =
                Raw.getLong(entry + Tlb.READ) == (virtual + 3 & -4096)
                        ? Raw.getInt(virtual + Raw.getLong(entry + Tlb.ADDEND)) & 0xffff_ffffL
                        : loadSlowly(virtual, 4);
        if (shared) {
            Raw.loadFence();
        }
        return value;
    }

    public final long load64(long virtual) {
        long entry = Tlb.entry(tlb, virtual);
        long value =
                Raw.getLong(entry + Tlb.READ) == (virtual + 7 & -4096)
                        ? Raw.getLong(virtual + Raw.getLong(entry + Tlb.ADDEND))
                        : loadSlowly(virtual, 8);
        if (shared) {
            Raw.loadFence();
        }
        return value;
    }

    public final void store8(long virtual, long value) {
        if (shared) {
            Raw.storeFence();
        }
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual & -4096)) {
            Raw.putByte(virtual + Raw.getLong(entry + Tlb.ADDEND), (byte) value);
        } else {
            storeSlowly(virtual, 1, value);
        }
    }

    public final void store16(long virtual, long value) {
        if (shared) {
            Raw.storeFence();
        }
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual + 1 & -4096)) {
            Raw.putShort(virtual + Raw.getLong(entry + Tlb.ADDEND), (short) value);
        } else {
            storeSlowly(virtual, 2, value);
        }
    }

    public final void store32(long virtual, long value) {
        if (shared) {
            Raw.storeFence();
        }
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual + 3 & -4096)) {
            Raw.putInt(virtual + Raw.getLong(entry + Tlb.ADDEND), (int) value);
        } else {
            storeSlowly(virtual, 4, value);
        }
    }

    public final void store64(long virtual, long value) {
        if (shared) {
            Raw.storeFence();
        }
        long entry = Tlb.entry(tlb, virtual);
        if (Raw.getLong(entry + Tlb.WRITE) == (virtual + 7 & -4096)) {
            Raw.putLong(virtual + Raw.getLong(entry + Tlb.ADDEND), value);
        } else {
            storeSlowly(virtual, 8, value);
        }
    }

    private static long rawLoad(long address, int width) {
        return switch (width) {
            case 1 -> Raw.getByte(address) & 0xffL;
            case 2 -> Raw.getShort(address) & 0xffffL;
            case 4 -> Raw.getInt(address) & 0xffff_ffffL;
            default -> Raw.getLong(address);
        };
    }

    private static void rawStore(long address, int width, long value) {
        switch (width) {
            case 1 -> Raw.putByte(address, (byte) value);
            case 2 -> Raw.putShort(address, (short) value);
            case 4 -> Raw.putInt(address, (int) value);
            default -> Raw.putLong(address, value);
        }
    }

    // ---- flags

    public final void setFlags(int kind, long result, long a, long b) {
        flagKind = kind;
        flagResult = result;
        flagA = a;
        flagB = b;
    }
}
