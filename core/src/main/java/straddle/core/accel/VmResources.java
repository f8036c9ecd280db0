package straddle.core.accel;

import java.util.Objects;
import java.util.Optional;
import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.time.VirtualClock;

/// What a machine hands to an engine: all that a guest instruction can reach.
///
/// @param vcpus how many vCPUs the machine will ask for: 1 to 255
/// @param wantKernelIrqChip whether the machine can leave its interrupt controllers to the engine
/// @param cpu which processor the guest sees, in the words of `--cpu`; empty: the engine's default
/// @param former the translator of the engine that this one is to follow, which it may go on with: [Translator#share]
public record VmResources(
        GuestArchitecture architecture,
        AddressSpace memory,
        PortBus ports,
        VirtualClock clock,
        int vcpus,
        boolean wantKernelIrqChip,
        String cpu,
        Optional<Translator> former) {
    /// A model of [#cpu()], which features may follow: what every engine can show, so that a guest can be moved between
    /// engines. It has the host's time-stamp counter.
    public static final String COMMON_CPU = "common";

    public VmResources {
        Objects.requireNonNull(cpu);
        Objects.requireNonNull(former);
    }

    /// Of the guest's first engine.
    public VmResources(
            GuestArchitecture architecture,
            AddressSpace memory,
            PortBus ports,
            VirtualClock clock,
            int vcpus,
            boolean wantKernelIrqChip,
            String cpu) {
        this(architecture, memory, ports, clock, vcpus, wantKernelIrqChip, cpu, Optional.empty());
    }

    /// With the engine's default processor.
    public VmResources(
            GuestArchitecture architecture,
            AddressSpace memory,
            PortBus ports,
            VirtualClock clock,
            int vcpus,
            boolean wantKernelIrqChip) {
        this(architecture, memory, ports, clock, vcpus, wantKernelIrqChip, "");
    }

    /// Whether the guest is to see the processor that every engine can show.
    public boolean wantsCommonCpu() {
        return cpu.equals(COMMON_CPU) || cpu.startsWith(COMMON_CPU + ",");
    }

    /// The same with another processor.
    public VmResources withCpu(String other) {
        return new VmResources(
                architecture, memory, ports, clock, vcpus, wantKernelIrqChip, other, former);
    }

    /// The same for an engine that follows another one.
    ///
    /// @param translator the former engine's
    public VmResources following(Optional<Translator> translator) {
        return new VmResources(
                architecture, memory, ports, clock, vcpus, wantKernelIrqChip, cpu, translator);
    }

    /// The same for a translator that begins anew, whatever came before.
    public VmResources afresh() {
        return following(Optional.empty());
    }
}
