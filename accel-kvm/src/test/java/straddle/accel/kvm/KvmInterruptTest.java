package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.bus.IoDevice;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.VcpuLoop;
import straddle.host.EventFd;
import straddle.host.KickSignal;
import straddle.host.LinuxCall;

@Tag("kvm")
@Timeout(60)
class KvmInterruptTest {
    /// Sets interrupt vector 0x20 to 0:3000, which is mov al, 0x77; out 0x80, al; iret.
    private static void prepareHandler(TestVm vm) {
        vm.put(4 * 0x20, "00300000");
        vm.put(0x3000, "b077 e680 cf");
    }

    /// A source that holds one interrupt at a time.
    private static final class OneInterrupt implements InterruptSource {
        volatile int vector = -1;

        @Override
        public boolean pending() {
            return vector >= 0;
        }

        @Override
        public int acknowledge() {
            int taken = vector;
            vector = -1;
            return taken;
        }
    }

    @Test
    void aPendingInterruptWakesAHaltedGuest() throws Exception {
        OneInterrupt source = new OneInterrupt();
        try (TestVm vm = TestVm.open(source)) {
            prepareHandler(vm);
            // sti; hlt; out 0x81, al
            vm.load("fb f4 e681");
            assertSame(Exit.Halt.HALT, vm.vcpu.run());
            source.vector = 0x20;
            Exit.PortWrite write = assertInstanceOf(Exit.PortWrite.class, vm.vcpu.run());
            assertEquals(0x80, write.port);
            assertEquals(0x77, write.get(0));
            assertSame(write, vm.vcpu.run());
            assertEquals(0x81, write.port);
            assertFalse(source.pending());
        }
    }

    @Test
    void anInterruptWaitsForTheGuestToAllowIt() throws Exception {
        OneInterrupt source = new OneInterrupt();
        try (TestVm vm = TestVm.open(source)) {
            prepareHandler(vm);
            // out 0x81, al; sti; jmp $
            vm.load("e681 fb ebfe");
            source.vector = 0x20;
            Exit.PortWrite write = assertInstanceOf(Exit.PortWrite.class, vm.vcpu.run());
            assertEquals(0x81, write.port);
            assertTrue(source.pending());
            assertSame(Exit.InterruptWindow.INTERRUPT_WINDOW, vm.vcpu.run());
            assertSame(write, vm.vcpu.run());
            assertEquals(0x80, write.port);
            assertFalse(source.pending());
        }
    }

    @Test
    void aGuestThatHaltsWithInterruptsOffStaysHalted() throws Exception {
        OneInterrupt source = new OneInterrupt();
        try (TestVm vm = TestVm.open(source)) {
            // cli; hlt
            vm.load("fa f4");
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
            source.vector = 0x20;
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
            vm.vcpu.kick();
            assertSame(Exit.Kicked.KICKED, vm.vcpu.run());
            assertTrue(source.pending());
        }
    }

    @Test
    void aKickBeforeRunMakesItReturnOnce() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // sti; hlt
            vm.load("fb f4");
            vm.vcpu.kick();
            vm.vcpu.kick();
            assertSame(Exit.Kicked.KICKED, vm.vcpu.run());
            assertSame(Exit.Halt.HALT, vm.vcpu.run());
        }
    }

    @Test
    void aKickReachesASpinningGuestWhileGarbageIsCollected() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // cli; jmp $
            vm.load("fa ebfe");
            AtomicInteger kicks = new AtomicInteger();
            Thread runner =
                    Thread.ofPlatform()
                            .name("vcpu-0")
                            .start(() -> {
                                while (kicks.get() < 20) {
                                    try {
                                        assertSame(Exit.Kicked.KICKED, vm.vcpu.run());
                                        kicks.incrementAndGet();
                                    } catch (Exception e) {
                                        throw new AssertionError(e);
                                    }
                                }
                            });
            while (runner.isAlive()) {
                System.gc();
                vm.vcpu.kick();
                runner.join(1);
            }
            assertEquals(20, kicks.get());
        }
    }

    /// Somebody else's, which has a handler, and a kick's that nobody has kicked for.
    @Test
    void otherSignalsDoNotEndARun() throws Exception {
        LinuxCall.prepareInterrupts();
        try (TestVm vm = TestVm.open()) {
            // inc word [0x3000]; jmp back
            vm.load("ff060030 ebfa");
            AtomicInteger id = new AtomicInteger();
            Thread runner = startCounting(vm, id);
            for (int i = 0; i < 20; i++) {
                awaitOtherThan(vm, counted(vm));
                LinuxCall.interrupt(id.get());
                KickSignal.send(id.get());
            }
            awaitOtherThan(vm, counted(vm));
            awaitOtherThan(vm, counted(vm));
            assertTrue(runner.isAlive());
            vm.vcpu.kick();
            runner.join();
        }
    }

    @Test
    void aProcessThatWasStoppedGoesOn() throws Exception {
        try (TestVm vm = TestVm.open()) {
            vm.load("ff060030 ebfa");
            Thread runner = startCounting(vm, new AtomicInteger());
            awaitOtherThan(vm, counted(vm));
            long process = ProcessHandle.current().pid();
            String stop = "kill -STOP %1$d; sleep 0.1; kill -CONT %1$d".formatted(process);
            assertEquals(0, new ProcessBuilder("sh", "-c", stop).start().waitFor());
            awaitOtherThan(vm, counted(vm));
            assertTrue(runner.isAlive());
            vm.vcpu.kick();
            runner.join();
        }
    }

    private static Thread startCounting(TestVm vm, AtomicInteger id) {
        return Thread.ofPlatform()
                .name("vcpu-0")
                .start(() -> {
                    id.set(LinuxCall.threadId());
                    try {
                        assertSame(Exit.Kicked.KICKED, vm.vcpu.run());
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
    }

    private static long counted(TestVm vm) {
        return vm.memory.read(0x3000, 2);
    }

    private static void awaitOtherThan(TestVm vm, long count) throws InterruptedException {
        while (counted(vm) == count) {
            Thread.sleep(1);
        }
    }

    @Test
    void coresLoopRunsAGuestUntilItPowersOff() throws Exception {
        OneInterrupt source = new OneInterrupt();
        try (TestVm vm = TestVm.open(source)) {
            prepareHandler(vm);
            RunControl control = new RunControl(vm.clock);
            VcpuLoop loop = new VcpuLoop(vm.vcpu, control, vm.memory, vm.ports, source);
            StringBuilder seen = new StringBuilder();
            vm.ports.map("post", 0x80, 1, new Recorder(seen));
            vm.ports.map(
                    "raise",
                    0x81,
                    1,
                    new Recorder(seen) {
                        @Override
                        public void write(int offset, int width, long value) {
                            source.vector = 0x20;
                        }
                    });
            vm.ports.map(
                    "exit",
                    0xf4,
                    1,
                    new Recorder(seen) {
                        @Override
                        public void write(int offset, int width, long value) {
                            control.stop(new StopReason.PoweredOff((int) value));
                        }
                    });
            // out 0x81, al; sti; hlt; in al, 0x80; inc ax; out 0xf4, al; jmp $
            vm.load("e681 fb f4 e480 40 e6f4 ebfe");
            loop.start();
            control.resume();
            assertEquals(new StopReason.PoweredOff(6), control.awaitStop());
            assertEquals("77", seen.toString());
        }
    }

    private static class Recorder implements IoDevice {
        private final StringBuilder seen;

        Recorder(StringBuilder seen) {
            this.seen = seen;
        }

        @Override
        public long read(int offset, int width) {
            return 5;
        }

        @Override
        public void write(int offset, int width, long value) {
            seen.append(Long.toHexString(value));
        }
    }

    @Test
    void aPausedGuestStandsStillAndGoesOn() throws Exception {
        try (TestVm vm = TestVm.open()) {
            RunControl control = new RunControl(vm.clock);
            VcpuLoop loop =
                    new VcpuLoop(vm.vcpu, control, vm.memory, vm.ports, InterruptSource.NONE);
            // inc ecx; jmp back
            vm.load("6641 ebfc");
            loop.start();
            control.resume();
            control.pause();
            long before = vm.save().gpr[1];
            assertEquals(before, vm.save().gpr[1]);
            control.resume();
            control.stop(new StopReason.Requested());
            assertEquals(new StopReason.Requested(), control.awaitStop());
        }
    }

    @Test
    void theKernelsPicInterruptsTheGuest() throws Exception {
        try (TestVm vm = TestVm.withKernelIrqChip()) {
            IrqChip chip = vm.accelerator.kernelIrqChip().orElseThrow();
            prepareHandler(vm);
            // ICW1-4: edge, vectors from 0x20, slave at 2, 8086 mode; unmask IRQ 0; sti; hlt
            vm.load("b011 e620 b020 e621 b004 e621 b001 e621 b0fe e621 e681 fb f4 ebfd");
            Exit.PortWrite write = assertInstanceOf(Exit.PortWrite.class, vm.vcpu.run());
            assertEquals(0x81, write.port);
            chip.line(0).raise();
            assertSame(write, vm.vcpu.run());
            assertEquals(0x80, write.port);
            assertEquals(0x77, write.get(0));
            chip.line(0).lower();
        }
    }

    @Test
    void anEventInterruptsTheGuestAndThePortsWriteSignalsOne() throws Exception {
        try (TestVm vm = TestVm.withKernelIrqChip();
                EventFd interrupt = EventFd.create();
                EventFd written = EventFd.create()) {
            prepareHandler(vm);
            vm.accelerator.vm().irqFd(interrupt, 0, true);
            vm.accelerator.vm().portEventFd(written, 0x90, 1, true);
            // the PIC as above; out 0x90, al; sti; hlt
            vm.load("b011 e620 b020 e621 b004 e621 b001 e621 b0fe e621 e690 e681 fb f4 ebfd");
            Exit.PortWrite write = assertInstanceOf(Exit.PortWrite.class, vm.vcpu.run());
            assertEquals(0x81, write.port);
            assertEquals(1, written.take());
            interrupt.signal();
            assertSame(write, vm.vcpu.run());
            assertEquals(0x80, write.port);
            vm.accelerator.vm().irqFd(interrupt, 0, false);
            vm.accelerator.vm().portEventFd(written, 0x90, 1, false);
        }
    }

    @Test
    void theKernelsChipsSaveAndRestoreTheirState() throws Exception {
        try (TestVm vm = TestVm.withKernelIrqChip();
                TestVm other = TestVm.withKernelIrqChip()) {
            IrqChip chip = vm.accelerator.kernelIrqChip().orElseThrow();
            vm.load("b011 e620 b020 e621 b004 e621 b001 e621 b0fa e621 e681");
            assertInstanceOf(Exit.PortWrite.class, vm.vcpu.run());
            chip.line(4).raise();
            byte[] saved = SnapshotWriter.bytesOf(chip);
            IrqChip copy = other.accelerator.kernelIrqChip().orElseThrow();
            assertFalse(Arrays.equals(saved, SnapshotWriter.bytesOf(copy)));
            copy.restore(SnapshotReader.from(new ByteArrayInputStream(saved)));
            SnapshotReader once = SnapshotReader.from(new ByteArrayInputStream(saved));
            SnapshotReader twice =
                    SnapshotReader.from(new ByteArrayInputStream(SnapshotWriter.bytesOf(copy)));
            for (String part : new String[] {"picMaster", "picSlave", "ioApic"}) {
                assertArrayEquals(once.getBytes(part), twice.getBytes(part), part);
            }
            assertTrue(twice.getBoolean("line4"));
        }
    }

    @Test
    void aLineThatDoesNotExistIsRefused() throws Exception {
        try (TestVm vm = TestVm.withKernelIrqChip()) {
            IrqChip chip = vm.accelerator.kernelIrqChip().orElseThrow();
            assertThrows(IllegalArgumentException.class, () -> chip.line(24));
            assertThrows(IllegalArgumentException.class, () -> chip.line(-1));
        }
    }
}
