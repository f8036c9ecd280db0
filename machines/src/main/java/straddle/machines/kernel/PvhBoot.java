package straddle.machines.kernel;

import static straddle.core.arch.x86.X86.RBX;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;
import straddle.machines.boot.Boot;
import straddle.machines.boot.E820;
import straddle.machines.boot.KernelImageException;

/// Boots an ELF kernel such as Linux's `vmlinux` by the PVH protocol (Xen's documentation, "x86/HVM direct boot ABI"): its note
/// names a 32-bit entry, where EBX points to a start information structure.
final class PvhBoot implements Boot {
    private static final String OWNER = "Xen";
    private static final int PHYS32_ENTRY = 18;

    private static final int MAGIC = 0x336e_c578;
    private static final int VERSION = 1;
    private static final int START_INFO_BYTES = 56;
    private static final int MODULE_BYTES = 32;
    private static final int MAP_ENTRY_BYTES = 24;
    private static final long PAGE = 4096;
    private static final long MIB = 1L << 20;

    private final ElfFile elf;
    private final long entry;
    private final byte[] initrd;
    private final String commandLine;

    private PvhBoot(ElfFile elf, long entry, byte[] initrd, String commandLine) {
        this.elf = elf;
        this.entry = entry;
        this.initrd = initrd;
        this.commandLine = commandLine;
    }

    /// @throws KernelImageException with a sentence, if the file has no such entry
    static PvhBoot of(ElfFile elf, Path path, byte[] initrd, String commandLine)
            throws KernelImageException {
        OptionalLong entry = elf.note(OWNER, PHYS32_ENTRY);
        if (entry.isEmpty()) {
            throw new KernelImageException(
                    path
                            + " is an ELF file without a way to start it: it has neither a PVH note (Linux: CONFIG_PVH) nor a Multiboot header.");
        }
        if (!elf.hasLoaded(entry.getAsLong())) {
            throw new KernelImageException(
                    "The kernel %s is damaged: its PVH entry 0x%x is not in any of its segments."
                            .formatted(path, entry.getAsLong()));
        }
        return new PvhBoot(elf, entry.getAsLong(), initrd, commandLine);
    }

    @Override
    public long minRamBytes() {
        return (elf.end() + initrd.length + 2 * MIB - 1) / MIB * MIB;
    }

    @Override
    public X86State load(AddressSpace memory, Surroundings where) {
        elf.load(memory);
        BootArea area = new BootArea(memory);
        long initrdAt = where.lowRamEnd() - initrd.length & -PAGE;
        memory.write(initrdAt, MemorySegment.ofArray(initrd));
        ByteBuffer info = BootArea.structure(START_INFO_BYTES);
        info.putInt(MAGIC).putInt(VERSION).putInt(0).putInt(initrd.length > 0 ? 1 : 0);
        info.putLong(initrd.length > 0 ? area.put(module(initrdAt)) : 0);
        info.putLong(area.put(commandLine));
        info.putLong(where.rsdp());
        info.putLong(area.put(memoryMap(where))).putInt(where.map().size());
        X86State state = FlatMode.enter(memory, entry);
        state.gpr[RBX] = area.put(info);
        return state;
    }

    private ByteBuffer module(long at) {
        return BootArea.structure(MODULE_BYTES).putLong(at).putLong(initrd.length);
    }

    private static ByteBuffer memoryMap(Surroundings where) {
        ByteBuffer map = BootArea.structure(MAP_ENTRY_BYTES * where.map().size());
        for (E820 each : where.map()) {
            map.putLong(each.start()).putLong(each.length()).putInt(each.type()).putInt(0);
        }
        return map;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "ELF kernel by PVH, initrd %,d KiB", initrd.length >>> 10);
    }
}
