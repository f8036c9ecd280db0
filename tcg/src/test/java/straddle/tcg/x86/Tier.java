package straddle.tcg.x86;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.Optional;
import straddle.core.memory.HostCode;
import straddle.tcg.machine.MachineCode;
import straddle.tcg.region.Regions;

/// What runs warm blocks.
enum Tier {
    INTERPRETER,
    MACHINE_CODE,
    REGIONS;

    /// Has it run a processor's warm blocks from now on; without machine code of ours on this host, what needs it is
    /// skipped.
    void runCodeOf(X86Cpu cpu, Arena arena) {
        switch (this) {
            case INTERPRETER -> {}
            case MACHINE_CODE -> cpu.machine = new MachineCode(cpu, hostCode(), X86Cpu.ZERO, arena);
            case REGIONS -> cpu.regions = new Regions(cpu, Runnable::run, X86Cpu.ZERO);
        }
    }

    static HostCode hostCode() {
        Optional<HostCode> found = HostCode.ofHost();
        assumeTrue(found.isPresent(), "This host has no machine code of ours");
        return found.orElseThrow();
    }
}
