package straddle.accel.kvm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.core.memory.Region;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Vcpu;
import straddle.host.SharedMemory;

/// A VM with 1 MiB of RAM at 0, 64 KiB of ROM at 0x20_0000 and one vCPU.
final class TestVm implements AutoCloseable {
    static final int RAM_BYTES = 1 << 20;
    static final long ROM_GPA = 0x20_0000;
    static final int CODE = 0x1000;

    final Arena arena = Arena.ofShared();
    final MachineLock lock = new MachineLock();
    final AddressSpace memory = new AddressSpace(lock);
    final PortBus ports = new PortBus(lock);
    final VirtualClock clock = new VirtualClock(System::nanoTime, lock);
    final Region.Ram ram;
    final Region.Ram rom;
    final KvmAccelerator accelerator;
    final Vcpu vcpu;

    private TestVm(InterruptSource interrupts, boolean kernelIrqChip) throws Exception {
        ram = memory.mapRam(0, RamBlock.allocate("ram", RAM_BYTES, SharedMemory.RAM, arena));
        RamBlock romBlock = RamBlock.allocate("rom", 0x1_0000, SharedMemory.RAM, arena);
        rom = memory.mapRam("rom", ROM_GPA, romBlock, 0, romBlock.length(), true);
        accelerator =
                (KvmAccelerator)
                        new KvmProvider()
                                .create(
                                        new VmResources(
                                                GuestArchitecture.X86_64,
                                                memory,
                                                ports,
                                                clock,
                                                1,
                                                kernelIrqChip));
        vcpu = accelerator.createVcpu(0, interrupts);
    }

    /// Skips the test where KVM can't be used.
    static void assumeKvm() {
        Availability found = new KvmProvider().availability(GuestArchitecture.X86_64);
        assumeTrue(found.isAvailable(), () -> "KVM is " + found);
    }

    static TestVm open() throws Exception {
        return open(InterruptSource.NONE);
    }

    static TestVm open(InterruptSource interrupts) throws Exception {
        assumeKvm();
        return new TestVm(interrupts, false);
    }

    static TestVm withKernelIrqChip() throws Exception {
        assumeKvm();
        return new TestVm(InterruptSource.NONE, true);
    }

    /// Puts machine code at 0:1000 and the vCPU in front of it, in real mode with flat segments of base 0.
    void load(String hex) throws AcceleratorException {
        put(CODE, hex);
        vcpu.load(realMode());
    }

    void put(long gpa, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        memory.write(gpa, MemorySegment.ofArray(bytes));
    }

    static X86State realMode() {
        X86State state = new X86State();
        state.segments[X86.CS].selector = 0;
        state.segments[X86.CS].base = 0;
        state.rip = CODE;
        state.gpr[X86.RSP] = 0x8000;
        return state;
    }

    /// 32-bit, CPL 0, paging off, flat segments.
    static X86State protectedMode() {
        X86State state = realMode();
        int flat = Segment.P | Segment.S | Segment.G | Segment.DB;
        for (Segment segment : state.segments) {
            segment.set(0x10, 0, -1, flat | 3);
        }
        state.segments[X86.CS].set(8, 0, -1, flat | 0xb);
        state.cr0 = X86.CR0_PE | X86.CR0_ET;
        return state;
    }

    X86State save() throws AcceleratorException {
        X86State state = new X86State();
        vcpu.save(state);
        return state;
    }

    @Override
    public void close() {
        vcpu.close();
        accelerator.close();
        arena.close();
    }
}
