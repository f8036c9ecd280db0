package straddle.machines.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import straddle.core.memory.AddressSpace;
import straddle.machines.boot.KernelImageException;

/// An executable for x86 in ELF, of 32 or 64 bits (System V ABI, chapters 4 and 5): its segments by their physical addresses, and
/// its notes.
final class ElfFile {
    private static final int MAGIC = 0x464c_457f;
    private static final int CLASS = 4;
    private static final int CLASS_64 = 2;
    private static final int DATA = 5;
    private static final int LITTLE_ENDIAN = 1;
    private static final int TYPE = 16;
    private static final int TYPE_EXECUTABLE = 2;
    private static final int TYPE_SHARED = 3;
    private static final int MACHINE = 18;
    private static final int MACHINE_386 = 3;
    private static final int MACHINE_X86_64 = 62;

    private static final int SMALLEST = 52;
    private static final int SMALLEST_64 = 64;
    private static final int HEADER_32 = 32;
    private static final int HEADER_64 = 56;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    private static final int NOTE_HEADER = 12;

    /// Kernels lie above the first MiB, where their boot data are, and within what every machine can have as RAM below 4 GiB.
    private static final long LOWEST = 1L << 20;

    private static final long HIGHEST = 3L << 30;

    private final byte[] file;
    private final ByteBuffer bytes;
    private final boolean wide;
    private final List<Segment> segments = new ArrayList<>();
    private final List<Segment> notes = new ArrayList<>();

    /// A part of the file and where in memory it goes; what is longer there is zero.
    private record Segment(long offset, long fileBytes, long gpa, long memoryBytes) {}

    private ElfFile(byte[] file) {
        this.file = file;
        bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        wide = file[CLASS] == CLASS_64;
    }

    static boolean isElf(byte[] file) {
        return file.length >= 4
                && ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(0) == MAGIC;
    }

    /// @param path for the sentences
    /// @throws KernelImageException with a sentence, if it is no executable for x86, or damaged
    static ElfFile parse(byte[] file, Path path) throws KernelImageException {
        if (file.length < SMALLEST || file[CLASS] == CLASS_64 && file.length < SMALLEST_64) {
            throw damaged(path, "it ends within its header");
        }
        ElfFile elf = new ElfFile(file);
        int machine = elf.bytes.getShort(MACHINE);
        int type = elf.bytes.getShort(TYPE);
        boolean known = machine == MACHINE_386 || machine == MACHINE_X86_64;
        if (file[DATA] != LITTLE_ENDIAN || !known) {
            throw new KernelImageException(path + " is an ELF file, but not for x86.");
        }
        if (type != TYPE_EXECUTABLE && type != TYPE_SHARED) {
            throw new KernelImageException(path + " is an ELF file, but no executable.");
        }
        elf.readSegments(path);
        return elf;
    }

    private static KernelImageException damaged(Path path, String how) {
        return new KernelImageException(
                "The kernel " + path + " is truncated or damaged: " + how + ".");
    }

    boolean is64Bit() {
        return wide;
    }

    /// Where the file says that it starts.
    long entry() {
        return wide ? bytes.getLong(24) : Integer.toUnsignedLong(bytes.getInt(24));
    }

    private void readSegments(Path path) throws KernelImageException {
        long at = wide ? bytes.getLong(32) : Integer.toUnsignedLong(bytes.getInt(28));
        int size = Short.toUnsignedInt(bytes.getShort(wide ? 54 : 42));
        int count = Short.toUnsignedInt(bytes.getShort(wide ? 56 : 44));
        if (size < (wide ? HEADER_64 : HEADER_32)
                || at < 0
                || at > file.length
                || (long) size * count > file.length - at) {
            throw damaged(path, "its program headers lie behind its end");
        }
        for (int i = 0; i < count; i++) {
            int header = (int) at + i * size;
            int type = bytes.getInt(header);
            if (type == PT_LOAD || type == PT_NOTE) {
                Segment segment = segment(header);
                check(segment, type, path);
                (type == PT_LOAD ? segments : notes).add(segment);
            }
        }
        segments.removeIf(segment -> segment.memoryBytes == 0);
        if (segments.isEmpty()) {
            throw damaged(path, "it has nothing to load");
        }
    }

    private Segment segment(int header) {
        return wide
                ? new Segment(
                        bytes.getLong(header + 8),
                        bytes.getLong(header + 32),
                        bytes.getLong(header + 24),
                        bytes.getLong(header + 40))
                : new Segment(
                        Integer.toUnsignedLong(bytes.getInt(header + 4)),
                        Integer.toUnsignedLong(bytes.getInt(header + 16)),
                        Integer.toUnsignedLong(bytes.getInt(header + 12)),
                        Integer.toUnsignedLong(bytes.getInt(header + 20)));
    }

    private void check(Segment segment, int type, Path path) throws KernelImageException {
        if (segment.offset < 0
                || segment.fileBytes < 0
                || segment.offset > file.length
                || segment.fileBytes > file.length - segment.offset) {
            throw damaged(path, "a segment lies behind its end");
        }
        if (type == PT_LOAD && segment.memoryBytes != 0) {
            boolean within =
                    segment.gpa >= LOWEST
                            && segment.gpa < HIGHEST
                            && segment.memoryBytes >= segment.fileBytes
                            && segment.memoryBytes <= HIGHEST - segment.gpa;
            if (!within) {
                throw new KernelImageException(
                        "The kernel %s is to lie at physical address 0x%x, which can't be: 1 MiB to 3 GiB can."
                                .formatted(path, segment.gpa));
            }
        }
    }

    /// Behind the highest byte of memory that it needs.
    long end() {
        return segments.stream()
                .mapToLong(segment -> segment.gpa + segment.memoryBytes)
                .max()
                .orElseThrow();
    }

    /// Whether an address is loaded from the file.
    boolean hasLoaded(long gpa) {
        return segments.stream()
                .anyMatch(segment -> gpa >= segment.gpa && gpa < segment.gpa + segment.fileBytes);
    }

    /// A note's value as an address: 4 or 8 bytes.
    OptionalLong note(String owner, int type) {
        for (Segment each : notes) {
            long at = each.offset;
            long end = each.offset + each.fileBytes;
            while (at + NOTE_HEADER <= end) {
                long nameBytes = Integer.toUnsignedLong(bytes.getInt((int) at));
                long valueBytes = Integer.toUnsignedLong(bytes.getInt((int) at + 4));
                long name = at + NOTE_HEADER;
                long value = name + (nameBytes + 3 & ~3L);
                if (value + valueBytes > end) {
                    break;
                }
                if (bytes.getInt((int) at + 8) == type
                        && nameBytes <= 64
                        && owner.equals(text((int) name, (int) nameBytes))
                        && valueBytes >= 4) {
                    return OptionalLong.of(
                            valueBytes >= 8
                                    ? bytes.getLong((int) value)
                                    : Integer.toUnsignedLong(bytes.getInt((int) value)));
                }
                at = value + (valueBytes + 3 & ~3L);
            }
        }
        return OptionalLong.empty();
    }

    /// Without its terminating zero.
    private String text(int at, int length) {
        return new String(file, at, Math.max(0, length - 1), StandardCharsets.ISO_8859_1);
    }

    /// Copies the segments to RAM, which is zero before.
    void load(AddressSpace memory) {
        for (Segment each : segments) {
            memory.write(
                    each.gpa, MemorySegment.ofArray(file).asSlice(each.offset, each.fileBytes));
        }
    }
}
