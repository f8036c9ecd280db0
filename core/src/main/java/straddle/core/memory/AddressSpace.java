package straddle.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import straddle.core.bus.IoDevice;
import straddle.core.bus.IoRange;
import straddle.core.bus.MachineLock;

/// The guest-physical address space: RAM, ROM and MMIO, 64 bits wide, little-endian.
///
/// Regions never overlap. Addresses are 0 to 2^52 - 1, x86's architectural limit (SDM volume 3, 5.1.4),
/// so signed arithmetic on them is safe. The map is a sorted immutable array that changes replace, so
/// any thread may read without a lock; MMIO accesses hold the machine lock. What is not mapped floats:
/// it reads all ones and ignores writes. Accesses allocate nothing.
public final class AddressSpace {
    public static final int ADDRESS_BITS = 52;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MachineLock lock;
    private final List<MemoryListener> listeners = new CopyOnWriteArrayList<>();
    private volatile Region[] map = new Region[0];

    public AddressSpace(MachineLock lock) {
        this.lock = Objects.requireNonNull(lock);
    }

    public MachineLock lock() {
        return lock;
    }

    /// The whole map, by ascending address.
    public List<Region> regions() {
        return List.of(map);
    }

    /// Tells the listener of every region there is, and of each change from now on.
    public void addListener(MemoryListener listener) {
        lock.lock();
        try {
            listeners.add(listener);
            for (Region region : map) {
                listener.added(region);
            }
        } finally {
            lock.unlock();
        }
    }

    public void removeListener(MemoryListener listener) {
        listeners.remove(listener);
    }

    /// Maps a whole block as RAM.
    ///
    /// @throws IllegalArgumentException if it would overlap another region, is not page-aligned, or ends beyond 2^52
    public Region.Ram mapRam(long gpa, RamBlock block) {
        return mapRam(block.name(), gpa, block, 0, block.length(), false);
    }

    /// Maps a part of a block, as RAM or ROM; one block can show in several places.
    ///
    /// @throws IllegalArgumentException as [#mapRam(long, RamBlock)]
    public Region.Ram mapRam(
            String name, long gpa, RamBlock block, long offset, long length, boolean readOnly) {
        if (((gpa | offset | length) & (RamAllocator.PAGE_BYTES - 1)) != 0
                || offset < 0
                || offset + length > block.length()) {
            throw new IllegalArgumentException(
                    name
                            + ": "
                            + length
                            + " bytes from offset "
                            + offset
                            + " at 0x"
                            + Long.toHexString(gpa)
                            + " are not whole pages of "
                            + block.name());
        }
        Region.Ram region = new Region.Ram(name, gpa, length, block, offset, readOnly);
        add(region);
        return region;
    }

    /// Maps a device's registers.
    ///
    /// @throws IllegalArgumentException as [#mapRam(long, RamBlock)], without the alignment
    public Region.Mmio mapMmio(String name, long gpa, long length, IoDevice device) {
        Region.Mmio region = new Region.Mmio(new IoRange(name, gpa, length, device, lock));
        add(region);
        return region;
    }

    private void add(Region region) {
        if (region.gpa() < 0 || region.length() <= 0 || region.end() > 1L << ADDRESS_BITS) {
            throw new IllegalArgumentException(region + " does not lie within 0 to 2^52 - 1");
        }
        lock.lock();
        try {
            Region[] now = map;
            int at = 0;
            while (at < now.length && now[at].gpa() < region.gpa()) {
                at++;
            }
            if (at > 0 && now[at - 1].end() > region.gpa()) {
                throw new IllegalArgumentException(region + " overlaps " + now[at - 1]);
            }
            if (at < now.length && region.end() > now[at].gpa()) {
                throw new IllegalArgumentException(region + " overlaps " + now[at]);
            }
            Region[] next = new Region[now.length + 1];
            System.arraycopy(now, 0, next, 0, at);
            next[at] = region;
            System.arraycopy(now, at, next, at + 1, now.length - at);
            map = next;
            listeners.forEach(listener -> listener.added(region));
        } finally {
            lock.unlock();
        }
    }

    /// Takes a region out again.
    public void unmap(Region region) {
        lock.lock();
        try {
            Region[] next =
                    Arrays.stream(map).filter(each -> each != region).toArray(Region[]::new);
            if (next.length == map.length) {
                throw new IllegalArgumentException(region + " is not mapped");
            }
            map = next;
            listeners.forEach(listener -> listener.removed(region));
        } finally {
            lock.unlock();
        }
    }

    /// The region at an address, or null where nothing is.
    public Region at(long gpa) {
        Region[] now = map;
        int low = 0;
        int high = now.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Region region = now[middle];
            if (gpa < region.gpa()) {
                high = middle - 1;
            } else if (gpa >= region.end()) {
                low = middle + 1;
            } else {
                return region;
            }
        }
        return null;
    }

    /// Reads 1, 2, 4 or 8 bytes, zero-extended, as a device or a vCPU's exit handler does.
    public long read(long gpa, int width) {
        switch (at(gpa)) {
            case Region.Ram ram when gpa + width <= ram.end() -> {
                MemorySegment bytes = ram.block().bytes();
                long offset = gpa - ram.gpa() + ram.offset();
                return switch (width) {
                    case 1 -> Byte.toUnsignedLong(bytes.get(ValueLayout.JAVA_BYTE, offset));
                    case 2 -> Short.toUnsignedLong(bytes.get(SHORT, offset));
                    case 4 -> Integer.toUnsignedLong(bytes.get(INT, offset));
                    default -> bytes.get(LONG, offset);
                };
            }
            case Region.Mmio mmio when gpa + width <= mmio.end() -> {
                return mmio.range().read(gpa - mmio.gpa(), width);
            }
            case null -> {
                return width == 1 ? 0xff : readBytewise(gpa, width);
            }
            default -> {
                return readBytewise(gpa, width);
            }
        }
    }

    /// Writes the low 1, 2, 4 or 8 bytes of a value.
    public void write(long gpa, int width, long value) {
        switch (at(gpa)) {
            case Region.Ram ram when gpa + width <= ram.end() -> {
                if (!ram.readOnly()) {
                    store(ram, gpa, width, value);
                }
            }
            case Region.Mmio mmio when gpa + width <= mmio.end() ->
                    mmio.range().write(gpa - mmio.gpa(), width, value);
            case null, default -> {
                for (int i = 0; i < width && width > 1; i++) {
                    write(gpa + i, 1, value >>> (8 * i));
                }
            }
        }
    }

    private void store(Region.Ram ram, long gpa, int width, long value) {
        MemorySegment bytes = ram.block().bytes();
        long offset = gpa - ram.gpa() + ram.offset();
        switch (width) {
            case 1 -> bytes.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
            case 2 -> bytes.set(SHORT, offset, (short) value);
            case 4 -> bytes.set(INT, offset, (int) value);
            default -> bytes.set(LONG, offset, value);
        }
        noteWritten(ram, gpa, width);
    }

    private long readBytewise(long gpa, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= read(gpa + i, 1) << (8 * i);
        }
        return value;
    }

    /// Copies RAM or ROM to a segment, as DMA does; what is no memory reads as 0xff.
    public void read(long gpa, MemorySegment to) {
        long done = 0;
        while (done < to.byteSize()) {
            long left = to.byteSize() - done;
            if (at(gpa + done) instanceof Region.Ram ram) {
                long part = Math.min(left, ram.end() - gpa - done);
                MemorySegment.copy(
                        ram.block().bytes(), gpa + done - ram.gpa() + ram.offset(), to, done, part);
                done += part;
            } else {
                to.set(ValueLayout.JAVA_BYTE, done++, (byte) 0xff);
            }
        }
    }

    /// Copies a segment to RAM, as DMA does; what would fall on ROM, MMIO or nothing is dropped.
    public void write(long gpa, MemorySegment from) {
        long done = 0;
        while (done < from.byteSize()) {
            long left = from.byteSize() - done;
            if (at(gpa + done) instanceof Region.Ram ram) {
                long part = Math.min(left, ram.end() - gpa - done);
                if (!ram.readOnly()) {
                    MemorySegment.copy(
                            from,
                            done,
                            ram.block().bytes(),
                            gpa + done - ram.gpa() + ram.offset(),
                            part);
                    noteWritten(ram, gpa + done, part);
                }
                done += part;
            } else {
                done++;
            }
        }
    }

    /// Clears the readers of every page in a written range of a region, and tells them; [DirtyPages#PT]
    /// stays, and its readers are told of each write.
    public void noteWritten(Region.Ram ram, long gpa, long length) {
        // A reader arms a page before it reads it: either it sees the write, or the writer sees it.
        VarHandle.fullFence();
        DirtyPages dirty = ram.block().dirty();
        long first = gpa - ram.gpa() + ram.offset();
        for (long page = first & -RamAllocator.PAGE_BYTES;
                page < first + length;
                page += RamAllocator.PAGE_BYTES) {
            int readers = dirty.readersAt(page);
            if (readers != 0) {
                long written = page - ram.offset() + ram.gpa();
                int once = readers & ~DirtyPages.PT;
                if (once != 0) {
                    dirty.disarm(page, once);
                    for (MemoryListener listener : listeners) {
                        listener.written(written, once);
                    }
                }
                if ((readers & DirtyPages.PT) != 0) {
                    long start = Math.max(written, gpa);
                    long end = Math.min(written + RamAllocator.PAGE_BYTES, gpa + length);
                    noteTableWritten(start, end - start);
                }
            }
        }
    }

    /// Tells the readers of a page table, within one page, that it has been written.
    public void noteTableWritten(long gpa, long length) {
        for (MemoryListener listener : listeners) {
            listener.tableWritten(gpa, length);
        }
    }
}
