package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import straddle.core.accel.Translator;
import straddle.core.bus.MachineLock;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.Region;
import straddle.core.vcpu.TranslatedVcpu;

/// A guest of 4 MiB of RAM without a processor, and the [UserTables] that follow what is written to its memory.
final class TablesGuest implements AutoCloseable {
    private static final int POOL_PAGES = 256;

    final AddressSpace memory = new AddressSpace(new MachineLock());
    final RamBlock ram;
    final UserTables tables;

    /// The address spaces that were told to be empty.
    final List<Long> ended = new ArrayList<>();

    /// How often the pool's slot was made anew.
    int remade;

    private final Arena arena = Arena.ofShared();

    TablesGuest() throws Exception {
        ram = mapRam(0, 4 << 20);
        TablePool pool =
                new TablePool(arena.allocate(POOL_PAGES * 4096, 4096), 1L << 38, () -> remade++);
        tables =
                new UserTables(
                        memory, new WatchedTables(memory, new NoTranslator()), pool, ended::add);
        memory.addListener(
                new MemoryListener() {
                    @Override
                    public void added(Region region) {}

                    @Override
                    public void removed(Region region) {}

                    @Override
                    public void tableWritten(long gpa, long length) {
                        tables.tableWritten(gpa, length);
                    }
                });
    }

    RamBlock mapRam(long gpa, long bytes) throws Exception {
        RamBlock block = RamBlock.allocate("ram", bytes, RamAllocator.OFF_HEAP, arena);
        memory.mapRam(gpa, block);
        return block;
    }

    void mapRom(long gpa, long bytes) throws Exception {
        RamBlock rom = RamBlock.allocate("rom", bytes, RamAllocator.OFF_HEAP, arena);
        memory.mapRam("rom", gpa, rom, 0, bytes, true);
    }

    @Override
    public void close() {
        arena.close();
    }

    private static final class NoTranslator implements Translator {
        @Override
        public String name() {
            return "none";
        }

        @Override
        public Optional<IrqChip> kernelIrqChip() {
            return Optional.empty();
        }

        @Override
        public TranslatedVcpu createVcpu(int id, InterruptSource interrupts) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void noticeStores(long hvaPage) {}

        @Override
        public void close() {}
    }
}
