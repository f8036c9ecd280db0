package straddle.machines.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.CS;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.memory.RamAllocator;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.machines.FakeEngine;
import straddle.machines.boot.Firmware;
import straddle.machines.boot.KernelImageException;

@Timeout(30)
class PcFirmwareTest {
    private static final int ROM_BYTES = 256 << 10;
    private static final int PAM_0_HIGH = 0x59;
    private static final int PAM_1 = 0x5a;

    @TempDir private Path folder;

    private static Firmware firmware() {
        byte[] rom = new byte[ROM_BYTES];
        for (int i = 0; i < rom.length; i += 4096) {
            rom[i] = (byte) (i >>> 12);
        }
        rom[ROM_BYTES - 16] = (byte) 0xea;
        return Firmware.of(rom).withOrder("dc").withMenu(true);
    }

    private static Pc pc(FakeEngine engine) throws Exception {
        Pc.Config config =
                new Pc.Config(
                        32 << 20,
                        RamAllocator.OFF_HEAP,
                        1,
                        List.of(),
                        ByteSink.NOWHERE,
                        System::nanoTime,
                        0);
        return Pc.create(config, firmware(), engine);
    }

    private static Pc pc() throws Exception {
        return pc(new FakeEngine(FakeEngine::spin));
    }

    private static void attribute(Pc pc, int register, int value) {
        pc.ports().write(0xcf8, 4, 0x8000_0000 | register & 0xfc);
        pc.ports().write(0xcfc + (register & 3), 1, value);
    }

    private static int byteAt(Pc pc, long gpa) {
        return (int) pc.memory().read(gpa, 1);
    }

    @Test
    void theProcessorStartsInTheRom() throws Exception {
        FakeEngine engine = new FakeEngine(FakeEngine::spin);
        try (Pc pc = pc(engine)) {
            assertEquals(0xffff_0000L, engine.state().segments[CS].base);
            assertEquals(0xfff0, engine.state().rip);
            assertEquals(0xea, byteAt(pc, 0xffff_fff0L));
            assertEquals(0xea, byteAt(pc, 0xf_fff0));
            assertEquals(0, byteAt(pc, 0xfffc_0000L));
            assertEquals(0x20, byteAt(pc, 0xe_0000));
            assertEquals(0xff, byteAt(pc, 0xc_0000));
        }
    }

    @Test
    void writesToRomAreDropped() throws Exception {
        try (Pc pc = pc()) {
            pc.memory().write(0xffff_fff0L, 1, 5);
            pc.memory().write(0xf_fff0, 1, 5);
            assertEquals(0xea, byteAt(pc, 0xffff_fff0L));
            assertEquals(0xea, byteAt(pc, 0xf_fff0));
        }
    }

    @Test
    void theAttributeRegistersShadowTheRom() throws Exception {
        try (Pc pc = pc()) {
            attribute(pc, PAM_0_HIGH, 0x30);
            assertEquals(0, byteAt(pc, 0xf_fff0));
            pc.memory().write(0xf_fff0, 1, 5);
            assertEquals(5, byteAt(pc, 0xf_fff0));
            assertEquals(0x20, byteAt(pc, 0xe_0000));
            attribute(pc, PAM_0_HIGH, 0x10);
            pc.memory().write(0xf_fff0, 1, 6);
            assertEquals(5, byteAt(pc, 0xf_fff0));
            attribute(pc, PAM_0_HIGH, 0);
            assertEquals(0xea, byteAt(pc, 0xf_fff0));
            assertEquals(0xea, byteAt(pc, 0xffff_fff0L));
        }
    }

    @Test
    void eachNibbleIsASegmentOf16KiB() throws Exception {
        try (Pc pc = pc()) {
            attribute(pc, PAM_1, 0x30);
            pc.memory().write(0xc_0000, 1, 1);
            pc.memory().write(0xc_4000, 1, 2);
            pc.memory().write(0xc_8000, 1, 3);
            assertEquals(0xff, byteAt(pc, 0xc_0000));
            assertEquals(2, byteAt(pc, 0xc_4000));
            assertEquals(0xff, byteAt(pc, 0xc_8000));
        }
    }

    @Test
    void theClosedGateShowsTheFirstMibibyteTwice() throws Exception {
        try (Pc pc = pc()) {
            pc.memory().write(0x500, 1, 7);
            pc.memory().write(0x10_0500, 1, 8);
            pc.ports().write(0x92, 1, 0);
            assertEquals(7, byteAt(pc, 0x10_0500));
            pc.memory().write(0x10_0501, 1, 9);
            assertEquals(9, byteAt(pc, 0x501));
            pc.ports().write(0x64, 1, 0xdf);
            assertEquals(8, byteAt(pc, 0x10_0500));
        }
    }

    @Test
    void resetsOfAllKindsEndTheMachine() throws Exception {
        int[][] resets = {{0x64, 0xfe}, {0x92, 0x01}, {0xcf9, 0x06}};
        for (int[] reset : resets) {
            FakeEngine engine = new FakeEngine(_ -> FakeEngine.out(reset[0], reset[1]));
            try (Pc pc = pc(engine)) {
                pc.start();
                assertEquals(new StopReason.Reset(), pc.awaitStop());
            }
        }
    }

    @Test
    void theBootOrderIsInTheClockChip() throws Exception {
        try (Pc pc = pc()) {
            pc.ports().write(0x70, 1, 0x3d);
            assertEquals(0x23, pc.ports().read(0x71, 1));
        }
    }

    @Test
    void theFirmwareIsTold() throws Exception {
        try (Pc pc = pc()) {
            pc.ports().write(0x510, 2, 0x0e);
            assertEquals(1, pc.ports().read(0x511, 1));
        }
    }

    @Test
    void theShadowMovesWithTheChipsState() throws Exception {
        try (Pc one = pc();
                Pc other = pc()) {
            attribute(one, PAM_0_HIGH, 0x30);
            one.ports().write(0x92, 1, 0);
            byte[] saved = SnapshotWriter.bytesOf(one.devices());
            other.devices().restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
            assertArrayEquals(saved, SnapshotWriter.bytesOf(other.devices()));
            assertEquals(0, byteAt(other, 0xf_fff0));
            other.memory().write(0x10_0000, 1, 3);
            assertEquals(3, byteAt(other, 0));
        }
    }

    @Test
    void ideDrivesHaveFourPlaces() throws Exception {
        try (Pc pc = pc()) {
            pc.ide().addCdrom(3, Optional.empty(), "CD");
            assertThrows(
                    IllegalArgumentException.class,
                    () -> pc.ide().addCdrom(3, Optional.empty(), "CD"));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> pc.ide().addCdrom(4, Optional.empty(), "CD"));
            pc.ports().write(0x176, 1, 0x10);
            assertEquals(0x14, pc.ports().read(0x174, 1));
            assertEquals(0xeb, pc.ports().read(0x175, 1));
        }
    }

    private String refusal(byte[] image) throws IOException {
        Path file = Files.write(folder.resolve("rom"), image);
        return assertThrows(KernelImageException.class, () -> Firmware.read(file))
                .getMessage()
                .replace(file.toString(), "FILE");
    }

    @Test
    void whatIsNoFirmwareIsRefused() throws Exception {
        assertEquals("The firmware FILE is empty.", refusal(new byte[0]));
        assertEquals(
                "FILE is no PC firmware: it has 1,000 bytes, not a multiple of 64 KiB up to 16 MiB.",
                refusal(new byte[1000]));
        assertTrue(refusal(new byte[0x1_0000]).contains("no code in its last 16 bytes"));
        assertTrue(refusal(new byte[(16 << 20) + 1]).contains("more than 16 MiB"));
        Path missing = folder.resolve("none");
        assertEquals(
                "There is no firmware " + missing + ".",
                assertThrows(KernelImageException.class, () -> Firmware.read(missing))
                        .getMessage());
    }
}
