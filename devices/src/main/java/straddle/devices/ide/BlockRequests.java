package straddle.devices.ide;

import java.util.function.Consumer;
import java.util.function.Supplier;
import straddle.core.bus.MachineLock;
import straddle.devices.block.BlockStatus;
import straddle.devices.block.DiskQueue;

/// Who makes a channel's requests to the host's disks: the channel waits for one at a time.
public interface BlockRequests {
    /// Has a request made, now or soon.
    ///
    /// @param end called under the machine lock with the outcome
    void submit(Supplier<BlockStatus> io, Consumer<BlockStatus> end);

    /// Returns once every request has ended, those that they submit as they end included.
    void drain();

    /// Made by a thread, outside the machine lock.
    static BlockRequests of(DiskQueue queue, MachineLock lock) {
        return new BlockRequests() {
            @Override
            public void submit(Supplier<BlockStatus> io, Consumer<BlockStatus> end) {
                queue.submit(io, end);
            }

            @Override
            public void drain() {
                lock.lock();
                try {
                    queue.drain();
                } finally {
                    lock.unlock();
                }
            }
        };
    }

    /// Made at once by the caller: for tests.
    static BlockRequests atOnce() {
        return new BlockRequests() {
            @Override
            public void submit(Supplier<BlockStatus> io, Consumer<BlockStatus> end) {
                end.accept(io.get());
            }

            @Override
            public void drain() {}
        };
    }
}
