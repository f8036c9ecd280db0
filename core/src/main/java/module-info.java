/// The vocabulary that every other module shares: memory, buses, interrupts, time, vCPUs and their
/// exits, accelerators, architectural state and snapshots. No dependencies, no native calls.
module straddle.core {
    exports straddle.core.accel;
    exports straddle.core.arch.x86;
    exports straddle.core.bus;
    exports straddle.core.irq;
    exports straddle.core.memory;
    exports straddle.core.observe;
    exports straddle.core.snapshot;
    exports straddle.core.time;
    exports straddle.core.user;
    exports straddle.core.vcpu;

    uses straddle.core.accel.AcceleratorProvider;
    uses straddle.core.memory.HostCode;
    uses straddle.core.memory.WideExchange;
    uses straddle.core.user.NativeProcessorProvider;
    uses straddle.core.user.UserTranslatorProvider;
    uses straddle.core.time.HostCounter;
}
