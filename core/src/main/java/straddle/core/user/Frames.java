package straddle.core.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import straddle.core.bus.MachineLock;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.memory.Region;

/// The pages that all programs of a run share: frames of an [AddressSpace] that grows by blocks, counted by who
/// maps them. A frame is named by its guest-physical address.
///
/// Any thread; a lock of its own, which is held for moments and inside which none is taken but the machine lock.
public final class Frames implements AutoCloseable {
    public static final int PAGE_BYTES = RamAllocator.PAGE_BYTES;

    /// Host memory that was mapped, such as shared files, lies above; it is counted by who mapped it.
    private static final long MAPPED = 1L << 48;

    private static final int BLOCK_FRAMES = 1 << 13;
    private static final long BLOCK_BYTES = (long) BLOCK_FRAMES * PAGE_BYTES;

    private final AddressSpace space = new AddressSpace(new MachineLock());
    private final Arena arena = Arena.ofShared();
    private final RamAllocator allocator;
    private final long mostFrames;
    private final List<Block> blocks = new ArrayList<>();
    private long[] free = new long[1024];
    private int freeCount;
    private long used;
    private int fresh = BLOCK_FRAMES;
    private long nextMapped = MAPPED;

    private static final class Block {
        final Region.Ram ram;
        final int[] owners = new int[BLOCK_FRAMES];

        Block(Region.Ram ram) {
            this.ram = ram;
        }
    }

    /// @param mostBytes that programs may use in all
    public Frames(RamAllocator allocator, long mostBytes) {
        this.allocator = allocator;
        this.mostFrames = Math.max(1, mostBytes / PAGE_BYTES);
    }

    /// Where frames lie.
    public AddressSpace space() {
        return space;
    }

    /// How many frames are in use.
    public synchronized long used() {
        return used;
    }

    /// A frame of zeroes with one owner, or 0 if there is no memory left.
    public long allocate() {
        long frame;
        synchronized (this) {
            if (used >= mostFrames) {
                return 0;
            }
            if (freeCount == 0) {
                return allocateFresh();
            }
            frame = free[--freeCount];
            used++;
            block(frame).owners[index(frame)] = 1;
        }
        bytes(frame).fill((byte) 0);
        return frame;
    }

    /// Memory from the host is zero already.
    private long allocateFresh() {
        if (fresh == BLOCK_FRAMES) {
            try {
                RamBlock ram =
                        RamBlock.allocate("user-" + blocks.size(), BLOCK_BYTES, allocator, arena);
                blocks.add(new Block(space.mapRam((blocks.size() + 1) * BLOCK_BYTES, ram)));
                fresh = 0;
            } catch (RamUnavailableException _) {
                return 0;
            }
        }
        used++;
        Block block = blocks.getLast();
        block.owners[fresh] = 1;
        return block.ram.gpa() + (long) fresh++ * PAGE_BYTES;
    }

    private Block block(long frame) {
        return blocks.get((int) (frame / BLOCK_BYTES) - 1);
    }

    private static int index(long frame) {
        return (int) (frame % BLOCK_BYTES / PAGE_BYTES);
    }

    /// One more maps a frame.
    public synchronized void retain(long frame) {
        if (frame < MAPPED) {
            block(frame).owners[index(frame)]++;
        }
    }

    /// Whether nobody else maps a frame.
    public synchronized boolean isSole(long frame) {
        return frame < MAPPED && block(frame).owners[index(frame)] == 1;
    }

    /// One less maps a frame; the last one's gives it back. No TLB may have it any more.
    public void release(long frame) {
        if (frame >= MAPPED) {
            return;
        }
        Block block;
        synchronized (this) {
            block = block(frame);
            if (--block.owners[index(frame)] > 0) {
                return;
            }
        }
        // Whoever translated its code must forget it before it holds something else.
        if (block.ram.block().dirty().readersAt(frame - block.ram.gpa()) != 0) {
            space.noteWritten(block.ram, frame, PAGE_BYTES);
        }
        synchronized (this) {
            used--;
            if (freeCount == free.length) {
                free = java.util.Arrays.copyOf(free, free.length * 2);
            }
            free[freeCount++] = frame;
        }
    }

    /// Whether somebody must notice stores to a frame: code was translated from it.
    public boolean isWatched(long frame) {
        Region.Ram ram = at(frame);
        return ram.block().dirty().readersAt(frame - ram.gpa() + ram.offset()) != 0;
    }

    /// A frame's bytes.
    public MemorySegment bytes(long frame) {
        Region.Ram ram = at(frame);
        return ram.block().bytes().asSlice(frame - ram.gpa() + ram.offset(), PAGE_BYTES);
    }

    private Region.Ram at(long frame) {
        if (frame < MAPPED) {
            synchronized (this) {
                return block(frame).ram;
            }
        }
        return (Region.Ram) space.at(frame);
    }

    /// The host address of a byte.
    public long hostAddress(long gpa) {
        Region.Ram ram = at(gpa & -PAGE_BYTES);
        return ram.hva(gpa);
    }

    /// Makes memory of the host's usable as frames: a shared mapping of a file.
    ///
    /// @param mapping whole pages
    /// @param owner of the bookkeeping's memory; closed after [#removeMapping]
    public synchronized Region.Ram addMapping(String name, MemorySegment mapping, Arena owner) {
        try {
            RamBlock block =
                    RamBlock.allocate(name, mapping.byteSize(), (_, _, _) -> mapping, owner);
            Region.Ram ram = space.mapRam(nextMapped, block);
            nextMapped += mapping.byteSize() + PAGE_BYTES;
            return ram;
        } catch (RamUnavailableException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Takes such memory back; no TLB may have it any more.
    public void removeMapping(Region.Ram ram) {
        space.unmap(ram);
    }

    @Override
    public void close() {
        arena.close();
    }
}
