package straddle.tcg.user;

import java.lang.foreign.Arena;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.memory.WideExchange;
import straddle.core.user.Frames;
import straddle.core.user.UserMemory;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserVcpu;
import straddle.tcg.Cpu;
import straddle.tcg.CpuGroup;
import straddle.tcg.Tiers;

/// The translator at work for Linux programs: what front ends share. They give it a [Maker] of their CPUs.
public final class TcgUserTranslator implements UserTranslator, MemoryListener {
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
    private final Arena arena = Arena.ofShared();
    private final CpuGroup group = new CpuGroup(WideExchange.ofHost());
    private final Tiers tiers;

    /// Each vCPU's machine code, which is far larger than all else of it, and goes with it.
    private final Set<Arena> codes = ConcurrentHashMap.newKeySet();

    /// @param zeroSlot the register slot that is always 0
    public TcgUserTranslator(Frames frames, int zeroSlot, Maker maker) {
        this.frames = frames;
        this.maker = maker;
        tiers = new Tiers(zeroSlot);
        frames.space().addListener(this);
    }

    @Override
    public UserVcpu newVcpu(UserMemory memory) {
        UserVcpu vcpu = maker.make(memory, arena);
        Cpu cpu = vcpu instanceof CpuHolder holder ? holder.cpu() : (Cpu) vcpu;
        cpu.join(group, false);
        Arena code = Arena.ofShared();
        codes.add(code);
        tiers.serve(cpu, code);
        cpu.whenClosed(() -> {
            if (codes.remove(code)) {
                code.close();
            }
        });
        return vcpu;
    }

    @Override
    public void added(Region region) {}

    @Override
    public void removed(Region region) {
        group.removed(region);
    }

    @Override
    public void written(long gpa, int readers) {
        group.written(gpa, readers);
    }

    @Override
    public void close() {
        frames.space().removeListener(this);
        tiers.close();
        codes.forEach(Arena::close);
        arena.close();
    }
}
