package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static straddle.core.arch.x86.X86.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.host.SharedMemory;
import straddle.linux.kvm.kvm_dtable;
import straddle.linux.kvm.kvm_sregs;

/// A guest whose state is taken between SYSCALL and what becomes of it. Its tables at 0x1000 to 0x4000 show the first 2 MiB
/// of its memory at 4 MiB.
@Timeout(30)
class SyscallTrapTest {
    private static final long WINDOW = 4 << 20;
    private static final long PROGRAM = WINDOW + 0x8000;
    private static final long STACK = WINDOW + 0x9000;
    private static final long IDT = WINDOW + 0xa000;
    private static final long LSTAR = 0xffff_ffff_8100_0000L;
    private static final long HANDLER = 0xffff_ffff_8200_1234L;
    private static final int BY_USER = 4;
    private static final int FETCH = 16;

    private final Arena arena = Arena.ofShared();
    private final AddressSpace memory = new AddressSpace(new MachineLock());
    private final MemorySegment sregs = arena.allocate(kvm_sregs.layout());
    private final SyscallTrap trap = new SyscallTrap(null, sregs, memory, arena);
    private final X86State state = new X86State();

    @BeforeEach
    void placeAProgram() throws Exception {
        memory.mapRam(0, RamBlock.allocate("ram", 2 << 20, SharedMemory.RAM, arena));
        memory.write(0x1000, 8, 0x2007);
        memory.write(0x2000, 8, 0x3007);
        memory.write(0x3010, 8, 0x87);
        kvm_sregs.cr3(sregs, 0x1000);
        kvm_sregs.efer(sregs, EFER_SCE | EFER_LMA);
        // syscall, twice
        put(PROGRAM, "0f050f05");
        state.msrs.put(MSR_LSTAR, LSTAR);
        state.msrs.put(MSR_SFMASK, (long) RFLAGS_IF);
        state.gpr[RCX] = PROGRAM + 2;
        state.gpr[11] = RFLAGS_IF | 3;
        state.rip = LSTAR;
        state.rflags = 3;
        state.segments[CS].set(0x33, 0, -1, Segment.P | 3 << Segment.DPL_SHIFT);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private void put(long linear, String hex) {
        memory.write(linear - WINDOW, MemorySegment.ofArray(HexFormat.of().parseHex(hex)));
    }

    @Test
    void aSyscallThatHasBegunHasNotYet() {
        trap.takeBackBegun(state);

        assertEquals(PROGRAM, state.rip);
        assertEquals(RFLAGS_IF | 3, state.rflags);
        assertEquals(1, trap.caught());
    }

    @Test
    void aJumpToTheKernelIsNoSyscall() {
        state.rflags |= RFLAGS_IF;
        trap.takeBackBegun(state);

        assertEquals(LSTAR, state.rip);
        assertEquals(0, trap.caught());
    }

    @Test
    void norIsOneWithoutTheInstruction() {
        put(PROGRAM, "9090");
        trap.takeBackBegun(state);

        assertEquals(LSTAR, state.rip);
    }

    @Test
    void norOneToPagesThatAreNotThere() {
        state.gpr[RCX] = 0x1002;
        trap.takeBackBegun(state);

        assertEquals(LSTAR, state.rip);
    }

    @Test
    void theKernelThatSyscallHasEnteredStays() {
        state.segments[CS].set(0x10, 0, -1, Segment.P);
        trap.takeBackBegun(state);

        assertEquals(LSTAR, state.rip);
        assertEquals(0, trap.caught());
    }

    /// The fetch has already failed, and the guest stands in front of its handler of page faults.
    @Test
    @Tag("kvm")
    void aSyscallWhosePageFaultHasBegunHasNotYet() throws Exception {
        try (TestVm vm = TestVm.open()) {
            SyscallTrap armed =
                    new SyscallTrap(((KvmVcpu) vm.vcpu).descriptor(), sregs, memory, arena);
            long gate = IDT + 16 * PF - WINDOW;
            long low = HANDLER & 0xffff | 0x8e00L << 32 | (HANDLER & 0xffff_0000L) << 32;
            memory.write(gate, 8, low);
            memory.write(gate + 8, 8, HANDLER >>> 32);
            kvm_dtable.base(kvm_sregs.idt(sregs), IDT);
            armed.follow();
            assertTrue(armed.isAt(HANDLER));
            long[] frame = {BY_USER | FETCH, LSTAR, 0x33, 3 | RFLAGS_RF, 0x7000, 0x2b};
            for (int i = 0; i < frame.length; i++) {
                memory.write(STACK - WINDOW + 8L * i, 8, frame[i]);
            }
            state.rip = HANDLER;
            state.cr2 = LSTAR;
            state.gpr[RSP] = STACK;
            state.segments[CS].set(0x10, 0, -1, Segment.P);
            armed.takeBackBegun(state);

            assertEquals(PROGRAM, state.rip);
            assertEquals(0x7000, state.gpr[RSP]);
            assertEquals(0x33, state.segments[CS].selector);
            assertEquals(3, state.segments[CS].dpl());
            assertEquals(0x2b, state.segments[SS].selector);
            assertEquals(RFLAGS_IF | 3, state.rflags);
            assertEquals(1, armed.caught());
        }
    }
}
