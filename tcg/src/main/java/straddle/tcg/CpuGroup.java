package straddle.tcg;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.Region;
import straddle.core.memory.WideExchange;

/// The vCPUs of one VM, which run at the same time: what one of them must do for all.
///
/// - Pages that hold translated code: which vCPUs' blocks a store must drop.
/// - Exclusive sections, in which no other vCPU runs guest code: for locked accesses that the host can't do
///   atomically, because they cross 8 bytes, or touch MMIO or memory that is watched.
///
/// Two locks, never held together with another of ours taken inside: the pages' and the sections'.
public final class CpuGroup {
    private static final int PAGE_BYTES = 4096;

    private final List<Cpu> cpus = new CopyOnWriteArrayList<>();
    private final Map<Long, List<Cpu>> holders = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Optional<WideExchange> wide;

    /// vCPUs in guest code; under the lock.
    private int running;

    private boolean exclusive;

    /// Counts the pages armed.
    private volatile long ticket;

    public CpuGroup(Optional<WideExchange> wide) {
        this.wide = wide;
    }

    public void add(Cpu cpu) {
        cpus.add(cpu);
    }

    public void remove(Cpu cpu) {
        cpus.remove(cpu);
        synchronized (holders) {
            holders.values().forEach(each -> each.remove(cpu));
            holders.values().removeIf(List::isEmpty);
        }
    }

    // ---- what happens to the memory

    /// The memory map is not what it was.
    public void mapChanged() {
        cpus.forEach(Cpu::mapChanged);
    }

    /// A region is not in the memory map any more.
    public void removed(Region region) {
        mapChanged();
        if (region instanceof Region.Ram) {
            cpus.forEach(cpu -> cpu.codeGone(region.gpa(), region.end()));
        }
    }

    /// A page was stored to by another than these vCPUs.
    ///
    /// @param readers whom it was armed for, in [DirtyPages]
    public void written(long gpa, int readers) {
        if ((readers & DirtyPages.CODE) != 0) {
            cpus.forEach(cpu -> cpu.codeWritten(gpa & -PAGE_BYTES, PAGE_BYTES));
        }
    }

    /// Stores to a page of the host's are noticed from now on.
    public void protectHostPage(long hva) {
        cpus.forEach(cpu -> cpu.protectHostPage(hva));
    }

    /// A compare-and-exchange of 16 bytes by the host, if it has one.
    public Optional<WideExchange> wide() {
        return wide;
    }

    // ---- pages that hold code

    /// A vCPU is about to translate code of a page: stores there are noticed from now on.
    ///
    /// A store of another vCPU that was under way when the page was armed may be missed. So the code is
    /// dropped once more when each of them has come to the end of its block, or left the guest.
    public void holds(Cpu cpu, Region.Ram ram, long page) {
        synchronized (holders) {
            List<Cpu> there = holders.computeIfAbsent(page, _ -> new ArrayList<>(1));
            if (!there.contains(cpu)) {
                there.add(cpu);
            }
            DirtyPages dirty = ram.block().dirty();
            long offset = page - ram.gpa() + ram.offset();
            if ((dirty.readersAt(offset) & DirtyPages.CODE) == 0) {
                dirty.arm(offset, DirtyPages.CODE);
                long hva = ram.hva(page);
                protectHostPage(hva);
                if (cpus.size() > 1) {
                    ticket++;
                    cpu.checks.add(new Check(page, ticket));
                    cpu.checking = true;
                    cpus.forEach(each -> each.request(Cpu.ATTENTION_HOUSEKEEPING));
                }
            }
        }
    }

    /// A vCPU has no code of a page any more.
    public void releases(Cpu cpu, long page) {
        synchronized (holders) {
            List<Cpu> there = holders.get(page);
            if (there != null) {
                there.remove(cpu);
                if (there.isEmpty()) {
                    holders.remove(page);
                }
            }
        }
    }

    /// Stores to a page need not be noticed any more if nobody has code of it.
    public void disarmIfUnheld(Region.Ram ram, long page) {
        synchronized (holders) {
            if (!holders.containsKey(page)) {
                ram.block().dirty().disarm(page - ram.gpa() + ram.offset(), DirtyPages.CODE);
            }
        }
    }

    /// A vCPU has stored to a page that holds code: the others drop what they made of it. They notice at the
    /// next block, so before they see a later store of this vCPU's.
    void stored(Cpu by, long gpa, int width) {
        synchronized (holders) {
            for (Cpu holder : holders.getOrDefault(gpa & -4096, List.of())) {
                if (holder != by) {
                    holder.codeWritten(gpa, width);
                }
            }
        }
    }

    /// A page that was armed, to be translated anew when every vCPU has passed the ticket.
    record Check(long page, long ticket) {}

    /// A vCPU is between two blocks.
    void atBoundary(Cpu cpu) {
        cpu.passed = ticket;
        remindCheckers(cpu);
        while (!cpu.checks.isEmpty() && haveAllPassed(cpu, cpu.checks.peek().ticket())) {
            dropEverywhere(cpu.checks.remove().page());
        }
        cpu.checking = !cpu.checks.isEmpty();
        giveWay();
    }

    private void remindCheckers(Cpu cpu) {
        for (Cpu each : cpus) {
            if (each != cpu && each.checking) {
                each.request(Cpu.ATTENTION_HOUSEKEEPING);
            }
        }
    }

    private boolean haveAllPassed(Cpu self, long wanted) {
        for (Cpu each : cpus) {
            if (each != self && each.inGuest && each.passed < wanted) {
                return false;
            }
        }
        return true;
    }

    private void dropEverywhere(long page) {
        synchronized (holders) {
            for (Cpu holder : holders.getOrDefault(page, List.of())) {
                holder.codeWritten(page, PAGE_BYTES);
            }
        }
    }

    // ---- exclusive sections

    /// A vCPU begins to run guest code: waits while another wants to be alone.
    void enter(Cpu cpu) {
        lock.lock();
        try {
            while (exclusive) {
                changed.awaitUninterruptibly();
            }
            running++;
            cpu.inGuest = true;
        } finally {
            lock.unlock();
        }
    }

    void leave(Cpu cpu) {
        lock.lock();
        try {
            running--;
            cpu.inGuest = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        remindCheckers(cpu);
    }

    /// Between two blocks: lets a vCPU that wants to be alone go first.
    private void giveWay() {
        lock.lock();
        try {
            waitAside();
        } finally {
            lock.unlock();
        }
    }

    private void waitAside() {
        while (exclusive) {
            running--;
            changed.signalAll();
            changed.awaitUninterruptibly();
            running++;
        }
    }

    /// Does something while no other vCPU runs guest code. Only from a vCPU's own thread, not under the
    /// machine lock.
    ///
    /// @param inSteps whether user code on the processor could see half of it, and has to leave
    public boolean exclusively(Cpu self, boolean inSteps, BooleanSupplier action) {
        lock.lock();
        try {
            waitAside();
            exclusive = true;
            for (Cpu each : cpus) {
                if (each != self) {
                    each.request(Cpu.ATTENTION_HOUSEKEEPING);
                }
            }
            while (running > 1) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        List<Cpu> keptOut = inSteps ? keepOut(self) : List.of();
        try {
            return action.getAsBoolean();
        } finally {
            keptOut.forEach(Cpu::letNativeCodeIn);
            lock.lock();
            try {
                exclusive = false;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private List<Cpu> keepOut(Cpu self) {
        List<Cpu> others = cpus.stream().filter(each -> each != self).toList();
        others.forEach(Cpu::keepNativeCodeOut);
        return others;
    }
}
