package straddle.devices.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.bus.MachineLock;

@Timeout(30)
class DiskQueueTest {
    private final MachineLock lock = new MachineLock();

    @Test
    void requestsRunOutsideTheLockAndEndUnderItInTheirOrder() throws Exception {
        List<String> seen = new ArrayList<>();
        CountDownLatch over = new CountDownLatch(2);
        try (DiskQueue queue = new DiskQueue("disk-0", lock)) {
            for (String name : List.of("a", "b")) {
                queue.submit(
                        () -> lock.isHeldByCurrentThread() ? BlockStatus.IO_ERROR : BlockStatus.OK,
                        status -> {
                            seen.add(name + status + lock.isHeldByCurrentThread());
                            over.countDown();
                        });
            }
            over.await();
        }
        assertEquals(List.of("aOKtrue", "bOKtrue"), seen);
    }

    @Test
    void drainingEndsEveryRequestUnderTheCallersLock() {
        List<Thread> ended = new ArrayList<>();
        try (DiskQueue queue = new DiskQueue("disk-0", lock)) {
            lock.lock();
            try {
                for (int i = 0; i < 100; i++) {
                    queue.submit(() -> BlockStatus.OK, _ -> ended.add(Thread.currentThread()));
                }
                queue.drain();
                assertEquals(100, ended.size());
                assertTrue(ended.stream().allMatch(Thread.currentThread()::equals));
            } finally {
                lock.unlock();
            }
        }
    }

    @Test
    void aRequestThatAnotherSubmitsAsItEndsIsDrainedToo() {
        AtomicBoolean second = new AtomicBoolean();
        try (DiskQueue queue = new DiskQueue("disk-0", lock)) {
            lock.lock();
            try {
                queue.submit(
                        () -> BlockStatus.OK,
                        _ -> queue.submit(() -> BlockStatus.OK, _ -> second.set(true)));
                queue.drain();
                assertTrue(second.get());
            } finally {
                lock.unlock();
            }
        }
    }

    @Test
    void closingWaitsForTheRequestBeingMadeAndDropsTheOthers() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean made = new AtomicBoolean();
        AtomicBoolean other = new AtomicBoolean();
        DiskQueue queue = new DiskQueue("disk-0", lock);
        queue.submit(
                () -> {
                    begun.countDown();
                    made.set(true);
                    return BlockStatus.OK;
                },
                _ -> {});
        begun.await();
        queue.close();
        queue.submit(
                () -> {
                    other.set(true);
                    return BlockStatus.OK;
                },
                _ -> {});
        queue.close();
        assertTrue(made.get());
        assertFalse(other.get());
    }
}
