package straddle.core.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import straddle.core.bus.MachineLock;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;

class VirtualClockTest {
    private long host = 1_000;
    private final VirtualClock clock = new VirtualClock(() -> host, new MachineLock());
    private final List<String> fired = new ArrayList<>();

    @Test
    void itStandsAtZeroUntilItIsResumed() {
        host += 50;
        assertEquals(0, clock.now());
        clock.resume();
        host += 50;
        assertEquals(50, clock.now());
    }

    @Test
    void aPauseTakesNoTime() {
        clock.resume();
        host += 50;
        clock.pause();
        host += 1_000;
        assertEquals(50, clock.now());
        clock.resume();
        host += 5;
        assertEquals(55, clock.now());
    }

    @Test
    void timersFireInTheOrderOfTheirDeadlines() {
        clock.timer(() -> fired.add("late")).arm(30);
        clock.timer(() -> fired.add("early")).arm(10);
        clock.timer(() -> fired.add("first armed")).arm(20);
        clock.timer(() -> fired.add("then armed")).arm(20);
        clock.resume();
        host += 25;
        assertEquals(5, clock.runDue());
        assertEquals(List.of("early", "first armed", "then armed"), fired);
    }

    @Test
    void aTimerMayArmItselfAgain() {
        VirtualClock.Timer[] timer = new VirtualClock.Timer[1];
        timer[0] =
                clock.timer(() -> {
                    fired.add("tick");
                    timer[0].arm(timer[0].deadline() + 10);
                });
        timer[0].arm(10);
        clock.resume();
        host += 35;
        assertEquals(5, clock.runDue());
        assertEquals(List.of("tick", "tick", "tick"), fired);
    }

    @Test
    void aTimerThatIsSpacedOutFiresNoSoonerThanTheSpacingAfterItFiredLast() {
        VirtualClock.Timer timer = clock.timer(() -> fired.add("tick"));
        clock.spaceOut(30);
        clock.resume();
        timer.arm(10);
        host += 12;
        assertEquals(Long.MAX_VALUE, clock.runDue());
        timer.arm(20);
        assertEquals(20, timer.deadline());
        host += 29;
        assertEquals(1, clock.runDue());
        assertEquals(List.of("tick"), fired);
        host += 1;
        clock.runDue();
        assertEquals(List.of("tick", "tick"), fired);
        timer.arm(100);
        assertEquals(58, clock.runDue());
    }

    @Test
    void aCancelledTimerStaysSilent() {
        VirtualClock.Timer timer = clock.timer(() -> fired.add("tick"));
        timer.arm(10);
        assertTrue(timer.isArmed());
        timer.cancel();
        assertFalse(timer.isArmed());
        clock.resume();
        host += 20;
        assertEquals(Long.MAX_VALUE, clock.runDue());
        assertEquals(List.of(), fired);
    }

    @Test
    void armingAgainReplacesTheDeadline() {
        VirtualClock.Timer timer = clock.timer(() -> fired.add("tick"));
        timer.arm(10);
        timer.arm(100);
        clock.resume();
        host += 50;
        assertEquals(50, clock.runDue());
        assertEquals(List.of(), fired);
    }

    @Test
    void nothingFiresWhileItStands() {
        clock.timer(() -> fired.add("tick")).arm(-5);
        assertEquals(Long.MAX_VALUE, clock.runDue());
        clock.resume();
        clock.runDue();
        assertEquals(List.of("tick"), fired);
    }

    @Test
    void aSleeperIsWokenForAnEarlierDeadlineAndForAResume() {
        clock.onEarlierDeadline(() -> fired.add("wake"));
        VirtualClock.Timer first = clock.timer(() -> {});
        first.arm(100);
        clock.timer(() -> {}).arm(200);
        clock.timer(() -> {}).arm(50);
        clock.resume();
        clock.resume();
        assertEquals(List.of("wake", "wake", "wake"), fired);
    }

    @Test
    void aTimerThatFiresAndIsArmedAgainWakesNobody() {
        clock.onEarlierDeadline(() -> fired.add("wake"));
        clock.resume();
        VirtualClock.Timer timer = clock.timer(() -> fired.add("tick"));
        timer.arm(0);
        assertEquals(500_000, clock.runDueAndWait());
        timer.arm(4_000_000);
        assertEquals(List.of("wake", "wake", "tick"), fired);
        host += 500_000;
        assertEquals(3_500_000, clock.runDueAndWait());
        timer.arm(5_000_000);
        timer.arm(3_000_000);
        assertEquals(List.of("wake", "wake", "tick", "wake"), fired);
    }

    @Test
    void aSleeperThatWasGivenATimeIsWokenForAnotherClock() throws SnapshotException {
        clock.resume();
        byte[] saved = SnapshotWriter.bytesOf(clock);
        clock.timer(() -> {}).arm(1_000_000);
        assertEquals(1_000_000, clock.runDueAndWait());
        clock.onEarlierDeadline(() -> fired.add("wake"));
        clock.restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
        assertEquals(List.of("wake"), fired);
    }

    @Test
    void timersFireUnderTheMachineLock() {
        MachineLock lock = clock.lock();
        clock.timer(() -> fired.add("held " + lock.isHeldByCurrentThread())).arm(0);
        clock.resume();
        clock.runDue();
        assertEquals(List.of("held true"), fired);
    }

    @Test
    void aRestoredClockRunsOn() throws SnapshotException {
        clock.resume();
        host += 77;
        byte[] saved = SnapshotWriter.bytesOf(clock);
        VirtualClock other = new VirtualClock(() -> host, new MachineLock());
        other.restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
        assertEquals(77, other.now());
        other.resume();
        host += 3;
        assertEquals(80, other.now());
    }
}
