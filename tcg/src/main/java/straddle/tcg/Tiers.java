package straddle.tcg;

import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import straddle.core.memory.HostCode;
import straddle.tcg.machine.MachineCode;
import straddle.tcg.region.Regions;

/// What runs warm and hot code of one translator's CPUs: machine code, where the host has any, and regions, which a thread
/// of its own compiles.
public final class Tiers implements AutoCloseable {
    /// A system property that keeps everything in the interpreter, for measurements and for finding faults.
    private static final String INTERPRET_ONLY = "straddle.tcg.interpret";

    /// A system property that has regions compiled at once by the vCPU's own thread, for tests that compare them.
    private static final String COMPILE_AT_ONCE = "straddle.tcg.compileAtOnce";

    private final int zeroSlot;
    private final Optional<HostCode> hostCode = MachineCode.ofHost();
    private final ExecutorService compiler =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("tcg-compiler").daemon().factory());

    /// @param zeroSlot the CPUs' register slot that is always 0
    public Tiers(int zeroSlot) {
        this.zeroSlot = zeroSlot;
    }

    /// Sets a CPU up to use them, as far as system properties allow.
    ///
    /// @param arena has its machine code's memory: the CPU does not run any more when it is closed
    public void serve(Cpu cpu, Arena arena) {
        if (!Boolean.getBoolean(INTERPRET_ONLY)) {
            boolean atOnce = Boolean.getBoolean(COMPILE_AT_ONCE);
            cpu.regions = new Regions(cpu, atOnce ? Runnable::run : compiler, zeroSlot);
            if (!atOnce) {
                cpu.regions.warmUp();
            }
        }
        hostCode.ifPresent(host -> cpu.machine = new MachineCode(cpu, host, zeroSlot, arena));
    }

    @Override
    public void close() {
        compiler.shutdownNow();
    }
}
