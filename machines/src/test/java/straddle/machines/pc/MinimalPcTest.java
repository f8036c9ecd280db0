package straddle.machines.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.CS;
import static straddle.machines.FakeEngine.out;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.GuestArchitecture;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.ExitCounts;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.machines.FakeEngine;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.PhaseObserver;

@Timeout(30)
class MinimalPcTest {
    private static final long RAM = 16 << 20;

    private final EmbeddedGuest guest = EmbeddedGuest.builtIn();
    private final ByteArrayOutputStream serial = new ByteArrayOutputStream();

    private MinimalPc pc(FakeEngine engine) throws AcceleratorException, RamUnavailableException {
        return MinimalPc.create(config(RAM, RamAllocator.OFF_HEAP), guest, engine);
    }

    private MinimalPc.Config config(long ram, RamAllocator allocator) {
        return new MinimalPc.Config(
                ram, allocator, serial::write, System::nanoTime, PhaseObserver.NONE, 6);
    }

    private static FakeEngine doing(Exit... exits) {
        Deque<Exit> left = new ArrayDeque<>(List.of(exits));
        return new FakeEngine(engine -> left.isEmpty() ? engine.spin() : left.remove());
    }

    @Test
    void theGuestIsLoadedAndEnteredInRealMode()
            throws AcceleratorException, RamUnavailableException {
        FakeEngine engine = doing();
        try (MinimalPc pc = pc(engine)) {
            byte[] loaded = new byte[guest.bytes().length];
            pc.memory().read(0x1_0000, MemorySegment.ofArray(loaded));
            assertArrayEquals(guest.bytes(), loaded);
            assertEquals(0x1000, engine.state().segments[CS].selector);
            assertEquals(0x1_0000, engine.state().segments[CS].base);
            assertEquals(0, engine.state().rip);
            assertEquals(GuestArchitecture.X86_64, engine.resources().architecture());
            assertEquals("fake", pc.accelerator());
            assertEquals(6, pc.ports().read(0x5b0, 4));
        }
    }

    @Test
    void whatTheGuestSendsArrivesAndItsExitCodeEndsIt() throws Exception {
        try (MinimalPc pc =
                pc(doing(out(0x3f8, 'h'), out(0x3f8, 'i'), out(0xe9, '!'), out(0xf4, 4, 7)))) {
            pc.start();
            assertEquals(new StopReason.PoweredOff(7), pc.awaitStop());
            assertEquals("hi!", serial.toString(StandardCharsets.US_ASCII));
            assertEquals(4, pc.loops().getFirst().exits().of(ExitCounts.Kind.PORT_WRITE));
        }
    }

    @Test
    void theTimerInterruptsAHaltedGuest() throws Exception {
        Deque<Exit> program =
                new ArrayDeque<>(
                        List.of(
                                out(0x20, 0x11),
                                out(0x21, 0x20),
                                out(0x21, 4),
                                out(0x21, 1),
                                out(0x21, 0xfe),
                                out(0x43, 0x34),
                                out(0x40, 0xff),
                                out(0x40, 0x01)));
        FakeEngine engine =
                new FakeEngine(fake -> {
                    if (!program.isEmpty()) {
                        return program.remove();
                    }
                    return fake.interrupts().pending()
                            ? out(0xf4, fake.interrupts().acknowledge())
                            : Exit.Halt.HALT;
                });
        try (MinimalPc pc = pc(engine)) {
            pc.start();
            assertEquals(new StopReason.PoweredOff(0x20), pc.awaitStop());
        }
    }

    @Test
    void aKeyOnTheTerminalInterruptsASpinningGuest() throws Exception {
        Deque<Exit> program =
                new ArrayDeque<>(
                        List.of(
                                out(0x20, 0x11),
                                out(0x21, 0x20),
                                out(0x21, 4),
                                out(0x21, 1),
                                out(0x3f9, 1),
                                out(0x3fc, 8)));
        CountDownLatch ready = new CountDownLatch(1);
        FakeEngine engine =
                new FakeEngine(fake -> {
                    if (!program.isEmpty()) {
                        return program.remove();
                    }
                    ready.countDown();
                    return fake.interrupts().pending()
                            ? out(0xf4, fake.interrupts().acknowledge())
                            : fake.spin();
                });
        try (MinimalPc pc = pc(engine)) {
            pc.start();
            assertTrue(ready.await(10, TimeUnit.SECONDS));
            pc.serialPorts().getFirst().send(new byte[] {'x'}, 0, 1);
            assertEquals(new StopReason.PoweredOff(0x24), pc.awaitStop());
            assertEquals('x', pc.ports().read(0x3f8, 1));
        }
    }

    @Test
    void itPausesResumesAndStopsFromOutside() throws Exception {
        try (MinimalPc pc = pc(doing())) {
            pc.start();
            pc.control().pause();
            long now = pc.clock().now();
            assertEquals(now, pc.clock().now());
            pc.control().resume();
            pc.control().stop(new StopReason.Requested());
            assertInstanceOf(StopReason.Requested.class, pc.awaitStop());
        }
    }

    @Test
    void closingStopsItAndFreesTheEngine() throws Exception {
        FakeEngine engine = doing();
        MinimalPc pc = pc(engine);
        pc.start();
        pc.close();
        pc.close();
        assertEquals(0, engine.open());
        assertEquals(RunControl.State.STOPPED, pc.control().state());
        assertThrows(IllegalStateException.class, pc::start);
        assertThrows(IllegalStateException.class, () -> pc.memory().read(0, 1));
    }

    @Test
    void closingWhatNeverStartedFreesItToo() throws Exception {
        FakeEngine engine = doing();
        pc(engine).close();
        assertEquals(0, engine.open());
    }

    @Test
    void itStartsOnce() throws Exception {
        try (MinimalPc pc = pc(doing())) {
            pc.start();
            assertThrows(IllegalStateException.class, pc::start);
        }
    }

    @Test
    void theChipsStateMovesToAnotherMachine() throws Exception {
        try (MinimalPc one = pc(doing());
                MinimalPc other = pc(doing())) {
            one.ports().write(0x3ff, 1, 0x5a);
            one.ports().write(0x21, 1, 0x77);
            one.ports().write(0x80, 1, 0x99);
            byte[] saved = SnapshotWriter.bytesOf(one.devices());
            assertFalse(Arrays.equals(saved, SnapshotWriter.bytesOf(other.devices())));
            other.devices().restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
            assertArrayEquals(saved, SnapshotWriter.bytesOf(other.devices()));
            assertEquals(0x5a, other.ports().read(0x3ff, 1));
        }
    }

    @Test
    void impossibleSizesOfRamAreRefusedBeforeAnythingIsMade() {
        RamAllocator never =
                (_, _, _) -> {
                    throw new AssertionError("allocated");
                };
        for (long size : new long[] {0, -1, 4096, RAM + 1, 1L << 60}) {
            assertThrows(
                    RamUnavailableException.class,
                    () -> MinimalPc.create(config(size, never), guest, doing()));
        }
    }

    @Test
    void whatTheHostRefusesIsPassedOn() {
        RamAllocator refusing =
                (name, bytes, _) -> {
                    throw new RamUnavailableException("No " + bytes + " bytes for " + name + ".");
                };
        RamUnavailableException refused =
                assertThrows(
                        RamUnavailableException.class,
                        () -> MinimalPc.create(config(RAM, refusing), guest, doing()));
        assertEquals("No 16777216 bytes for ram.", refused.getMessage());
    }

    @Test
    void theClockChipTellsTheSizeOfRam() throws Exception {
        try (MinimalPc pc = pc(doing())) {
            pc.ports().write(0x70, 1, 0x18);
            int high = pc.ports().read(0x71, 1);
            pc.ports().write(0x70, 1, 0x17);
            assertEquals(15 * 1024, high << 8 | pc.ports().read(0x71, 1));
        }
    }

    @Test
    void ramBeyondThreeGibibytesGoesAboveFour() {
        byte[] cmos = PcCmos.contents(5L << 30, "");
        assertEquals(2L << 30, ((cmos[0x5c] & 0xffL) << 8 | cmos[0x5b] & 0xff) << 16);
        assertEquals(
                (3L << 30) - (16 << 20), ((cmos[0x35] & 0xffL) << 8 | cmos[0x34] & 0xff) << 16);
    }
}
