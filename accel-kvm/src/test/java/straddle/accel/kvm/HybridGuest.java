package straddle.accel.kvm;

import static straddle.accel.kvm.HandmadeTranslator.USER;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Vcpu;
import straddle.host.SharedMemory;

/// A guest of 4 MiB of RAM under [HybridAccelerator], whose translator is a [HandmadeTranslator]. Its tables lie at [#ROOT] to 0x4000, its
/// four pages of user code at [#USER_GPA].
final class HybridGuest implements AutoCloseable {
    static final long ROOT = 0x1000;
    static final long ALL =
            UserTables.PRESENT
                    | UserTables.WRITABLE
                    | UserTables.USER
                    | UserTables.ACCESSED
                    | UserTables.DIRTY;
    static final int USER_GPA = 0x20_0000;

    final AddressSpace memory;
    final HandmadeTranslator translator = new HandmadeTranslator();

    /// Null before [#start].
    HybridAccelerator accelerator;

    /// Null before [#start], and once a test has closed both.
    Vcpu vcpu;

    private final Arena arena = Arena.ofShared();
    private final MachineLock lock = new MachineLock();

    HybridGuest() throws Exception {
        memory = new AddressSpace(lock);
        memory.mapRam(0, RamBlock.allocate("ram", 4 << 20, SharedMemory.RAM, arena));
        translator.reset(ROOT);
    }

    /// Makes the tables of four levels above the lowest one, which lead to user code.
    static void linkFourLevels(AddressSpace memory) {
        for (int level = 4; level > 1; level--) {
            long table = ROOT + (4 - level) * 0x1000L;
            memory.write(
                    table + (USER >>> 12 + 9 * (level - 1) & 511) * 8, 8, table + 0x1000 | ALL);
        }
    }

    /// Puts code at an offset in user code.
    void put(int at, String hex) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        memory.write(USER_GPA + at, MemorySegment.ofArray(code));
    }

    void start(InterruptSource interrupts, int verify) throws Exception {
        VmResources resources =
                new VmResources(
                        GuestArchitecture.X86_64,
                        memory,
                        new PortBus(lock),
                        new VirtualClock(System::nanoTime, lock),
                        1,
                        false);
        accelerator =
                HybridAccelerator.create(
                        KvmDevice.open(KvmDevice.PATH),
                        translator,
                        resources,
                        new HybridAccelerator.UserCodeHost(
                                45, 25, HybridAccelerator.ProtectedMode.INTERPRETED),
                        verify);
        vcpu = accelerator.createVcpu(0, interrupts);
        translator.praise();
    }

    @Override
    public void close() {
        if (vcpu != null) {
            vcpu.close();
            accelerator.close();
        }
        arena.close();
    }
}
