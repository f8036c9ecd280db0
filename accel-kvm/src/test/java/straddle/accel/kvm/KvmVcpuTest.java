package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.DirtyPages;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.UserState;
import straddle.core.vcpu.Vcpu;

@Tag("kvm")
@Timeout(30)
class KvmVcpuTest {

    @Test
    void aPortWriteCarriesPortWidthAndValue() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // mov eax, 0x12345678; mov dx, 0x5a0; out dx, eax; out 0x80, al
            vm.load("66b878563412 baa005 66ef e680");
            Exit.PortWrite write = assertInstanceOf(Exit.PortWrite.class, vm.vcpu.run());
            assertEquals(0x5a0, write.port);
            assertEquals(4, write.width);
            assertEquals(1, write.count);
            assertEquals(0x12345678, write.get(0));
            assertSame(write, vm.vcpu.run());
            assertEquals(0x80, write.port);
            assertEquals(1, write.width);
            assertEquals(0x78, write.get(0));
        }
    }

    @Test
    void aPortReadsAnswerReachesTheGuest() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // in al, 0x60; out 0x80, al
            vm.load("e460 e680");
            Exit.PortRead read = assertInstanceOf(Exit.PortRead.class, vm.vcpu.run());
            assertEquals(0x60, read.port);
            read.set(0, 0xa5);
            Exit.PortWrite write = assertInstanceOf(Exit.PortWrite.class, vm.vcpu.run());
            assertEquals(0xa5, write.get(0));
        }
    }

    @Test
    void aPortReadsAnswerIsInTheSavedState() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // in al, 0x60; hlt
            vm.load("e460 f4");
            Exit.PortRead read = assertInstanceOf(Exit.PortRead.class, vm.vcpu.run());
            read.set(0, 0x42);
            X86State state = vm.save();
            assertEquals(0x42, state.gpr[X86.RAX] & 0xff);
            assertEquals(TestVm.CODE + 2, state.rip);
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
        }
    }

    @Test
    void aStateLoadedOverAnUnansweredExitIsNotSpoiled() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // mov ax, 0xffff; mov ds, ax; mov eax, [0x100]; hlt
            vm.load("b8ffff 8ed8 66a10001 f4");
            assertInstanceOf(Exit.MmioRead.class, vm.vcpu.run());
            X86State other = TestVm.realMode();
            other.gpr[X86.RAX] = 0x1234;
            other.rip = 0x2000;
            vm.put(0x2000, "f4");
            vm.vcpu.load(other);
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
            X86State after = vm.save();
            assertEquals(0x2001, after.rip);
            assertEquals(0x1234, after.gpr[X86.RAX]);
        }
    }

    /// Who puts other registers in has to know: KVM raises it all the same.
    @Test
    void anExceptionThatKvmHoldsIsKnown() throws Exception {
        try (TestVm vm = TestVm.open()) {
            vm.memory.write(X86.UD * 4, 4, 0x2000);
            vm.put(0x2000, "f4");
            vm.put(TestVm.CODE, "f4");
            VcpuState registers = ((KvmVcpu) vm.vcpu).registers();
            X86State state = TestVm.realMode();
            vm.vcpu.load(state);
            assertFalse(registers.holdsException());
            state.pendingVector = X86.UD;
            state.pendingKind = X86State.EventKind.EXCEPTION;
            vm.vcpu.load(state);
            assertTrue(registers.holdsException());

            UserState other = new UserState();
            other.rip = TestVm.CODE;
            other.rflags = X86.RFLAGS_FIXED;
            other.gpr[X86.RSP] = 0x6000;
            registers.loadGeneral(other);
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
            assertFalse(registers.holdsException());
            assertEquals(0x2001, vm.save().rip);

            vm.vcpu.load(state);
            registers.dropException();
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
            assertEquals(TestVm.CODE + 1, vm.save().rip);
        }
    }

    @Test
    void aStringWriteToAPortComesWithAllItsElements() throws Exception {
        try (TestVm vm = TestVm.open()) {
            vm.put(0x2000, "11 22 33 44");
            // mov si, 0x2000; mov cx, 4; mov dx, 0xe9; cld; rep outsb; hlt
            vm.load("be0020 b90400 bae900 fc f36e f4");
            StringBuilder seen = new StringBuilder();
            for (Exit exit = vm.vcpu.run();
                    exit instanceof Exit.PortWrite write;
                    exit = vm.vcpu.run()) {
                for (int i = 0; i < write.count; i++) {
                    seen.append("%02x".formatted(write.get(i)));
                }
            }
            assertEquals("11223344", seen.toString());
        }
    }

    @Test
    void mmioIsReadAndWrittenAtItsAddress() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // mov ax, 0xffff; mov ds, ax; mov eax, [0x100]; mov [0x104], eax; hlt
            vm.load("b8ffff 8ed8 66a10001 66a30401 f4");
            Exit.MmioRead read = assertInstanceOf(Exit.MmioRead.class, vm.vcpu.run());
            assertEquals(0xffff0 + 0x100, read.gpa);
            assertEquals(4, read.width);
            read.value = 0xcafef00dL;
            Exit.MmioWrite write = assertInstanceOf(Exit.MmioWrite.class, vm.vcpu.run());
            assertEquals(0xffff0 + 0x104, write.gpa);
            assertEquals(4, write.width);
            assertEquals(0xcafef00dL, write.value);
        }
    }

    @Test
    void aWriteToRomExitsAndChangesNothing() throws Exception {
        try (TestVm vm = TestVm.open()) {
            X86State state = TestVm.realMode();
            state.segments[X86.DS].base = TestVm.ROM_GPA;
            vm.rom.block().bytes().set(ValueLayout.JAVA_BYTE, 0x10, (byte) 0x77);
            // mov al, [0x10]; inc ax; mov [0x10], al; hlt
            vm.put(TestVm.CODE, "a01000 40 a21000 f4");
            vm.vcpu.load(state);
            Exit.MmioWrite write = assertInstanceOf(Exit.MmioWrite.class, vm.vcpu.run());
            assertEquals(TestVm.ROM_GPA + 0x10, write.gpa);
            assertEquals(0x78, write.value);
            assertEquals(0x77, vm.memory.read(TestVm.ROM_GPA + 0x10, 1));
        }
    }

    @Test
    void haltExitsOnceAndThenStaysHalted() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // sti; hlt
            vm.load("fb f4");
            assertSame(Exit.Halt.HALT, vm.vcpu.run());
            assertSame(Exit.Halt.HALT, vm.vcpu.run());
            X86State state = vm.save();
            assertTrue(state.halted);
            assertEquals(TestVm.CODE + 2, state.rip);
        }
    }

    @Test
    void aTripleFaultIsAShutdown() throws Exception {
        try (TestVm vm = TestVm.open()) {
            X86State state = TestVm.protectedMode();
            state.idtLimit = 0;
            // ud2
            vm.put(TestVm.CODE, "0f0b");
            vm.vcpu.load(state);
            assertEquals(new Exit.Shutdown("a triple fault"), vm.vcpu.run());
        }
    }

    @Test
    void codeInNoMemoryIsReportedWithRegistersAndReason() throws Exception {
        try (TestVm vm = TestVm.open()) {
            // jmp 0xffff:0x100, which is beyond the RAM
            vm.load("ea0001ffff");
            Exit.Unhandled exit = assertInstanceOf(Exit.Unhandled.class, vm.vcpu.run());
            assertEquals("The guest ran into 0x1000f0, where it has no memory.", exit.sentence());
            assertTrue(exit.report().contains("KVM_EXIT_INTERNAL_ERROR (17)"), exit::report);
            assertTrue(exit.report().contains("rip 0000000000000100"), exit::report);
            assertTrue(exit.report().contains("RIP points to no memory"), exit::report);
        }
    }

    @Test
    void whatIsLoadedIsSavedAgain() throws Exception {
        try (TestVm vm = TestVm.open()) {
            X86State loaded = longMode();
            vm.vcpu.load(loaded);
            X86State once = vm.save();
            assertArrayEquals(loaded.gpr, once.gpr);
            assertEquals(loaded.rip, once.rip);
            assertEquals(loaded.cr3, once.cr3);
            assertEquals(loaded.efer, once.efer);
            assertEquals(loaded.msr(X86.MSR_LSTAR), once.msr(X86.MSR_LSTAR));
            assertEquals(loaded.dr[0], once.dr[0]);
            assertEquals(0x3ff8_0000_0000_0000L, once.xsaveBuffer().getLong(160));
            vm.vcpu.load(once);
            X86State twice = vm.save();
            once.msrs.remove(X86.MSR_TSC);
            twice.msrs.remove(X86.MSR_TSC);
            assertEquals(once.toString(), twice.toString());
            assertArrayEquals(SnapshotWriter.bytesOf(once), SnapshotWriter.bytesOf(twice));
        }
    }

    private static X86State longMode() {
        X86State state = new X86State();
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = 0x0101_0101_0101_0101L * (i + 1);
        }
        state.rip = 0x1234;
        state.cr0 = X86.CR0_PE | X86.CR0_PG | X86.CR0_ET | X86.CR0_NE | X86.CR0_WP;
        state.cr3 = 0x2000;
        state.cr4 = X86.CR4_PAE | X86.CR4_OSFXSR;
        state.efer = X86.EFER_LME | X86.EFER_LMA | X86.EFER_SCE;
        for (Segment segment : state.segments) {
            segment.set(0x10, 0, -1, Segment.P | Segment.S | Segment.G | Segment.DB | 3);
        }
        state.segments[X86.CS].set(8, 0, -1, Segment.P | Segment.S | Segment.G | Segment.L | 0xb);
        state.segments[X86.FS].base = 0x7fff_1234_5000L;
        state.gdtBase = 0x5000;
        state.gdtLimit = 0x7f;
        state.idtBase = 0x6000;
        state.idtLimit = 0xfff;
        state.msrs.put(X86.MSR_LSTAR, 0xffff_8000_0000_1000L);
        state.msrs.put(X86.MSR_KERNEL_GS_BASE, 0x1234_5678L);
        state.dr[0] = 0x4000;
        state.xsaveBuffer().putLong(160, 0x3ff8_0000_0000_0000L);
        return state;
    }

    @Test
    void theDirtyLogTellsTheReadersOfWrittenPages() throws Exception {
        try (TestVm vm = TestVm.open()) {
            DirtyPages dirty = vm.ram.block().dirty();
            vm.accelerator.logWrites(vm.ram, true);
            // mov [0x3000], ax; mov [0x5008], ax; hlt
            vm.load("a30030 a30850 f4");
            for (long page = 0; page < TestVm.RAM_BYTES; page += 4096) {
                dirty.arm(page, DirtyPages.DISPLAY);
            }
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
            vm.accelerator.collectWrites(vm.ram);
            assertEquals(DirtyPages.DISPLAY, dirty.readersAt(0x2000));
            assertEquals(0, dirty.readersAt(0x3000));
            assertEquals(DirtyPages.DISPLAY, dirty.readersAt(0x4000));
            assertEquals(0, dirty.readersAt(0x5000));
            dirty.arm(0x3000, DirtyPages.DISPLAY);
            vm.accelerator.collectWrites(vm.ram);
            assertEquals(DirtyPages.DISPLAY, dirty.readersAt(0x3000));
            vm.accelerator.logWrites(vm.ram, false);
        }
    }

    @Test
    void twoVcpusShareTheirMemory() throws Exception {
        try (TestVm vm = TestVm.open();
                Vcpu second = vm.accelerator.createVcpu(1, InterruptSource.NONE)) {
            // mov byte [0x3000], 0x5a; hlt
            vm.load("c60600305a f4");
            X86State state = TestVm.realMode();
            state.rip = 0x2000;
            // mov al, [0x3000]; out 0x80, al
            vm.put(0x2000, "a00030 e680");
            second.load(state);
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
            Exit.PortWrite write = assertInstanceOf(Exit.PortWrite.class, second.run());
            assertEquals(0x5a, write.get(0));
            assertEquals(1, second.id());
        }
    }

    @Test
    void aRegionMappedLaterIsThereAndOneUnmappedIsGone() throws Exception {
        try (TestVm vm = TestVm.open()) {
            vm.memory.unmap(vm.rom);
            X86State state = TestVm.realMode();
            state.segments[X86.DS].base = TestVm.ROM_GPA;
            // mov al, [0x10]; hlt
            vm.put(TestVm.CODE, "a01000 f4");
            vm.vcpu.load(state);
            assertInstanceOf(Exit.MmioRead.class, vm.vcpu.run());
            vm.memory.mapRam("rom", TestVm.ROM_GPA, vm.rom.block(), 0, 0x1_0000, false);
            vm.vcpu.load(state);
            assertSame(Exit.Halt.MASKED, vm.vcpu.run());
        }
    }
}
