package straddle.tcg.user;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.HostCode;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.memory.WideExchange;
import straddle.core.user.Frames;
import straddle.core.user.UserMemory;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserVcpu;
import straddle.tcg.Cpu;
import straddle.tcg.CpuGroup;
import straddle.tcg.machine.MachineCode;
import straddle.tcg.region.Regions;

/// The translator at work for Linux programs: what front ends share. They give it a [Maker] of their CPUs.
public final class TcgUserTranslator implements UserTranslator, MemoryListener {
    /// As in system emulation: a system property that keeps everything in the interpreter.
    private static final String INTERPRET_ONLY = "straddle.tcg.interpret";

    /// Has regions compiled at once by the vCPU's own thread, for tests that compare them.
    private static final String COMPILE_AT_ONCE = "straddle.tcg.compileAtOnce";

    /// A vCPU that has a CPU instead of being one.
    public interface CpuHolder {
        Cpu cpu();
    }

    /// Makes a front end's CPU at its reset: a [UserCpu], or a [CpuHolder].
    @FunctionalInterface
    public interface Maker {
        UserVcpu make(UserMemory memory, Arena arena);
    }

    private final Frames frames;
    private final Maker maker;
    private final int zeroSlot;
    private final Arena arena = Arena.ofShared();
    private final CpuGroup group = new CpuGroup(WideExchange.ofHost());
    private final Optional<HostCode> hostCode = MachineCode.ofHost();
    private final List<Cpu> cpus = new CopyOnWriteArrayList<>();
    private final ExecutorService compiler =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("tcg-compiler").daemon().factory());

    /// @param zeroSlot the register slot that is always 0
    public TcgUserTranslator(Frames frames, int zeroSlot, Maker maker) {
        this.frames = frames;
        this.maker = maker;
        this.zeroSlot = zeroSlot;
        frames.space().addListener(this);
    }

    @Override
    public UserVcpu newVcpu(UserMemory memory) {
        UserVcpu vcpu = maker.make(memory, arena);
        Cpu cpu = vcpu instanceof CpuHolder holder ? holder.cpu() : (Cpu) vcpu;
        cpu.join(group, false);
        if (!Boolean.getBoolean(INTERPRET_ONLY)) {
            boolean atOnce = Boolean.getBoolean(COMPILE_AT_ONCE);
            cpu.regions = new Regions(cpu, atOnce ? Runnable::run : compiler, zeroSlot);
            if (!atOnce) {
                cpu.regions.warmUp();
            }
        }
        hostCode.ifPresent(host -> cpu.machine = new MachineCode(cpu, host, zeroSlot, arena));
        cpus.add(cpu);
        return vcpu;
    }

    @Override
    public void added(Region region) {}

    @Override
    public void removed(Region region) {
        cpus.forEach(cpu -> cpu.mapChanged());
        cpus.forEach(cpu -> cpu.codeGone(region.gpa(), region.end()));
    }

    @Override
    public void written(long gpa, int readers) {
        if ((readers & DirtyPages.CODE) != 0) {
            long page = gpa & -UserMemory.PAGE_BYTES;
            cpus.forEach(cpu -> cpu.codeWritten(page, UserMemory.PAGE_BYTES));
        }
    }

    @Override
    public void close() {
        frames.space().removeListener(this);
        compiler.shutdownNow();
        arena.close();
    }
}
