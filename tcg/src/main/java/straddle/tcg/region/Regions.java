package straddle.tcg.region;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import straddle.core.vcpu.Statistics;
import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.block.CodeCheck;
import straddle.tcg.block.Tb;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;

/// One vCPU's regions: chooses the blocks of a hot piece of code, has them compiled in the background, and
/// puts the result in place between two blocks.
public final class Regions {
    /// Bytecode that a region may grow to: HotSpot never compiles methods over 8,000 bytes.
    static final int MAX_BYTECODES = 7_000;

    private static final int MAX_BLOCKS = 64;

    /// A block whose region was dropped this often stays interpreted.
    private static final int MAX_DROPS = 50;

    /// Blocks entered less often than one in so many of the hot one's entries are left out.
    private static final int COLD_SHARE = 64;

    /// Entries, besides the first [BlockHead#HOT], after which a block asks again.
    private static final int MORE_ENTRIES = Integer.getInteger("straddle.tcg.more", 15_000);

    /// A system property that has regions call for accesses that the TLB does not answer, instead of leaving: for tests that
    /// want all of a block compiled, and code to be compiled however often its place had other code.
    private static final boolean STAYS = Boolean.getBoolean("straddle.tcg.stay");

    private static final int MAX_WAITING = 16;

    /// How often a region that HotSpot has not compiled yet is looked at again, and how long that waits.
    private static final int MAX_WAITS = 200;

    private static final long WAIT_NANOS = 200_000;

    private final Cpu cpu;
    private final Executor background;
    private boolean warmsUp;

    /// Regions that were asked for and are not in place yet.
    private final AtomicInteger waiting = new AtomicInteger();

    private long postponed;
    private final int zeroSlot;
    private final ConcurrentLinkedQueue<Region> compiled = new ConcurrentLinkedQueue<>();
    private final Map<Long, Integer> drops = new HashMap<>();
    private volatile CodeCheck check;
    private long requested;
    private long refused;
    private long installed;
    private long stale;
    private long dropped;
    private final LongAdder compiledCount = new LongAdder();
    private final LongAdder compiledInsns = new LongAdder();
    private final LongAdder bytecodes = new LongAdder();
    private final LongAdder queueNanos = new LongAdder();
    private final LongAdder compileNanos = new LongAdder();

    /// @param background runs one compilation after another
    public Regions(Cpu cpu, Executor background, int zeroSlot) {
        this.cpu = cpu;
        this.background = background;
        this.zeroSlot = zeroSlot;
    }

    /// Has regions put in place once HotSpot has compiled them; the executor must be a thread of its own.
    public void warmUp() {
        warmsUp = true;
    }

    /// Has the runs of regions made from now on checked.
    public void check(CodeCheck by) {
        check = by;
    }

    public long installed() {
        return installed;
    }

    public long dropped() {
        return dropped;
    }

    /// Adds the figures about regions.
    public void statistics(Statistics to) {
        to.count("regions", "requested", requested);
        to.count("regions", "refused", refused);
        to.count("regions", "postponed", postponed);
        to.count("regions", "compiled", compiledCount.sum());
        to.count("regions", "installed", installed);
        to.count("regions", "stale when compiled", stale);
        to.count("regions", "dropped later", dropped);
        to.count("regions", "instructions compiled", compiledInsns.sum());
        to.add("regions", "bytecode", Statistics.Unit.BYTES, bytecodes.sum());
        to.nanos("regions", "waiting in the queue", queueNanos.sum());
        to.nanos("regions", "compiling to bytecode", compileNanos.sum());
    }

    /// A block has become hot: has its region compiled.
    public void request(Tb tb) {
        boolean tooOften = !STAYS && drops.getOrDefault(tb.gpa, 0) >= MAX_DROPS;
        if (tooOften || !(tb.first instanceof BlockHead head)) {
            refused++;
            return;
        }
        if (warmsUp && shouldWait(head)) {
            head.postpone(MORE_ENTRIES);
            postponed++;
            return;
        }
        List<Tb> blocks = choose(tb);
        if (blocks.isEmpty()) {
            refused++;
            return;
        }
        requested++;
        waiting.incrementAndGet();
        long asked = System.nanoTime();
        Map<Long, Long> pages = new TreeMap<>();
        for (Tb each : blocks) {
            pages.put(each.pc + cpu.fetchBase() & -4096, each.gpa & -4096);
        }
        try {
            background.execute(() -> compile(tb, head, blocks, pages, asked));
        } catch (RejectedExecutionException e) {
            // The VM is closing.
        }
    }

    /// HotSpot's compilers take some milliseconds of CPU time a region: while it has more of them than it gets done,
    /// and for code that is hot only for a moment, our interpreter is the better choice.
    private boolean shouldWait(BlockHead head) {
        return !head.wasPostponed() || waiting.get() > MAX_WAITING;
    }

    private void compile(
            Tb tb, BlockHead head, List<Tb> chosen, Map<Long, Long> pages, long asked) {
        long start = System.nanoTime();
        queueNanos.add(start - asked);
        RegionCompilationEvent event = new RegionCompilationEvent();
        event.begin();
        RegionCompiler.Compiled made =
                RegionCompiler.compile(
                        chosen, zeroSlot, cpu.isShared(), cpu.sites, check == null && !STAYS);
        if (made == null) {
            waiting.decrementAndGet();
            return;
        }
        List<Tb> blocks = made.blocks();
        RegionCode code = made.code();
        int insns = blocks.stream().mapToInt(each -> each.insns).sum();
        compiledCount.increment();
        compiledInsns.add(insns);
        bytecodes.add(made.classBytes());
        event.end();
        if (event.shouldCommit()) {
            event.pc = Long.toHexString(tb.pc);
            event.blocks = blocks.size();
            event.instructions = insns;
            event.bytecodeBytes = made.classBytes();
            event.queueNanos = start - asked;
            event.commit();
        }
        long[] virtualPages = pages.keySet().stream().mapToLong(Long::longValue).toArray();
        long[] guestPages = pages.values().stream().mapToLong(Long::longValue).toArray();
        Region region = new Region(tb, head, blocks, code, virtualPages, guestPages);
        compileNanos.add(System.nanoTime() - start);
        if (warmsUp) {
            code.warmUp();
            awaitCompiled(region, code, MAX_WAITS);
        } else {
            publish(region);
        }
    }

    /// HotSpot's own interpreter runs a region far slower than ours does its micro-ops: it is of use once HotSpot
    /// has compiled it, which happens in threads of HotSpot's.
    private void awaitCompiled(Region region, RegionCode code, int waits) {
        if (waits == 0 || code.isCompiled()) {
            publish(region);
            return;
        }
        LockSupport.parkNanos(WAIT_NANOS);
        try {
            background.execute(() -> awaitCompiled(region, code, waits - 1));
        } catch (RejectedExecutionException e) {
            // The VM is closing.
        }
    }

    private void publish(Region region) {
        waiting.decrementAndGet();
        compiled.add(check == null ? region : new Region.Checked(region, check));
        cpu.request(Cpu.ATTENTION_HOUSEKEEPING);
    }

    /// Puts what has been compiled in place. Called between blocks.
    public void install() {
        for (Region region = compiled.poll(); region != null; region = compiled.poll()) {
            if (region.blocks().stream().allMatch(tb -> tb.valid)) {
                install(region);
            } else {
                stale++;
                RegionChangeEvent.commit(region, "stale");
                region.interpreted().cool();
            }
        }
    }

    private void install(Region region) {
        Tb entry = region.entry();
        entry.unlink();
        entry.first = region;
        installed++;
        RegionChangeEvent.commit(region, "installed");
        for (Tb tb : region.blocks()) {
            tb.onInvalidate(() -> drop(region));
        }
    }

    private void drop(Region region) {
        Tb entry = region.entry();
        if (entry.first == region) {
            entry.first = region.interpreted();
            entry.unlink();
            region.interpreted().cool();
            if (!cpu.tbs.isForgetting()) {
                drops.merge(entry.gpa, 1, Integer::sum);
            }
            dropped++;
            RegionChangeEvent.commit(region, "dropped");
        }
    }

    /// The blocks that executed jumps lead to from a hot one, as far as they are warm and fit: callees too, and
    /// from these back to their callers among the chosen.
    private List<Tb> choose(Tb hot) {
        Set<Tb> chosen = new LinkedHashSet<>();
        Set<Long> returnPoints = new HashSet<>();
        ArrayDeque<Tb> frontier = new ArrayDeque<>(List.of(hot));
        int bytes = RegionCompiler.FRAME_BYTECODES;
        while (!frontier.isEmpty() && chosen.size() < MAX_BLOCKS) {
            Tb tb = frontier.poll();
            if (chosen.contains(tb) || tb.spansPages() || !tb.valid) {
                continue;
            }
            int size = RegionCompiler.estimate(tb);
            if (bytes + size > MAX_BYTECODES) {
                continue;
            }
            bytes += size;
            chosen.add(tb);
            for (Tb next : successors(tb, returnPoints)) {
                if (isWarm(next)) {
                    frontier.add(next);
                }
            }
        }
        return new ArrayList<>(chosen);
    }

    private static boolean isWarm(Tb tb) {
        return tb.machine != null
                || !(tb.first instanceof BlockHead head)
                || head.entries() >= BlockHead.HOT / COLD_SHARE;
    }

    private List<Tb> successors(Tb tb, Set<Long> returnPoints) {
        List<Tb> found = new ArrayList<>();
        for (MicroOp op = RegionCompiler.body(tb); op != null; op = op.next) {
            for (Jump jump : op.jumps()) {
                Tb linked = jump.linked();
                if (linked != null && linked.mode == tb.mode) {
                    found.add(linked);
                }
            }
            if (op.returnsTo() != 0) {
                returnPoints.add(op.returnsTo());
            }
            for (long target : op.observedTargets()) {
                Tb seen =
                        op.isReturn() && !returnPoints.contains(target)
                                ? null
                                : find(target, tb.mode);
                if (seen != null) {
                    found.add(seen);
                }
            }
        }
        return found;
    }

    private Tb find(long pc, long mode) {
        try {
            return cpu.tbs.find(cpu.fetchAddress(pc + cpu.fetchBase()), pc, mode);
        } catch (GuestFault fault) {
            return null;
        }
    }
}
