package straddle.tcg.user;

import java.util.ArrayList;
import java.util.List;
import straddle.core.user.Access;
import straddle.core.user.MemoryUser;
import straddle.core.user.UserMemory;
import straddle.core.user.UserStop;
import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;

/// What a CPU that runs Linux programs has in place of page tables: walks go to a [UserMemory], and what
/// changes there is forgotten between two blocks.
///
/// The CPU's thread says when it [enters][#enter()] and [leaves][#leave()] guest code.
public final class UserMmu implements MemoryUser {
    private static final long PAGE_MASK = -UserMemory.PAGE_BYTES;

    /// Longer lists of ranges are forgotten as a whole.
    private static final int MOST_RANGES = 16;

    private static final Access[] ACCESSES = {Access.LOAD, Access.STORE, Access.FETCH};

    private final Cpu cpu;
    private UserMemory memory;
    private boolean writable;

    /// Bits of a data address that count.
    private long addressMask = -1;

    /// Whether a page may have been found by an address with other bits set: then changes of ranges don't tell which.
    private boolean tagged;

    private boolean copiesFirst;

    /// What was wrong with the last walk that failed.
    private UserStop stop;

    private long faultAddress;
    private Access faultAccess = Access.LOAD;

    // Under this object's lock: what is to be forgotten.
    private final List<long[]> ranges = new ArrayList<>();
    private boolean everything;
    private boolean code;
    private volatile long requested;
    private long served;
    private boolean inGuest;

    public UserMmu(Cpu cpu, UserMemory memory) {
        this.cpu = cpu;
        use(memory);
    }

    /// Goes over to another address space, or to none: null.
    public void use(UserMemory other) {
        if (memory != null) {
            memory.removeUser(this);
        }
        memory = other;
        if (other != null) {
            other.addUser(this);
        }
        cpu.flushTlbs();
    }

    /// Data accesses ignore the address's top byte (AArch64's TBI, which Linux sets for programs).
    public void ignoreTopByte() {
        addressMask = -1L >>> 8;
    }

    public UserMemory memory() {
        return memory;
    }

    // ---- walks

    /// As [Cpu]'s walk: throws [GuestFault] after having noted what was wrong.
    public long walk(long virtual, int access) {
        long address = ACCESSES[access] == Access.FETCH ? virtual : virtual & addressMask;
        tagged |= address != virtual;
        long entry = memory.translate(address, ACCESSES[access]);
        if (entry >= 0) {
            writable = (entry & UserMemory.WRITE) != 0;
            return entry & PAGE_MASK | virtual & ~PAGE_MASK;
        }
        copiesFirst = entry == UserMemory.COPY_FIRST;
        UserStop kind =
                entry == UserMemory.NOT_MAPPED
                        ? UserStop.NOT_MAPPED
                        : entry == UserMemory.NOT_PERMITTED
                                ? UserStop.NOT_PERMITTED
                                : UserStop.BEYOND_FILE;
        throw fault(kind, address, ACCESSES[access]);
    }

    /// Notes a fault of an access.
    public GuestFault fault(UserStop kind, long address, Access access) {
        stop = kind;
        faultAddress = address;
        faultAccess = access;
        return GuestFault.EXCEPTION;
    }

    public boolean walkedWritable() {
        return writable;
    }

    public UserStop stop() {
        return stop;
    }

    public long faultAddress() {
        return faultAddress;
    }

    public Access faultAccess() {
        return faultAccess;
    }

    /// Whether the last fault was only that a page must be copied: then it has been done, outside guest code, and
    /// the instruction can be run again.
    ///
    /// @param leave how the CPU leaves guest code
    /// @param enter how it enters it again
    public boolean copied(Runnable leave, Runnable enter) {
        if (!copiesFirst) {
            return false;
        }
        copiesFirst = false;
        leave.run();
        try {
            return memory.copyForStore(faultAddress);
        } finally {
            enter.run();
        }
    }

    // ---- what changes

    @Override
    public void forget(long start, long end, boolean ofCode) {
        synchronized (this) {
            if (ranges.size() < MOST_RANGES && end - start <= Cpu.MOST_PAGES_ONE_BY_ONE << 12) {
                ranges.add(new long[] {start, end});
            } else {
                everything = true;
            }
            code |= ofCode;
            requested++;
            if (!inGuest) {
                return;
            }
        }
        cpu.request(Cpu.ATTENTION_HOUSEKEEPING);
    }

    @Override
    public synchronized void awaitForgotten() {
        long wanted = requested;
        boolean interrupted = false;
        while (inGuest && served < wanted) {
            try {
                wait();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    public synchronized void enter() {
        forgetNow();
        inGuest = true;
    }

    public synchronized void leave() {
        inGuest = false;
        notifyAll();
    }

    /// Between two blocks.
    public void attend() {
        if (requested != served) {
            synchronized (this) {
                forgetNow();
                notifyAll();
            }
        }
    }

    private void forgetNow() {
        if (served == requested) {
            return;
        }
        served = requested;
        if (code) {
            cpu.flushTlbs();
        } else if (everything || tagged) {
            cpu.flushData(0, -1);
            tagged = false;
        } else {
            for (long[] range : ranges) {
                cpu.flushData(range[0], range[1]);
            }
        }
        ranges.clear();
        everything = false;
        code = false;
    }
}
