package straddle.tcg.x86;

import java.util.Set;
import java.util.function.LongSupplier;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.time.HostCounter;
import straddle.core.time.VirtualClock;
import straddle.core.user.Frames;
import straddle.core.user.UserIsa;
import straddle.core.user.UserTranslator;
import straddle.core.user.UserTranslatorProvider;
import straddle.tcg.user.TcgUserTranslator;

/// Linux programs for x86-64 and i386.
public final class X86UserProvider implements UserTranslatorProvider {
    public X86UserProvider() {}

    @Override
    public Set<UserIsa> isas() {
        return Set.of(UserIsa.X86_64, UserIsa.I386);
    }

    @Override
    public String cpuHelp() {
        return CpuModels.help();
    }

    @Override
    public UserTranslator create(UserIsa isa, String cpu, Frames frames) {
        CpuModel model = CpuModel.of(cpu);
        VirtualClock clock = new VirtualClock(System::nanoTime, frames.space().lock());
        clock.resume();
        PortBus ports = new PortBus(frames.space().lock());
        return new TcgUserTranslator(
                frames,
                X86Cpu.ZERO,
                (memory, arena) -> {
                    X86Cpu processor =
                            new X86Cpu(
                                    model,
                                    frames.space(),
                                    ports,
                                    clock,
                                    InterruptSource.NONE,
                                    arena);
                    processor.useCounter(() -> Counter.HOST.getAsLong());
                    return new X86UserVcpu(isa, processor, memory);
                });
    }

    /// The host's counter, which native code of the same program reads. On its own, as few programs read it and it takes ten
    /// milliseconds to make.
    private static final class Counter {
        static final LongSupplier HOST =
                HostCounter.ofHost().<LongSupplier>map(each -> each).orElse(System::nanoTime);
    }
}
