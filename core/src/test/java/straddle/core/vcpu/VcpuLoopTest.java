package straddle.core.vcpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.ByteDevice;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.time.VirtualClock;

@Timeout(30)
class VcpuLoopTest {
    private static final StopReason OFF = new StopReason.PoweredOff(3);

    private final MachineLock lock = new MachineLock();
    private final PortBus ports = new PortBus(lock);
    private final AddressSpace memory = new AddressSpace(lock);
    private final VirtualClock clock = new VirtualClock(System::nanoTime, lock);
    private final RunControl control = new RunControl(clock);
    private volatile boolean interrupt;

    private final InterruptSource interrupts =
            new InterruptSource() {
                @Override
                public boolean pending() {
                    return interrupt;
                }

                @Override
                public int acknowledge() {
                    return 0x20;
                }
            };

    private VcpuLoop loop(Vcpu vcpu) {
        return new VcpuLoop(vcpu, control, memory, ports, interrupts);
    }

    private static Supplier<Exit> script(Exit... exits) {
        Deque<Exit> left = new ArrayDeque<>(List.of(exits));
        return left::poll;
    }

    private static Exit.PortWrite out(int port, int value) {
        Exit.PortWrite exit = new Exit.PortWrite();
        exit.port = port;
        exit.width = 1;
        exit.count = 1;
        exit.data = MemorySegment.ofArray(new byte[] {(byte) value});
        return exit;
    }

    private void mapPowerSwitch() {
        ports.map(
                "power switch",
                0xf4,
                1,
                new ByteDevice() {
                    @Override
                    public int read(int offset) {
                        return 0x5a;
                    }

                    @Override
                    public void write(int offset, int value) {
                        control.stop(new StopReason.PoweredOff(value));
                    }
                });
    }

    @Test
    void aDeviceCanStopTheVm() throws InterruptedException {
        mapPowerSwitch();
        VcpuLoop loop = loop(new FakeVcpu(script(out(0xf4, 3))));
        Thread thread = loop.start();
        control.resume();
        assertEquals(OFF, control.awaitStop());
        thread.join();
        assertEquals(1, loop.exits().of(ExitCounts.Kind.PORT_WRITE));
        assertEquals(1, loop.exits().total());
        assertEquals("vcpu-0", thread.getName());
    }

    @Test
    void stringPortReadsAnswerEachElement() throws InterruptedException {
        mapPowerSwitch();
        Exit.PortRead in = new Exit.PortRead();
        in.port = 0xf4;
        in.width = 1;
        in.count = 3;
        in.offset = 1;
        byte[] data = new byte[5];
        in.data = MemorySegment.ofArray(data);
        loop(new FakeVcpu(script(in, out(0xf4, 3)))).start();
        control.resume();
        control.awaitStop();
        assertEquals(
                List.of((byte) 0, (byte) 0x5a, (byte) 0x5a, (byte) 0x5a, (byte) 0),
                List.of(data[0], data[1], data[2], data[3], data[4]));
    }

    @Test
    void mmioReadsAreAnswered() throws InterruptedException {
        mapPowerSwitch();
        Exit.MmioRead read = new Exit.MmioRead();
        read.gpa = 0xf000_0000L;
        read.width = 4;
        loop(new FakeVcpu(script(read, out(0xf4, 3)))).start();
        control.resume();
        control.awaitStop();
        assertEquals(0xffff_ffffL, read.value);
    }

    @Test
    void nothingRunsBeforeTheFirstResume() throws InterruptedException {
        FakeVcpu vcpu = new FakeVcpu(script());
        loop(vcpu).start();
        control.pause();
        assertEquals(0, vcpu.runs.get());
        control.stop(OFF);
        assertEquals(OFF, control.awaitStop());
        assertEquals(0, vcpu.runs.get());
    }

    @Test
    void pausingAMachineThatWasNeverStartedReturns() throws InterruptedException {
        loop(new FakeVcpu(script()));
        control.pause();
        assertEquals(RunControl.State.PAUSED, control.state());
    }

    @Test
    void aPauseStopsASpinningGuestAndItsTime() throws InterruptedException {
        FakeVcpu vcpu = new FakeVcpu(() -> null);
        loop(vcpu).start();
        control.resume();
        for (int i = 0; i < 50; i++) {
            control.pause();
            int runs = vcpu.runs.get();
            long now = clock.now();
            Thread.onSpinWait();
            assertEquals(runs, vcpu.runs.get());
            assertEquals(now, clock.now());
            control.resume();
        }
        control.stop(OFF);
        assertEquals(OFF, control.awaitStop());
    }

    @Test
    void pausesFromManyThreadsAndAStopFromADeviceNeverDeadlock() throws InterruptedException {
        mapPowerSwitch();
        CountDownLatch enough = new CountDownLatch(200);
        Supplier<Exit> busy =
                () -> {
                    enough.countDown();
                    return enough.getCount() == 0 ? out(0xf4, 3) : out(0x80, 0);
                };
        loop(new FakeVcpu(busy)).start();
        List<Thread> pausers =
                java.util.stream.IntStream.range(0, 3)
                        .mapToObj(_ -> Thread.ofPlatform().start(this::pauseAndResume))
                        .toList();
        control.resume();
        assertEquals(OFF, control.awaitStop());
        for (Thread pauser : pausers) {
            assertTrue(pauser.join(java.time.Duration.ofSeconds(10)));
        }
    }

    private void pauseAndResume() {
        try {
            while (control.state() != RunControl.State.STOPPED) {
                control.pause();
                control.resume();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void theFirstReasonStands() throws InterruptedException {
        loop(new FakeVcpu(script())).start();
        control.resume();
        control.stop(OFF);
        control.stop(new StopReason.Requested());
        assertSame(OFF, control.awaitStop());
        control.resume();
        assertEquals(RunControl.State.STOPPED, control.state());
    }

    @Test
    void anInterruptWakesAHaltedVcpu() throws InterruptedException {
        CountDownLatch halted = new CountDownLatch(1);
        CountDownLatch woken = new CountDownLatch(2);
        VcpuLoop loop =
                loop(
                        new FakeVcpu(() -> {
                            woken.countDown();
                            halted.countDown();
                            return woken.getCount() == 1 ? Exit.Halt.HALT : null;
                        }));
        loop.start();
        control.resume();
        assertTrue(halted.await(10, TimeUnit.SECONDS));
        interrupt = true;
        loop.interrupt();
        assertTrue(woken.await(10, TimeUnit.SECONDS));
        control.stop(OFF);
        control.awaitStop();
        assertEquals(1, loop.exits().of(ExitCounts.Kind.HALT));
    }

    @Test
    void aHaltedVcpuCanBePausedAndStopped() throws InterruptedException {
        VcpuLoop loop = loop(new FakeVcpu(() -> Exit.Halt.HALT));
        loop.start();
        control.resume();
        control.pause();
        control.resume();
        control.stop(OFF);
        assertEquals(OFF, control.awaitStop());
    }

    @Test
    void aHaltThatNothingCanEndEndsTheVm() throws InterruptedException {
        loop(new FakeVcpu(() -> Exit.Halt.MASKED)).start();
        control.resume();
        StopReason.GuestFailed failed =
                assertInstanceOf(StopReason.GuestFailed.class, control.awaitStop());
        assertEquals(
                "The guest halted with interrupts off: nothing can wake it.", failed.sentence());
        assertTrue(failed.report().contains("rip 000000000000fff0"));
    }

    @Test
    void aHaltWithInterruptsOffWaitsForTheOtherProcessor() throws InterruptedException {
        CountDownLatch masked = new CountDownLatch(1);
        loop(new FakeVcpu(() -> {
            masked.countDown();
            return Exit.Halt.MASKED;
        }))
                .start();
        loop(new FakeVcpu(() -> null)).start();
        control.resume();
        assertTrue(masked.await(10, TimeUnit.SECONDS));
        control.pause();
        assertEquals(RunControl.State.PAUSED, control.state());
        control.stop(OFF);
        assertEquals(OFF, control.awaitStop());
    }

    @Test
    void aHeldProcessorRunsOnlyOnceItIsStarted() throws InterruptedException {
        mapPowerSwitch();
        FakeVcpu boot = new FakeVcpu(() -> null);
        FakeVcpu other = new FakeVcpu(script(out(0xf4, 3)));
        VcpuLoop loop = loop(other);
        loop.holdForStartup();
        loop(boot).start();
        loop.start();
        control.resume();
        CountDownLatch changed = new CountDownLatch(1);
        loop.post(new VcpuLoop.Signal(VcpuLoop.Effect.NONE, _ -> changed.countDown()));
        control.pause();
        assertEquals(0, other.runs.get());
        control.resume();
        loop.post(new VcpuLoop.Signal(VcpuLoop.Effect.START, _ -> {}));
        assertEquals(OFF, control.awaitStop());
        assertEquals(1, changed.getCount(), "a held processor ignores other signals");
    }

    @Test
    void aRunningProcessorIgnoresAStartupAndHeedsAnInit() throws InterruptedException {
        FakeVcpu vcpu = new FakeVcpu(() -> null);
        VcpuLoop loop = loop(vcpu);
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        loop.start();
        control.resume();
        loop.post(new VcpuLoop.Signal(VcpuLoop.Effect.START, _ -> started.countDown()));
        loop.post(new VcpuLoop.Signal(VcpuLoop.Effect.HOLD, _ -> held.countDown()));
        assertInstanceOf(
                StopReason.GuestFailed.class, control.awaitStop(), "nobody is left to start it");
        assertEquals(0, held.getCount());
        assertEquals(1, started.getCount());
    }

    @Test
    void aTripleFaultIsReportedWithRegisters() throws InterruptedException {
        loop(new FakeVcpu(script(new Exit.Shutdown("triple fault")))).start();
        control.resume();
        StopReason.GuestFailed failed =
                assertInstanceOf(StopReason.GuestFailed.class, control.awaitStop());
        assertEquals("The guest's processor shut down: triple fault.", failed.sentence());
        assertFalse(failed.report().isEmpty());
    }

    @Test
    void whatTheEngineCannotRunIsReported() throws InterruptedException {
        loop(new FakeVcpu(script(new Exit.Unhandled("No such insn.", "rip 0")))).start();
        control.resume();
        assertEquals(new StopReason.GuestFailed("No such insn.", "rip 0"), control.awaitStop());
    }

    @Test
    void aFailureOfTheHostEndsTheVm() throws InterruptedException {
        FakeVcpu failing =
                new FakeVcpu(() -> {
                    throw new IllegalStateException("broken");
                });
        loop(failing).start();
        control.resume();
        StopReason.HostFailed failed =
                assertInstanceOf(StopReason.HostFailed.class, control.awaitStop());
        assertEquals("broken", failed.cause().getMessage());
    }

    @Test
    void anErrorEndsTheVmToo() throws InterruptedException {
        FakeVcpu failing =
                new FakeVcpu(() -> {
                    throw new StackOverflowError();
                });
        Thread thread = Thread.ofPlatform().unstarted(loop(failing));
        thread.setUncaughtExceptionHandler((_, _) -> {});
        thread.start();
        control.resume();
        StopReason.HostFailed failed =
                assertInstanceOf(StopReason.HostFailed.class, control.awaitStop());
        assertInstanceOf(StackOverflowError.class, failed.cause().getCause());
    }

    @Test
    void anEngineIsReplacedWhileTheVmIsPaused() throws InterruptedException {
        FakeVcpu first = new FakeVcpu(() -> null);
        FakeVcpu second = new FakeVcpu(() -> null);
        VcpuLoop loop = loop(first);
        loop.start();
        control.resume();
        control.pause();
        int runs = first.runs.get();
        loop.replace(second);
        control.resume();
        control.pause();
        control.resume();
        control.stop(OFF);
        control.awaitStop();
        assertEquals(runs, first.runs.get());
        assertSame(second, loop.vcpu());
    }

    @Test
    void exceptionsOfTheEngineCarryTheirSentence() throws InterruptedException {
        Vcpu failing =
                new Vcpu() {
                    @Override
                    public int id() {
                        return 0;
                    }

                    @Override
                    public Exit run() throws AcceleratorException {
                        throw new AcceleratorException("KVM_RUN: EFAULT");
                    }

                    @Override
                    public void kick() {}

                    @Override
                    public void save(straddle.core.arch.x86.X86State to) {}

                    @Override
                    public void load(straddle.core.arch.x86.X86State from) {}

                    @Override
                    public void close() {}
                };
        new VcpuLoop(failing, control, memory, ports, interrupts).start();
        control.resume();
        StopReason.HostFailed failed =
                assertInstanceOf(StopReason.HostFailed.class, control.awaitStop());
        assertEquals("KVM_RUN: EFAULT", failed.cause().getMessage());
    }

    @Test
    void timeGoesOnWhileVcpusAreHeld() throws InterruptedException {
        FakeVcpu vcpu = new FakeVcpu(() -> null);
        loop(vcpu).start();
        control.resume();
        long before = clock.now();
        int runs =
                control.hold(
                                () -> {
                                    assertTrue(clock.isRunning());
                                    assertEquals(RunControl.State.RUNNING, control.state());
                                    return vcpu.runs.get();
                                })
                        .orElseThrow();
        assertTrue(clock.now() > before);
        while (vcpu.runs.get() == runs) {
            Thread.sleep(1);
        }
        control.stop(OFF);
        control.awaitStop();
        assertTrue(control.hold(() -> 1).isEmpty());
    }

    @Test
    void whatKeepsALateVcpuIsTold() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        FakeVcpu vcpu =
                new FakeVcpu(() -> {
                    entered.countDown();
                    while (control.latecomers().isEmpty()) {
                        Thread.onSpinWait();
                    }
                    return null;
                });
        loop(vcpu).start();
        control.resume();
        entered.await();
        control.hold(() -> 1);
        assertTrue(control.latecomers().startsWith("vcpu-0:\n    at "), control.latecomers());
        assertTrue(control.heldFor().toMillis() >= 50, () -> "held for " + control.heldFor());
        control.stop(OFF);
        control.awaitStop();
    }

    @Test
    void whatAReplacedVcpuDidCountsOn() throws InterruptedException {
        VcpuLoop loop = loop(new CountingVcpu(5));
        loop.replace(new CountingVcpu(7));
        Statistics statistics = new Statistics();
        loop.statistics(statistics);
        assertEquals(12, loop.retiredInstructions());
        assertEquals(12, statistics.of("group", "things"));
        loop.replace(new FakeVcpu(() -> null));
        assertEquals(-1, loop.retiredInstructions());
    }

    private record CountingVcpu(long count) implements Vcpu {
        @Override
        public int id() {
            return 0;
        }

        @Override
        public Exit run() {
            return Exit.Kicked.KICKED;
        }

        @Override
        public void kick() {}

        @Override
        public void save(X86State to) {}

        @Override
        public void load(X86State from) {}

        @Override
        public long retiredInstructions() {
            return count;
        }

        @Override
        public void statistics(Statistics to) {
            to.count("group", "things", count);
        }

        @Override
        public void close() {}
    }
}
