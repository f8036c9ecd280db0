package straddle.devices.virtio;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;

/// A virtio console of one port (Virtual I/O Device 1.2, 5.3), whose window has a size.
public final class VirtioConsole extends VirtioDevice {
    private static final int TYPE = 3;
    private static final int CLASS_CODE = 0x07_8000;
    private static final int QUEUE_SIZE = 64;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int CONFIGURATION_BYTES = 12;

    private static final long SIZE = 1;

    /// What waits for the guest to make room at the most; beyond it, what comes is dropped.
    private static final int MAX_WAITING = 64 << 10;

    private static final int MAX_PART = 4096;

    /// A guest that says more at once is cut short: it can't keep the machine's lock for long.
    private static final int MAX_REQUEST = 1 << 20;

    private final Consumer<byte[]> output;
    private final ByteBuffer waiting = ByteBuffer.allocate(MAX_WAITING).flip();

    /// @param output gets what the guest writes, under the machine lock: it must not block
    public VirtioConsole(Consumer<byte[]> output) {
        super(
                new Kind("virtio-console", TYPE, CLASS_CODE, List.of(QUEUE_SIZE, QUEUE_SIZE)),
                SIZE,
                new byte[CONFIGURATION_BYTES]);
        this.output = Objects.requireNonNull(output);
    }

    /// Tells the guest the window's size in characters. Under the machine lock.
    public void resize(int columns, int rows) {
        ByteBuffer.wrap(configuration())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) columns)
                .putShort((short) rows);
        configurationChanged();
    }

    /// Sends bytes to the guest; returns how many of them there was room for. Under the machine lock.
    public int receive(byte[] bytes) {
        waiting.compact();
        int taken = Math.min(bytes.length, waiting.remaining());
        waiting.put(bytes, 0, taken).flip();
        deliver();
        return taken;
    }

    private void deliver() {
        Virtqueue queue = queues().get(RECEIVE);
        Chain chain = waiting.hasRemaining() ? queue.next() : null;
        while (chain != null) {
            MemorySegment bytes = MemorySegment.ofBuffer(waiting);
            long done = chain.writable().write(bytes);
            waiting.position(waiting.position() + (int) done);
            queue.give(chain, done);
            chain = waiting.hasRemaining() ? queue.next() : null;
        }
        interrupt(queue);
    }

    @Override
    void notified(int number) {
        if (number == RECEIVE) {
            deliver();
            return;
        }
        Virtqueue queue = queues().get(TRANSMIT);
        for (Chain chain = queue.next(); chain != null; chain = queue.next()) {
            long length = Math.min(chain.readable().length(), MAX_REQUEST);
            for (long done = 0; done < length; done += MAX_PART) {
                byte[] part = new byte[(int) Math.min(length - done, MAX_PART)];
                chain.readable().slice(done, part.length).read(MemorySegment.ofArray(part));
                output.accept(part);
            }
            complete(queue, chain, 0);
        }
    }

    @Override
    void started() {
        deliver();
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        byte[] bytes = new byte[waiting.remaining()];
        waiting.get(waiting.position(), bytes);
        out.putBytes("waiting", bytes);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        byte[] bytes = in.getBytes("waiting");
        waiting.clear();
        waiting.put(bytes, 0, Math.min(bytes.length, MAX_WAITING)).flip();
    }
}
