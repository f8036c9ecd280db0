package straddle.devices.virtio;

import java.util.ArrayList;
import java.util.List;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;

/// What a kind of virtio device does, whatever it is plugged into (Virtual I/O Device 1.2, 2 and 5).
///
/// Not thread-safe: everything is called under the machine lock.
public abstract class VirtioDevice implements Snapshotable, AutoCloseable {
    /// Feature bits that every device may have (6).
    static final long INDIRECT_DESC = 1L << 28;

    static final long EVENT_IDX = 1L << 29;
    static final long VERSION_1 = 1L << 32;
    private static final long COMMON_FEATURES = INDIRECT_DESC | EVENT_IDX | VERSION_1;

    /// What a device is plugged into.
    interface Transport {
        /// Interrupts for a queue.
        void interrupt(Virtqueue queue);

        /// The configuration has changed.
        void configurationChanged();

        /// The driver has made a queue unusable; it has to reset the device.
        void needsReset();
    }

    /// What a kind of device is.
    ///
    /// @param type the device ID of section 5
    /// @param classCode PCI's
    /// @param queueSizes entries of each queue: powers of two
    record Kind(String name, int type, int classCode, List<Integer> queueSizes) {}

    private final Kind kind;
    private final long features;
    private final byte[] configuration;
    private final List<Virtqueue> queues = new ArrayList<>();
    private Transport transport;
    private long negotiated;

    /// @param features the kind's own
    /// @param configuration the device's configuration space
    VirtioDevice(Kind kind, long features, byte[] configuration) {
        this.kind = kind;
        this.features = features | COMMON_FEATURES;
        this.configuration = configuration;
    }

    final Kind kind() {
        return kind;
    }

    final void connect(AddressSpace memory, Transport to) {
        transport = to;
        for (int size : kind.queueSizes()) {
            queues.add(new Virtqueue(size, memory, to::needsReset));
        }
    }

    final List<Virtqueue> queues() {
        return queues;
    }

    /// What it offers.
    final long features() {
        return features;
    }

    /// Whether driver and device have agreed on a feature.
    final boolean has(long feature) {
        return (negotiated & feature) != 0;
    }

    final byte[] configuration() {
        return configuration;
    }

    final void configurationChanged() {
        transport.configurationChanged();
    }

    /// The driver is ready.
    final void start(long agreed) {
        negotiated = agreed;
        for (Virtqueue queue : queues) {
            if (queue.enabled) {
                queue.start(has(INDIRECT_DESC), has(EVENT_IDX));
            }
        }
        started();
    }

    /// Forgets the driver; nothing of its is touched afterwards.
    final void reset() {
        stop();
        negotiated = 0;
        queues.forEach(Virtqueue::reset);
    }

    /// Gives a request back, and interrupts if the driver wants that.
    final void complete(Virtqueue queue, Chain chain, long written) {
        queue.give(chain, written);
        interrupt(queue);
    }

    final void interrupt(Virtqueue queue) {
        if (queue.takeInterrupt()) {
            transport.interrupt(queue);
        }
    }

    /// There may be requests in a queue.
    abstract void notified(int queue);

    /// The driver is ready, and features are agreed on.
    void started() {}

    /// Ends whatever is being done, as the driver has reset the device.
    void stop() {}

    /// The driver writes a byte of the configuration.
    void writeConfiguration(int offset, int value) {}

    @Override
    public void save(SnapshotWriter out) {
        out.putLong("negotiated", negotiated);
        for (int i = 0; i < queues.size(); i++) {
            out.putSection("queue" + i, 1, queues.get(i));
        }
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        negotiated = in.getLong("negotiated") & features;
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).restore(in.section("queue" + i));
        }
    }

    /// Frees what it has of the host's. Not under the machine lock.
    @Override
    public void close() {}
}
