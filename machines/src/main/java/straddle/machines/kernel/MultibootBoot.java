package straddle.machines.kernel;

import static straddle.core.arch.x86.X86.RAX;
import static straddle.core.arch.x86.X86.RBX;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.AddressSpace;
import straddle.machines.boot.Boot;
import straddle.machines.boot.E820;
import straddle.machines.boot.KernelImageException;

/// Boots a kernel by the Multiboot specification, version 0.6.96, with its modules: the header says where an image
/// goes, or the image is an ELF file of 32 bits.
///
/// A display mode that it asks for is not there, and the information structure says nothing about one.
final class MultibootBoot implements Boot {
    private static final int HEADER_MAGIC = 0x1bad_b002;
    private static final int LOADER_MAGIC = 0x2bad_b002;
    private static final int SEARCHED_BYTES = 8192;
    private static final int FLAG_ADDRESSES = 1 << 16;
    private static final int REQUIRED_FLAGS = 0xffff;
    private static final int KNOWN_FLAGS = 7;
    private static final int HEADER_BYTES = 12;
    private static final int HEADER_BYTES_WITH_ADDRESSES = 32;

    private static final int INFO_BYTES = 116;
    private static final int INFO_MEMORY = 1;
    private static final int INFO_COMMAND_LINE = 1 << 2;
    private static final int INFO_MODULES = 1 << 3;
    private static final int INFO_MAP = 1 << 6;
    private static final int INFO_LOADER = 1 << 9;
    private static final int MODULE_BYTES = 16;
    private static final int MAP_ENTRY_BYTES = 24;

    private static final long LOWEST = 1L << 20;
    private static final long HIGHEST = 3L << 30;
    private static final long PAGE = 4096;
    private static final long MIB = 1L << 20;
    private static final long KIB = 1024;

    /// What is loaded and where it starts.
    ///
    /// @param elf empty for an image that the header places
    /// @param placed what goes to `gpa` then
    private record Image(
            Optional<ElfFile> elf, MemorySegment placed, long gpa, long end, long entry) {}

    /// A file that the kernel is given, and its command line.
    record Module(MemorySegment bytes, String text) {}

    private final Image image;
    private final List<Module> modules;
    private final String commandLine;

    private MultibootBoot(Image image, List<Module> modules, String commandLine) {
        this.image = image;
        this.modules = List.copyOf(modules);
        this.commandLine = commandLine;
    }

    /// Where the header begins, or -1 if there is none.
    static int header(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int last = Math.min(file.length, SEARCHED_BYTES) - HEADER_BYTES;
        for (int at = 0; at <= last; at += 4) {
            if (bytes.getInt(at) == HEADER_MAGIC
                    && bytes.getInt(at) + bytes.getInt(at + 4) + bytes.getInt(at + 8) == 0) {
                return at;
            }
        }
        return -1;
    }

    /// @throws KernelImageException with a sentence, if it asks for what can't be had, or is damaged
    static MultibootBoot of(
            byte[] file, int header, Path path, List<Module> modules, String commandLine)
            throws KernelImageException {
        int flags = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(header + 4);
        if ((flags & REQUIRED_FLAGS & ~KNOWN_FLAGS) != 0) {
            throw new KernelImageException(
                    "The Multiboot kernel %s asks for features that are not there: flags 0x%x."
                            .formatted(path, flags));
        }
        int text =
                commandLine.length() + modules.stream().mapToInt(each -> each.text.length()).sum();
        if (3L * text > BootArea.MOST_TEXT_BYTES) {
            throw new KernelImageException(
                    "The kernel's and its modules' command lines are too long.");
        }
        Image image = (flags & FLAG_ADDRESSES) != 0 ? placed(file, header, path) : elf(file, path);
        return new MultibootBoot(image, modules, commandLine);
    }

    private static Image elf(byte[] file, Path path) throws KernelImageException {
        if (!ElfFile.isElf(file)) {
            throw new KernelImageException(
                    "The Multiboot kernel "
                            + path
                            + " is no ELF file, and its header does not say where it goes.");
        }
        ElfFile elf = ElfFile.parse(file, path);
        if (elf.is64Bit()) {
            throw new KernelImageException(
                    "The Multiboot kernel "
                            + path
                            + " is a 64-bit ELF file; Multiboot starts 32-bit ones.");
        }
        if (!elf.hasLoaded(elf.entry())) {
            throw new KernelImageException(
                    "The kernel %s is damaged: its entry 0x%x is not in any of its segments."
                            .formatted(path, elf.entry()));
        }
        return new Image(Optional.of(elf), MemorySegment.NULL, 0, elf.end(), elf.entry());
    }

    /// Specification, 3.1.3.
    private static Image placed(byte[] file, int header, Path path) throws KernelImageException {
        if (header + HEADER_BYTES_WITH_ADDRESSES > file.length) {
            throw new KernelImageException("The Multiboot kernel " + path + " is truncated.");
        }
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long headerAt = Integer.toUnsignedLong(bytes.getInt(header + 12));
        long load = Integer.toUnsignedLong(bytes.getInt(header + 16));
        long loadEnd = Integer.toUnsignedLong(bytes.getInt(header + 20));
        long bssEnd = Integer.toUnsignedLong(bytes.getInt(header + 24));
        long entry = Integer.toUnsignedLong(bytes.getInt(header + 28));
        long from = header - (headerAt - load);
        long length = loadEnd == 0 ? file.length - from : loadEnd - load;
        long end = Math.max(bssEnd, load + length);
        boolean possible =
                headerAt >= load && from >= 0 && length > 0 && load >= LOWEST && end <= HIGHEST;
        if (!possible || entry < load || entry >= load + length) {
            throw new KernelImageException(
                    "The Multiboot kernel %s is damaged: its header's addresses, 0x%x to 0x%x and entry 0x%x, can't be."
                            .formatted(path, load, end, entry));
        }
        if (from + length > file.length) {
            throw new KernelImageException(
                    "The Multiboot kernel %s is truncated: it has %,d of %,d bytes."
                            .formatted(path, file.length, from + length));
        }
        MemorySegment placed = MemorySegment.ofArray(file).asSlice(from, length);
        return new Image(Optional.empty(), placed, load, end, entry);
    }

    @Override
    public long minRamBytes() {
        long end = image.end;
        for (Module each : modules) {
            end = placeAfter(end) + each.bytes.byteSize();
        }
        return (end + 2 * MIB - 1) / MIB * MIB;
    }

    private static long placeAfter(long end) {
        return end + PAGE - 1 & -PAGE;
    }

    @Override
    public X86State load(AddressSpace memory, Surroundings where) {
        if (image.elf.isPresent()) {
            image.elf.get().load(memory);
        } else {
            memory.write(image.gpa, image.placed);
        }
        BootArea area = new BootArea(memory);
        ByteBuffer info = BootArea.structure(INFO_BYTES);
        info.putInt(0, INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MAP | INFO_LOADER);
        info.putInt(4, (int) (where.map().getFirst().length() / KIB));
        info.putInt(8, (int) ((where.lowRamEnd() - MIB) / KIB));
        info.putInt(16, (int) area.put(commandLine));
        info.putInt(20, modules.size());
        info.putInt(24, (int) area.put(modules(memory, area)));
        ByteBuffer map = memoryMap(where);
        info.putInt(44, map.capacity());
        info.putInt(48, (int) area.put(map));
        info.putInt(64, (int) area.put("Straddle"));
        X86State state = FlatMode.enter(memory, image.entry);
        state.gpr[RAX] = LOADER_MAGIC;
        state.gpr[RBX] = area.put(info);
        return state;
    }

    private ByteBuffer modules(AddressSpace memory, BootArea area) {
        ByteBuffer list = BootArea.structure(MODULE_BYTES * modules.size());
        long end = image.end;
        for (Module each : modules) {
            long at = placeAfter(end);
            end = at + each.bytes.byteSize();
            memory.write(at, each.bytes);
            list.putInt((int) at).putInt((int) end).putInt((int) area.put(each.text)).putInt(0);
        }
        return list;
    }

    private static ByteBuffer memoryMap(Surroundings where) {
        ByteBuffer map = BootArea.structure(MAP_ENTRY_BYTES * where.map().size());
        for (E820 each : where.map()) {
            map.putInt(MAP_ENTRY_BYTES - 4).putLong(each.start());
            map.putLong(each.length()).putInt(each.type());
        }
        return map;
    }

    @Override
    public String toString() {
        return "Multiboot kernel, %d modules".formatted(modules.size());
    }
}
