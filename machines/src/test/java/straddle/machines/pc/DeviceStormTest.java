package straddle.machines.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.bus.IoRange;
import straddle.core.bus.PortBus;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.Region;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.ByteSink;
import straddle.devices.block.ImageLocker;
import straddle.devices.block.RawImage;
import straddle.machines.FakeEngine;
import straddle.machines.linux.TinyKernel;

/// A guest that programs every device of the PC wrongly: random accesses of all widths to ports, registers and PCI
/// configuration, blocks of registers moved over each other, DMA to anywhere.
///
/// Nothing may throw, and nothing outside the guest's RAM and its images may change. Two seconds of it run by
/// default, and as many as `-Dstraddle.storm.seconds=N` says; `-Dstraddle.storm.seed=N` runs one again.
class DeviceStormTest {
    private static final long MIB = 1 << 20;
    private static final long RAM_BYTES = 32 * MIB;
    private static final int GUARD_BYTES = 1 << 16;
    private static final byte GUARD = (byte) 0xa5;
    private static final int IMAGE_BYTES = 1 << 20;
    private static final int REMEMBERED = 40;
    private static final int STEPS = 200_000;
    private static final int LOOK_AGAIN = 100;
    private static final int CONFIG_ADDRESS = 0xcf8;
    private static final int CONFIG_DATA = 0xcfc;

    @TempDir private Path folder;

    private final AtomicLong hostNanos = new AtomicLong();
    private final AtomicReference<Throwable> elsewhere = new AtomicReference<>();
    private final ArrayDeque<String> last = new ArrayDeque<>();
    private final List<IoRange> ports = new ArrayList<>();
    private List<Region> registers = List.of();
    private MemorySegment guarded;

    @Test
    void aGuestThatProgramsDevicesWronglyHarmsOnlyItself() throws Exception {
        long seed = Long.getLong("straddle.storm.seed", System.nanoTime());
        long end =
                System.nanoTime()
                        + TimeUnit.SECONDS.toNanos(Long.getLong("straddle.storm.seconds", 2));
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((_, e) -> elsewhere.compareAndSet(null, e));
        SplittableRandom random = new SplittableRandom(seed);
        try {
            do {
                storm(random, end);
            } while (System.nanoTime() - end < 0);
        } catch (Exception | Error e) {
            throw new AssertionError("seed " + seed + " after\n" + String.join("\n", last), e);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertEquals(null, elsewhere.get(), () -> "seed " + seed);
    }

    /// One machine's life.
    private void storm(SplittableRandom random, long end) throws Exception {
        FakeEngine engine = new FakeEngine(FakeEngine::spin);
        try (Pc pc = pc(engine)) {
            addDisks(pc);
            last.clear();
            for (int i = 0; i < STEPS && System.nanoTime() - end < 0; i++) {
                if (i % LOOK_AGAIN == 0) {
                    look(pc);
                }
                step(pc, engine, random);
            }
            assertTrue(SnapshotWriter.bytesOf(pc.devices()).length > 0);
            pc.memory().lock().lock();
            try {
                check();
            } finally {
                pc.memory().lock().unlock();
            }
        }
        assertImagesKeptTheirSizes();
    }

    private Pc pc(FakeEngine engine) throws Exception {
        RamAllocator ram =
                (_, bytes, arena) -> {
                    guarded = arena.allocate(bytes + 2L * GUARD_BYTES, 4096);
                    guarded.fill(GUARD);
                    return guarded.asSlice(GUARD_BYTES, bytes).fill((byte) 0);
                };
        Pc.Config config =
                new Pc.Config(
                        RAM_BYTES,
                        ram,
                        2,
                        List.of(ByteSink.NOWHERE, ByteSink.NOWHERE),
                        ByteSink.NOWHERE,
                        hostNanos::get,
                        1_700_000_000);
        return Pc.create(config, TinyKernel.boot(folder), engine);
    }

    private void addDisks(Pc pc) throws Exception {
        pc.ide().addDisk(0, image("ide"), "1");
        pc.ide().addCdrom(2, Optional.of(image("cdrom")), "2");
        pc.virtio().addDisk(image("virtio"), "3");
    }

    private RawImage image(String name) throws Exception {
        Path path = folder.resolve(name);
        Files.write(path, new byte[IMAGE_BYTES]);
        return RawImage.open(path, false, ImageLocker.NONE, _ -> {});
    }

    /// Mostly to what is there; PCI configuration gets its share, since it moves the rest.
    private void step(Pc pc, FakeEngine engine, SplittableRandom random) throws Exception {
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3, 4, 5 -> port(pc, random, aPort(random));
            case 6 -> port(pc, random, random.nextInt(PortBus.PORTS));
            case 7, 8, 9 -> memory(pc, random, aRegister(random));
            case 10 -> memory(pc, random, random.nextLong() >>> 12 + random.nextInt(52));
            case 11, 12 -> configuration(pc, random);
            case 13 -> message(engine, random);
            case 14 -> poke(pc, random);
            default -> {
                hostNanos.addAndGet(random.nextLong(1L << random.nextInt(1, 34)));
                pc.clock().runDue();
            }
        }
    }

    private void note(String what) {
        last.add(what);
        if (last.size() > REMEMBERED) {
            last.remove();
        }
    }

    /// Blocks of registers move.
    private void look(Pc pc) {
        ports.clear();
        for (int i = 0; i < PortBus.PORTS; i++) {
            IoRange range = pc.ports().at(i);
            if (range != null && (ports.isEmpty() || ports.getLast() != range)) {
                ports.add(range);
            }
        }
        registers =
                pc.memory().regions().stream().filter(each -> each instanceof Region.Mmio).toList();
    }

    private int aPort(SplittableRandom random) {
        IoRange range = ports.get(random.nextInt(ports.size()));
        return (int) (range.base() + random.nextLong(range.length()));
    }

    private long aRegister(SplittableRandom random) {
        Region region = registers.get(random.nextInt(registers.size()));
        return region.gpa()
                + random.nextLong(Math.min(region.length(), 1 << random.nextInt(3, 17)));
    }

    private void port(Pc pc, SplittableRandom random, int port) {
        int width = 1 << random.nextInt(3);
        if (random.nextBoolean()) {
            int value = value(random);
            note("out %04x %d %08x".formatted(port, width, value));
            pc.ports().write(port, width, value);
        } else {
            note("in %04x %d".formatted(port, width));
            pc.ports().read(port, width);
        }
    }

    private void memory(Pc pc, SplittableRandom random, long gpa) {
        int width = 1 << random.nextInt(4);
        if (random.nextBoolean()) {
            long value = (long) value(random) << 32 | value(random) & 0xffff_ffffL;
            note("store %x %d %016x".formatted(gpa, width, value));
            pc.memory().write(gpa, width, value);
        } else {
            note("load %x %d".formatted(gpa, width));
            pc.memory().read(gpa, width);
        }
    }

    /// A slot that has something, any register; base addresses often where other things are.
    private void configuration(Pc pc, SplittableRandom random) {
        int function = random.nextInt(8) << 11 | random.nextInt(2) << 8;
        int register = random.nextBoolean() ? 0x10 + 4 * random.nextInt(6) : 4 * random.nextInt(64);
        int value =
                switch (random.nextInt(4)) {
                    case 0 -> 0x107;
                    case 1 -> random.nextInt(0x1_0000);
                    case 2 -> 0xfe00_0000 | random.nextInt(0x100) << 12;
                    default -> value(random);
                };
        note("config %x %08x".formatted(function | register, value));
        pc.ports().write(CONFIG_ADDRESS, 4, 0x8000_0000 | function | register);
        pc.ports().write(CONFIG_DATA + random.nextInt(4), 1 << random.nextInt(3), value);
        pc.ports().write(CONFIG_ADDRESS, 4, 0x8000_0000 | function | 4);
        pc.ports().write(CONFIG_DATA, 2, 0x107);
    }

    private void message(FakeEngine engine, SplittableRandom random) {
        int msr = random.nextInt(4) == 0 ? 0x1b : 0x800 + random.nextInt(0x40);
        if (engine.interrupts().hasMsr(msr)) {
            long value = value(random);
            note("wrmsr %x %x".formatted(msr, value));
            engine.interrupts().writeMsr(msr, value);
            engine.interrupts().readMsr(msr);
        }
        if (engine.interrupts().pending()) {
            engine.interrupts().acknowledge();
        }
    }

    /// Rings and descriptors are in RAM: some of it is made of addresses.
    private static void poke(Pc pc, SplittableRandom random) {
        long at = random.nextInt(0x8000) & ~7;
        for (int i = 0; i < 8; i++) {
            pc.memory().write(at + 8L * i, 8, random.nextLong() >>> random.nextInt(64));
        }
    }

    private static int value(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(256);
            case 1 -> 1 << random.nextInt(32);
            case 2 -> random.nextInt(0x10_0000);
            default -> random.nextInt();
        };
    }

    /// No byte around the guest's RAM has changed.
    private void check() {
        for (long i = 0; i < GUARD_BYTES; i++) {
            assertEquals(GUARD, guarded.get(ValueLayout.JAVA_BYTE, i));
            assertEquals(GUARD, guarded.get(ValueLayout.JAVA_BYTE, guarded.byteSize() - 1 - i));
        }
    }

    private void assertImagesKeptTheirSizes() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<String> names = files.map(each -> each.getFileName().toString()).sorted().toList();
            assertTrue(names.containsAll(List.of("cdrom", "ide", "virtio")), names::toString);
        }
        for (String name : List.of("ide", "cdrom", "virtio")) {
            assertEquals(IMAGE_BYTES, Files.size(folder.resolve(name)));
        }
    }
}
