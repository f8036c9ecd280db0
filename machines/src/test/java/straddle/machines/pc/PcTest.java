package straddle.machines.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.machines.FakeEngine;
import straddle.machines.SerialPort;
import straddle.machines.boot.E820;
import straddle.machines.linux.TinyKernel;

@Timeout(30)
class PcTest {
    private static final long MIB = 1 << 20;

    @TempDir private Path folder;

    private Pc pc(FakeEngine engine, int vcpus) throws Exception {
        Pc.Config config =
                new Pc.Config(
                        32 * MIB,
                        RamAllocator.OFF_HEAP,
                        vcpus,
                        List.of(ByteSink.NOWHERE),
                        ByteSink.NOWHERE,
                        System::nanoTime,
                        1_700_000_000);
        return Pc.create(config, TinyKernel.boot(folder), engine);
    }

    private static FakeEngine idle() {
        return new FakeEngine(FakeEngine::spin);
    }

    @Test
    void theKernelIsEnteredInLongModeWithItsParameters() throws Exception {
        FakeEngine engine = idle();
        try (Pc pc = pc(engine, 1)) {
            X86State state = engine.state();
            assertEquals(0x100_0200, state.rip);
            assertEquals(EFER_LME | EFER_LMA, state.efer);
            assertTrue(state.segments[CS].has(Segment.L));
            assertEquals(0x10, state.segments[CS].selector);
            long parameters = state.gpr[RSI];
            assertEquals(0x5372_6448, pc.memory().read(parameters + 0x202, 4));
            assertEquals(0xff, pc.memory().read(parameters + 0x210, 1));
            long commandLine = pc.memory().read(parameters + 0x228, 4);
            assertEquals('c', pc.memory().read(commandLine, 1));
            assertEquals(0, pc.memory().read(commandLine + "console=ttyS0".length(), 1));
            long initrd = pc.memory().read(parameters + 0x218, 4);
            assertEquals(3, pc.memory().read(parameters + 0x21c, 4));
            assertEquals(0x03_0201, pc.memory().read(initrd, 4));
            assertEquals(0x55, pc.memory().read(0x100_0000, 1));
        }
    }

    @Test
    void theGdtAndThePageTablesAreThere() throws Exception {
        FakeEngine engine = idle();
        try (Pc pc = pc(engine, 1)) {
            X86State state = engine.state();
            assertEquals(0x00af_9a00_0000_ffffL, pc.memory().read(state.gdtBase + 0x10, 8));
            long pdpt = pc.memory().read(state.cr3, 8) & ~0xfffL;
            long directory = pc.memory().read(pdpt + 8, 8) & ~0xfffL;
            assertEquals(0x4000_0000L + 0x20_0000 + 0x83, pc.memory().read(directory + 8, 8));
        }
    }

    @Test
    void theMemoryMapHasTheHolesOfAPc() {
        List<E820> map = new PcMemoryMap(5L << 30).e820();
        assertEquals(new E820(0, 0x9_fc00, E820.RAM), map.getFirst());
        assertEquals(new E820(0x10_0000, (3L << 30) - MIB, E820.RAM), map.get(3));
        assertEquals(new E820(4L << 30, 2L << 30, E820.RAM), map.getLast());
    }

    @Test
    void theDisplaysHoleIsNoMemory() throws Exception {
        try (Pc pc = pc(idle(), 1)) {
            pc.memory().write(0xa_0000, 4, 5);
            assertEquals(0xffff_ffffL, pc.memory().read(0xa_0000, 4));
            pc.memory().write(0xc_0000, 4, 5);
            assertEquals(5, pc.memory().read(0xc_0000, 4));
        }
    }

    @Test
    void tooLittleRamForTheKernelIsRefused() {
        Pc.Config config =
                new Pc.Config(
                        16 * MIB,
                        RamAllocator.OFF_HEAP,
                        1,
                        List.of(ByteSink.NOWHERE),
                        ByteSink.NOWHERE,
                        System::nanoTime,
                        0);
        assertEquals(
                "This guest needs at least 20 MiB of RAM; it was given 16 MiB.",
                assertThrows(
                                RamUnavailableException.class,
                                () -> Pc.create(config, TinyKernel.boot(folder), idle()))
                        .getMessage());
    }

    @Test
    void theChipsStateMovesToAnotherMachine() throws Exception {
        try (Pc one = pc(idle(), 2);
                Pc other = pc(idle(), 2)) {
            one.memory().write(0xfec0_0000L, 4, 0x10);
            one.memory().write(0xfee0_0080L, 4, 0x40);
            one.ports().write(0x3ff, 1, 0x5a);
            byte[] saved = SnapshotWriter.bytesOf(one.devices());
            other.devices().restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
            assertArrayEquals(saved, SnapshotWriter.bytesOf(other.devices()));
            assertEquals(0x40, other.memory().read(0xfee0_0080L, 4));
        }
    }

    @Test
    void anotherProcessorStartsWhereItsStartupSays() throws Exception {
        FakeEngine engine =
                new FakeEngine(fake ->
                        fake.state().segments[CS].selector == 0x9a00
                                ? FakeEngine.out(0xf4, 0x42)
                                : fake.spin());
        try (Pc pc = pc(engine, 2)) {
            pc.start();
            pc.memory().write(0xfee0_0310L, 4, 1 << 24);
            pc.memory().write(0xfee0_0300L, 4, 0xc500);
            pc.memory().write(0xfee0_0300L, 4, 0x069a);
            assertEquals(new StopReason.PoweredOff(0x42), pc.awaitStop());
            assertEquals(0x9_a000, engine.state().segments[CS].base);
        }
    }

    @Test
    void randomAccessesToEveryDeviceLeaveItStanding() throws Exception {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        try (Pc pc = pc(idle(), 2)) {
            pc.start();
            for (int i = 0; i < 100_000; i++) {
                int port = random.nextInt(0x1_0000);
                int width = 1 << random.nextInt(3);
                boolean ends = port + width > 0xf4 && port <= 0xf7;
                pc.ports().read(port, width);
                pc.ports().write(ends ? 0x80 : port, width, random.nextInt());
                long page = random.nextBoolean() ? 0xfec0_0000L : 0xfee0_0000L;
                pc.memory().read(page + random.nextInt(0x1000), 8 >> random.nextInt(4));
                pc.memory().write(page + random.nextInt(0x1000), 4, random.nextLong());
            }
            pc.control().stop(new StopReason.Requested());
            StopReason reason = pc.awaitStop();
            assertFalse(reason instanceof StopReason.HostFailed, () -> "seed " + seed);
        }
    }

    @Test
    void aSerialPortTakesNoMoreThanTheGuestReads() throws Exception {
        try (Pc pc = pc(idle(), 1)) {
            SerialPort port = pc.serialPorts().getFirst();
            byte[] typed = new byte[1000];
            new SplittableRandom(1).nextBytes(typed);
            CompletableFuture<Integer> sent = sendLater(port, typed);
            byte[] read = new byte[typed.length];
            for (int i = 0; i < read.length; i++) {
                while ((pc.ports().read(0x3fd, 1) & 1) == 0) {
                    Thread.onSpinWait();
                }
                read[i] = (byte) pc.ports().read(0x3f8, 1);
            }

            assertArrayEquals(typed, read);
            assertEquals(typed.length, sent.join());
        }
    }

    @Test
    void aDisconnectedSerialPortHoldsNobodyUp() throws Exception {
        try (Pc pc = pc(idle(), 1)) {
            SerialPort port = pc.serialPorts().getFirst();
            CompletableFuture<Integer> sent = sendLater(port, new byte[1000]);
            port.disconnect();

            assertTrue(sent.join() < 1000);
        }
    }

    private static CompletableFuture<Integer> sendLater(SerialPort port, byte[] bytes) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return port.send(bytes, 0, bytes.length);
            } catch (InterruptedException e) {
                throw new CompletionException(e);
            }
        });
    }
}
