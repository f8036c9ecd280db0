package straddle.core.accel;

import java.util.Objects;
import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.time.VirtualClock;

/// What a machine hands to an engine: all that a guest instruction can reach.
///
/// @param vcpus how many vCPUs the machine will ask for: 1 to 255
/// @param wantKernelIrqChip whether the machine can leave its interrupt controllers to the engine
/// @param cpu which processor the guest sees, in the words of `--cpu`; empty: the engine's default
public record VmResources(
        GuestArchitecture architecture,
        AddressSpace memory,
        PortBus ports,
        VirtualClock clock,
        int vcpus,
        boolean wantKernelIrqChip,
        String cpu) {
    public VmResources {
        Objects.requireNonNull(cpu);
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

    /// The same with another processor.
    public VmResources withCpu(String other) {
        return new VmResources(architecture, memory, ports, clock, vcpus, wantKernelIrqChip, other);
    }
}
