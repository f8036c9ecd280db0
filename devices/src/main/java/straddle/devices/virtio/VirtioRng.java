package straddle.devices.virtio;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/// A virtio source of randomness (Virtual I/O Device 1.2, 5.4).
public final class VirtioRng extends VirtioDevice {
    private static final int TYPE = 4;
    private static final int CLASS_CODE = 0x00_ff00;
    private static final int QUEUE_SIZE = 8;

    /// What a driver gets at once, however much it asks for.
    private static final int MAX_BYTES = 4096;

    private final Consumer<byte[]> source;

    /// @param source fills an array with random bytes, without blocking
    public VirtioRng(Consumer<byte[]> source) {
        super(new Kind("virtio-rng", TYPE, CLASS_CODE, List.of(QUEUE_SIZE)), 0, new byte[0]);
        this.source = Objects.requireNonNull(source);
    }

    @Override
    void notified(int number) {
        Virtqueue queue = queues().get(number);
        for (Chain chain = queue.next(); chain != null; chain = queue.next()) {
            byte[] bytes = new byte[(int) Math.min(chain.writable().length(), MAX_BYTES)];
            source.accept(bytes);
            complete(queue, chain, chain.writable().write(MemorySegment.ofArray(bytes)));
        }
    }
}
