package straddle.tcg;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import straddle.core.vcpu.Statistics;
import straddle.tcg.block.Tb;

/// Finds out how the time of vCPUs divides between the tiers, by looking at them some hundred times a second.
///
/// The vCPUs' threads only set fields that they set anyway or outside their fast paths, without
/// synchronisation: a sample may be that of some nanoseconds ago. After n samples a share of one half is
/// right to about 1/sqrt(n).
public final class Sampler implements Runnable {
    /// Values of [Cpu#activity].
    public static final int OUTSIDE = 0;

    public static final int RUNNING = 1;
    public static final int TRANSLATING = 2;
    public static final int IN_DEVICE = 3;
    public static final int IN_MACHINE_CODE = 4;

    private static final int INTERPRETING = 5;
    private static final int IN_REGION = 6;
    private static final int KINDS = 7;

    /// Not a divisor of what timers of guests tick at.
    private static final long INTERVAL_NANOS = 1_713_000;

    private final Map<Cpu, long[]> nanos = new ConcurrentHashMap<>();
    private volatile boolean stopped;
    private Thread thread;

    /// Not yet started: until then, times are unknown.
    public Sampler() {}

    /// Begins, in a thread of its own.
    synchronized void start() {
        thread = Thread.ofPlatform().name("tcg-sampler").daemon().start(this);
    }

    void add(Cpu cpu) {
        nanos.put(cpu, new long[KINDS]);
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void run() {
        long before = System.nanoTime();
        while (!stopped) {
            LockSupport.parkNanos(this, INTERVAL_NANOS);
            long now = System.nanoTime();
            long passed = now - before;
            nanos.forEach((cpu, sums) -> sums[kind(cpu)] += passed);
            before = now;
        }
    }

    private static int kind(Cpu cpu) {
        int activity = cpu.activity;
        if (activity != RUNNING) {
            return activity;
        }
        return cpu.current == null || cpu.current instanceof Tb ? INTERPRETING : IN_REGION;
    }

    /// Adds the tiers of a vCPU.
    void tiers(Cpu cpu, Statistics to) {
        long[] sums = thread == null ? null : nanos.get(cpu);
        long inMachineCode = cpu.machine == null ? 0 : cpu.machine.retired();
        to.tier("interpreter", cpu.retired - inMachineCode, of(sums, INTERPRETING));
        to.tier("machine code", inMachineCode, of(sums, IN_MACHINE_CODE));
        to.tier("regions", cpu.retiredInRegions, of(sums, IN_REGION));
        if (sums != null) {
            to.tier("translating", -1, of(sums, TRANSLATING));
            to.tier("in devices", -1, of(sums, IN_DEVICE));
            to.tier("halted or paused", -1, of(sums, OUTSIDE));
        }
    }

    private static long of(long[] sums, int kind) {
        return sums == null ? -1 : sums[kind];
    }
}
