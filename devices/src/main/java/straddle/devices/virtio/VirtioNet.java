package straddle.devices.virtio;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/// A virtio network card (Virtual I/O Device 1.2, 5.1) of one pair of queues, without offloads.
public final class VirtioNet extends VirtioDevice {
    private static final int TYPE = 1;
    private static final int CLASS_CODE = 0x02_0000;
    private static final int QUEUE_SIZE = 256;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    private static final long MAC = 1L << 5;
    private static final long STATUS = 1L << 16;

    private static final int MAC_BYTES = 6;
    private static final int CONFIGURATION_BYTES = 8;
    private static final int LINK_UP = 1;

    /// Before each frame; it ends with the number of buffers of a received one, which is 1 here (5.1.6).
    private static final int HEADER_BYTES = 12;

    private static final int BUFFERS = 10;
    private static final int MIN_FRAME = 14;
    private static final int MAX_FRAME = 0xffff;

    private final NetworkBackend backend;

    /// @param address six bytes; the first is even
    public VirtioNet(NetworkBackend backend, byte[] address) {
        super(
                new Kind("virtio-net", TYPE, CLASS_CODE, List.of(QUEUE_SIZE, QUEUE_SIZE)),
                MAC | STATUS,
                configuration(address));
        this.backend = Objects.requireNonNull(backend);
    }

    private static byte[] configuration(byte[] address) {
        if (address.length != MAC_BYTES || (address[0] & 1) != 0) {
            throw new IllegalArgumentException(
                    "An address of a network card has six bytes, the first even");
        }
        byte[] configuration = new byte[CONFIGURATION_BYTES];
        System.arraycopy(address, 0, configuration, 0, MAC_BYTES);
        configuration[MAC_BYTES] = LINK_UP;
        return configuration;
    }

    @Override
    void notified(int number) {
        if (number != TRANSMIT) {
            return; // buffers wait for frames
        }
        Virtqueue queue = queues().get(TRANSMIT);
        for (Chain chain = queue.next(); chain != null; chain = queue.next()) {
            long length = chain.readable().length() - HEADER_BYTES;
            if (length >= MIN_FRAME && length <= MAX_FRAME) {
                byte[] frame = new byte[(int) length];
                chain.readable().slice(HEADER_BYTES, length).read(MemorySegment.ofArray(frame));
                backend.send(frame, this::receive);
            }
            complete(queue, chain, 0);
        }
    }

    /// A frame for the guest, which is lost if it has no room for it. Under the machine lock.
    private void receive(byte[] frame) {
        Virtqueue queue = queues().get(RECEIVE);
        Chain chain = queue.next();
        if (chain != null) {
            byte[] packet = new byte[HEADER_BYTES + frame.length];
            packet[BUFFERS] = 1;
            System.arraycopy(frame, 0, packet, HEADER_BYTES, frame.length);
            boolean fits = chain.writable().length() >= packet.length;
            complete(
                    queue, chain, fits ? chain.writable().write(MemorySegment.ofArray(packet)) : 0);
        }
    }
}
