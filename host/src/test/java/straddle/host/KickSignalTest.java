package straddle.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(value = OS.LINUX, disabledReason = "real-time signals as Linux has them")
class KickSignalTest {

    @Test
    void aBlockedSignalWaitsUntilItIsDrained() throws Exception {
        CompletableFuture<Integer> id = new CompletableFuture<>();
        CountDownLatch sent = new CountDownLatch(1);
        CompletableFuture<boolean[]> drained = new CompletableFuture<>();
        Thread target =
                Thread.ofPlatform()
                        .name("kicked")
                        .start(() -> {
                            try {
                                KickSignal.block();
                                id.complete(KickSignal.threadId());
                                assertTrue(sent.await(10, TimeUnit.SECONDS));
                                drained.complete(
                                        new boolean[] {KickSignal.drain(), KickSignal.drain()});
                            } catch (HostException | InterruptedException e) {
                                drained.completeExceptionally(e);
                            }
                        });
        KickSignal.send(id.get(10, TimeUnit.SECONDS));
        sent.countDown();
        boolean[] found = drained.get(10, TimeUnit.SECONDS);
        target.join();
        assertTrue(found[0]);
        assertFalse(found[1]);
    }

    @Test
    void theMaskForTheCallIsTheThreadsOwnWithoutTheSignal() throws Exception {
        CompletableFuture<long[]> masks = new CompletableFuture<>();
        Thread.ofPlatform()
                .start(() -> {
                    try {
                        masks.complete(new long[] {KickSignal.block(), KickSignal.block()});
                    } catch (HostException e) {
                        masks.completeExceptionally(e);
                    }
                })
                .join();
        assertEquals(masks.get()[0], masks.get()[1]);
    }
}
