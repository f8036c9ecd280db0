package straddle.tcg.user;

import java.lang.foreign.Arena;
import straddle.core.bus.PortBus;
import straddle.core.observe.Trace;
import straddle.core.user.Access;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.core.user.UserVcpu;
import straddle.core.vcpu.Statistics;
import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.Sampler;
import straddle.tcg.block.Tb;
import straddle.tcg.mmu.Raw;
import straddle.tcg.op.MicroOp;

/// A CPU that runs Linux programs and nothing else: no privileges, page tables, ports or interrupts.
///
/// A front end's subclass has the registers and translates blocks. It stops the program by [#systemCall] and
/// [#stop], and gives [#modeKey()] the bit [#ALONE] along to blocks: those have one instruction.
public abstract class UserCpu extends Cpu implements UserVcpu {
    /// In [#modeKey()]: the block must have one instruction only, with its delay slot where there are any.
    public static final long ALONE = 1L << 62;

    private static final int ATTENTION_TRACE = ATTENTION_FIRST_OWN;
    private static final Sampler NO_SAMPLER = new Sampler();

    private final UserIsa isa;
    private final UserMmu mmu;
    private UserStop stopped;
    private boolean alone;
    private long faultAddress;
    private Access faultAccess = Access.LOAD;
    private long systemCallPc;
    private UserTracer tracer;

    /// @param slots size of the register file, temporaries included
    /// @param arena outlives this CPU
    protected UserCpu(UserIsa isa, int slots, UserMemory memory, Arena arena) {
        super(
                slots,
                1,
                memory.frames().space(),
                new PortBus(memory.frames().space().lock()),
                arena);
        this.isa = isa;
        this.mmu = new UserMmu(this, memory);
    }

    // ---- what a front end has to say

    /// What blocks depend on besides their address, such as T32 state; without [#ALONE].
    protected abstract long mode();

    /// A fault has been found in a block, [#pc] is the instruction's: puts state right that blocks keep elsewhere.
    protected void faultedAt(MicroOp op) {}

    // ---- stopping the program

    /// Ends a micro-op that is a system call: return what this returns.
    ///
    /// @param at the instruction's address
    /// @param next where the program goes on
    public final MicroOp systemCall(long at, long next) {
        systemCallPc = at;
        pc = next;
        stopped = UserStop.SYSTEM_CALL;
        return null;
    }

    /// Something is wrong with the present instruction: throw what this returns.
    ///
    /// @param address what siginfo's si_addr will be: the instruction's for what isn't an access
    public final GuestFault stop(UserStop why, long address) {
        return mmu.fault(why, address, Access.LOAD);
    }

    /// As [UserMmu#ignoreTopByte].
    protected final void ignoreTopByte() {
        mmu.ignoreTopByte();
    }

    /// An access that must be aligned is not.
    @Override
    public final GuestFault misaligned(long address, boolean store) {
        return mmu.fault(UserStop.MISALIGNED, address, store ? Access.STORE : Access.LOAD);
    }

    /// Code at an address, in the host's byte order; throws [GuestFault] where there is none that may be run.
    public final int fetch32(long virtual) {
        long gpa = fetchAddress(virtual);
        return Raw.getInt(ramAt(gpa).hva(gpa));
    }

    /// Zero-extended.
    public final int fetch16(long virtual) {
        long gpa = fetchAddress(virtual);
        return Raw.getShort(ramAt(gpa).hva(gpa)) & 0xffff;
    }

    // ---- running

    @Override
    public final UserStop run() {
        stopped = null;
        activity = Sampler.RUNNING;
        enter();
        try {
            runUntilStop();
        } finally {
            leave();
            activity = Sampler.OUTSIDE;
        }
        return stopped;
    }

    private void enter() {
        mmu.enter();
        enterGuest();
    }

    private void leave() {
        leaveGuest();
        mmu.leave();
    }

    private void runUntilStop() {
        boolean single = false;
        while (stopped == null) {
            try {
                MicroOp at = single ? enterAlone(blockOfOne()) : lookup();
                single = false;
                while (at != null) {
                    at = runChain(at);
                }
            } catch (GuestFault fault) {
                MicroOp op = fetching ? null : faulting;
                faulting = null;
                fetching = false;
                if (op != null) {
                    pc = op.pc;
                    if (current instanceof Tb tb) {
                        retired -= tb.insns - op.index;
                    }
                    faultedAt(op);
                }
                if (fault == GuestFault.RETRY_ALONE) {
                    single = true;
                } else if (!mmu.copied(this::leave, this::enter)) {
                    faults++;
                    stopped = mmu.stop();
                    faultAddress = mmu.faultAddress();
                    faultAccess = mmu.faultAccess();
                }
            }
        }
    }

    /// The instruction at the program counter as a block of its own.
    final Tb blockOfOne() {
        alone = true;
        try {
            return block();
        } finally {
            alone = false;
        }
    }

    /// Begins a block of one instruction, which may store to itself.
    final MicroOp enterAlone(Tb tb) {
        current = null;
        retired++;
        return tb.head.next;
    }

    @Override
    public final MicroOp attend(Tb at) {
        int reasons = attention();
        if ((reasons & ATTENTION_HOUSEKEEPING) != 0) {
            clearAttention(ATTENTION_HOUSEKEEPING);
            mmu.attend();
            keepHouse();
        }
        if ((reasons & ATTENTION_KICK) != 0) {
            clearAttention(ATTENTION_KICK);
            stopped = UserStop.KICKED;
            return null;
        }
        if ((reasons & ATTENTION_TRACE) != 0) {
            if (tracer.holdsAttention()) {
                return tracer.next();
            }
            clearAttention(ATTENTION_TRACE);
        }
        return lookup();
    }

    @Override
    public final void trace(Trace by, int thread) {
        tracer = new UserTracer(this, by, thread);
        if (tracer.holdsAttention()) {
            request(ATTENTION_TRACE);
        }
    }

    @Override
    public final void kick() {
        request(ATTENTION_KICK);
    }

    // ---- memory

    @Override
    protected final long walk(long virtual, int access) {
        return mmu.walk(virtual, access);
    }

    @Override
    protected final boolean walkedWritable() {
        return mmu.walkedWritable();
    }

    @Override
    protected final int walkedKind() {
        return 0;
    }

    @Override
    protected final int fetchRights() {
        return 1;
    }

    @Override
    protected final GuestFault misaligned() {
        return misaligned(0, false);
    }

    @Override
    protected final boolean watchesPage(long page) {
        return false;
    }

    @Override
    protected final boolean watches(long virtual, int width, int access) {
        return false;
    }

    @Override
    protected final void watchedAccess(long virtual, int width, int access) {}

    @Override
    public final long modeKey() {
        return alone ? mode() | ALONE : mode();
    }

    @Override
    public final long fetchBase() {
        return 0;
    }

    @Override
    public long addressMask() {
        return isa.is64() ? -1 : 0xffff_ffffL;
    }

    // ---- as the system sees it

    @Override
    public final UserIsa isa() {
        return isa;
    }

    @Override
    public final UserMemory memory() {
        return mmu.memory();
    }

    @Override
    public final void use(UserMemory other) {
        mmu.use(other);
    }

    @Override
    public final void park() {
        mmu.use(null);
        shared = false;
    }

    @Override
    public final void setShared() {
        if (!shared) {
            shared = true;
            tbs.clear(); // they keep no order between accesses
            flushTlbs();
        }
    }

    @Override
    public final long faultAddress() {
        return faultAddress;
    }

    @Override
    public final Access faultAccess() {
        return faultAccess;
    }

    @Override
    public final long pc() {
        return pc;
    }

    @Override
    public void setPc(long to) {
        pc = to;
    }

    @Override
    public final void rewindSystemCall() {
        setPc(systemCallPc);
    }

    @Override
    public final void statistics(Statistics to) {
        statistics(to, NO_SAMPLER);
    }

    @Override
    public void close() {
        leaveGroup();
    }
}
