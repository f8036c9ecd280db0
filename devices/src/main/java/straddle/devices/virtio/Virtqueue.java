package straddle.devices.virtio;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// A split virtqueue, the device's side (Virtual I/O Device 1.2, 2.7), with indirect descriptors and event indices.
///
/// The driver may be wrong or hostile and may change any of it at any moment: each number is read once and
/// checked. What can't be followed breaks the queue, which then has nothing more to give. Not
/// thread-safe: callers hold the machine lock.
final class Virtqueue implements Snapshotable {
    static final int NO_VECTOR = 0xffff;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INDEX =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private static final int DESCRIPTOR_BYTES = 16;
    private static final int DESCRIPTOR_LENGTH = 8;
    private static final int DESCRIPTOR_FLAGS = 12;
    private static final int DESCRIPTOR_NEXT = 14;
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final int FLAGS = NEXT | WRITE | INDIRECT;

    private static final int RING_INDEX = 2;
    private static final int RING = 4;
    private static final int AVAILABLE_BYTES = 2;
    private static final int USED_BYTES = 8;
    private static final int EVENT_BYTES = 2;
    private static final int NO_INTERRUPT = 1;

    /// The most descriptors of a chain, whatever table they stand in.
    private static final int MAX_CHAIN = 1024;

    /// As the common configuration has them.
    final int maxSize;

    int size;
    long descriptorAddress;
    long availableAddress;
    long usedAddress;
    boolean enabled;
    int vector = NO_VECTOR;

    private final AddressSpace memory;
    private final Runnable onBroken;
    private GuestRange descriptors;
    private GuestRange available;
    private GuestRange used;
    private boolean indirectAllowed;
    private boolean eventIndex;
    private int nextAvailable;
    private int nextUsed;
    private int interruptedAt;

    /// Requests taken and not given back: a driver has no descriptors for more than the queue has entries.
    private int outstanding;

    /// @param maxSize a power of two up to 32,768
    /// @param onBroken called when the driver has made it unusable
    Virtqueue(int maxSize, AddressSpace memory, Runnable onBroken) {
        this.maxSize = maxSize;
        this.memory = memory;
        this.onBroken = onBroken;
        reset();
    }

    void reset() {
        size = maxSize;
        descriptorAddress = 0;
        availableAddress = 0;
        usedAddress = 0;
        enabled = false;
        vector = NO_VECTOR;
        stop();
    }

    /// The driver is ready: looks where its rings lie.
    void start(boolean withIndirect, boolean withEventIndex) {
        nextAvailable = 0;
        nextUsed = 0;
        interruptedAt = 0;
        outstanding = 0;
        attach(withIndirect, withEventIndex);
    }

    private void attach(boolean withIndirect, boolean withEventIndex) {
        indirectAllowed = withIndirect;
        eventIndex = withEventIndex;
        boolean aligned =
                (descriptorAddress & 15) == 0
                        && (availableAddress & 1) == 0
                        && (usedAddress & 3) == 0;
        descriptors = range(descriptorAddress, (long) size * DESCRIPTOR_BYTES);
        available = range(availableAddress, RING + (long) size * AVAILABLE_BYTES + EVENT_BYTES);
        used = range(usedAddress, RING + (long) size * USED_BYTES + EVENT_BYTES);
        if (!aligned || descriptors == null || available == null || used == null) {
            breakDown();
        }
    }

    private GuestRange range(long gpa, long length) {
        return GuestRange.of(memory, gpa, length);
    }

    private void stop() {
        descriptors = null;
        available = null;
        used = null;
    }

    boolean isRunning() {
        return used != null;
    }

    private void breakDown() {
        stop();
        onBroken.run();
    }

    /// The next request, or null if there is none.
    Chain next() {
        if (!isRunning()) {
            return null;
        }
        int waiting = availableIndex() - nextAvailable & 0xffff;
        if (waiting == 0 && eventIndex) {
            // Asks for a notification at the next request, then looks again: one may just have
            // come.
            used.bytes().set(SHORT, used.length() - EVENT_BYTES, (short) nextAvailable);
            used.noteWritten(used.length() - EVENT_BYTES, EVENT_BYTES);
            VarHandle.fullFence();
            waiting = availableIndex() - nextAvailable & 0xffff;
        }
        if (waiting == 0) {
            return null;
        }
        Chain chain = waiting > size || outstanding == size ? null : chain(head());
        if (chain == null) {
            breakDown();
            return null;
        }
        nextAvailable = nextAvailable + 1 & 0xffff;
        outstanding++;
        return chain;
    }

    private int availableIndex() {
        return (short) INDEX.getAcquire(available.bytes(), (long) RING_INDEX) & 0xffff;
    }

    private int head() {
        long at = RING + (long) (nextAvailable & size - 1) * AVAILABLE_BYTES;
        return available.bytes().get(SHORT, at) & 0xffff;
    }

    /// Null if the chain can't be followed.
    private Chain chain(int head) {
        Chain chain = new Chain(head, new GuestBuffer(), new GuestBuffer());
        if (head >= size) {
            return null;
        }
        long at = (long) head * DESCRIPTOR_BYTES;
        int flags = descriptors.bytes().get(SHORT, at + DESCRIPTOR_FLAGS);
        if ((flags & INDIRECT) == 0) {
            return follow(chain, descriptors.bytes(), head) ? chain : null;
        }
        long length = descriptors.bytes().get(INT, at + DESCRIPTOR_LENGTH) & 0xffff_ffffL;
        GuestRange table = range(descriptors.bytes().get(LONG, at), length);
        boolean good =
                indirectAllowed
                        && (flags & NEXT) == 0
                        && length >= DESCRIPTOR_BYTES
                        && length % DESCRIPTOR_BYTES == 0
                        && table != null;
        return good && follow(chain, table.bytes(), 0) ? chain : null;
    }

    /// Collects a chain's ranges; says whether it could.
    private boolean follow(Chain chain, MemorySegment table, int first) {
        long entries = table.byteSize() / DESCRIPTOR_BYTES;
        long index = first;
        for (int count = 0; count < MAX_CHAIN; count++) {
            if (index >= entries) {
                return false;
            }
            long at = index * DESCRIPTOR_BYTES;
            int flags = table.get(SHORT, at + DESCRIPTOR_FLAGS) & FLAGS;
            GuestRange range =
                    range(
                            table.get(LONG, at),
                            table.get(INT, at + DESCRIPTOR_LENGTH) & 0xffff_ffffL);
            boolean toWrite = (flags & WRITE) != 0;
            boolean good =
                    range != null
                            && (flags & INDIRECT) == 0
                            && (toWrite || chain.writable().length() == 0);
            if (!good) {
                return false;
            }
            (toWrite ? chain.writable() : chain.readable()).add(range);
            if ((flags & NEXT) == 0) {
                return true;
            }
            index = table.get(SHORT, at + DESCRIPTOR_NEXT) & 0xffff;
        }
        return false;
    }

    /// Gives a request back.
    ///
    /// @param written bytes at the beginning of its writable part
    void give(Chain chain, long written) {
        if (!isRunning()) {
            return;
        }
        long at = RING + (long) (nextUsed & size - 1) * USED_BYTES;
        used.bytes().set(INT, at, chain.head());
        used.bytes().set(INT, at + 4, (int) written);
        nextUsed = nextUsed + 1 & 0xffff;
        outstanding--;
        INDEX.setRelease(used.bytes(), (long) RING_INDEX, (short) nextUsed);
        used.noteWritten(at, USED_BYTES);
        used.noteWritten(0, RING);
    }

    /// Whether the driver wants to be interrupted for what was given back since the last time this was asked.
    boolean takeInterrupt() {
        if (!isRunning() || nextUsed == interruptedAt) {
            return false;
        }
        int since = interruptedAt;
        interruptedAt = nextUsed;
        VarHandle.fullFence();
        if (eventIndex) {
            int event = available.bytes().get(SHORT, available.length() - EVENT_BYTES) & 0xffff;
            return (nextUsed - event - 1 & 0xffff) < (nextUsed - since & 0xffff);
        }
        return (available.bytes().get(SHORT, 0) & NO_INTERRUPT) == 0;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("size", size);
        out.putLong("descriptors", descriptorAddress);
        out.putLong("available", availableAddress);
        out.putLong("used", usedAddress);
        out.putBoolean("enabled", enabled);
        out.putInt("vector", vector);
        out.putBoolean("running", isRunning());
        out.putBoolean("indirectAllowed", indirectAllowed);
        out.putBoolean("eventIndex", eventIndex);
        out.putInt("nextAvailable", nextAvailable);
        out.putInt("nextUsed", nextUsed);
        out.putInt("interruptedAt", interruptedAt);
    }

    /// Memory is there already: a queue whose rings can't be found any more breaks.
    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        size = in.getInt("size", 1, maxSize);
        if (Integer.bitCount(size) != 1) {
            throw new SnapshotException("The snapshot has a virtqueue of " + size + " entries.");
        }
        descriptorAddress = in.getLong("descriptors");
        availableAddress = in.getLong("available");
        usedAddress = in.getLong("used");
        enabled = in.getBoolean("enabled");
        vector = in.getInt("vector", 0, NO_VECTOR);
        nextAvailable = in.getInt("nextAvailable", 0, 0xffff);
        nextUsed = in.getInt("nextUsed", 0, 0xffff);
        interruptedAt = in.getInt("interruptedAt", 0, 0xffff);
        stop();
        outstanding = 0;
        indirectAllowed = in.getBoolean("indirectAllowed");
        eventIndex = in.getBoolean("eventIndex");
        if (in.getBoolean("running")) {
            attach(indirectAllowed, eventIndex);
        }
    }
}
