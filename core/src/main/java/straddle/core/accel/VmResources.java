package straddle.core.accel;

import straddle.core.bus.PortBus;
import straddle.core.memory.AddressSpace;
import straddle.core.time.VirtualClock;

/// What a machine hands to an engine: all that a guest instruction can reach.
///
/// @param vcpus how many vCPUs the machine will ask for: 1 to 255
/// @param wantKernelIrqChip whether the machine can leave its interrupt controllers to the engine
public record VmResources(
        GuestArchitecture architecture,
        AddressSpace memory,
        PortBus ports,
        VirtualClock clock,
        int vcpus,
        boolean wantKernelIrqChip) {}
