package straddle.tcg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.Region;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.TranslatedVcpu;

/// Single instructions for another engine, in real mode at 0x1000.
class StepTest {
    private static final int CODE = 0x1000;

    private final Arena arena = Arena.ofShared();
    private final MachineLock lock = new MachineLock();
    private final AddressSpace memory = new AddressSpace(lock);
    private final X86State state = new X86State();
    private Translator translator;
    private TranslatedVcpu vcpu;

    @BeforeEach
    void makeVm() throws Exception {
        memory.mapRam(0, RamBlock.allocate("ram", 1 << 20, RamAllocator.OFF_HEAP, arena));
        translator =
                (Translator)
                        new TcgProvider()
                                .create(
                                        new VmResources(
                                                GuestArchitecture.X86_64,
                                                memory,
                                                new PortBus(lock),
                                                new VirtualClock(System::nanoTime, lock),
                                                1,
                                                false));
        vcpu = translator.createVcpu(0, InterruptSource.NONE);
        state.segments[X86.CS].base = 0;
        state.segments[X86.CS].selector = 0;
        state.rip = CODE;
        state.gpr[X86.RSP] = 0x8000;
    }

    @AfterEach
    void freeVm() {
        vcpu.close();
        translator.close();
        arena.close();
    }

    private void put(int gpa, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        for (int i = 0; i < bytes.length; i++) {
            memory.write(gpa + i, 1, bytes[i]);
        }
    }

    private Exit step() throws Exception {
        vcpu.load(state);
        Exit exit = vcpu.step();
        vcpu.save(state);
        return exit;
    }

    @Test
    void oneStepIsOneInstruction() throws Exception {
        // inc ax; inc bx
        put(CODE, "4043");
        assertNull(step());
        assertEquals(CODE + 1, state.rip);
        assertEquals(1, state.gpr[X86.RAX]);
        assertEquals(0, state.gpr[X86.RBX]);
        assertNull(step());
        assertEquals(1, state.gpr[X86.RBX]);
    }

    @Test
    void codeThatChangedBetweenStepsIsReadAnew() throws Exception {
        put(CODE, "40");
        assertNull(step());
        state.rip = CODE;
        // dec ax, written as a processor does that nobody watches
        ((Region.Ram) memory.at(0)).block().bytes().set(ValueLayout.JAVA_BYTE, CODE, (byte) 0x48);
        assertNull(step());
        assertEquals(0, state.gpr[X86.RAX] & 0xffff);
    }

    @Test
    void aFaultIsDelivered() throws Exception {
        // ud2, whose handler is 0000:2000
        put(CODE, "0f0b");
        put(4 * X86.UD, "00200000");
        assertNull(step());
        assertEquals(0x2000, state.rip);
        assertEquals(CODE, memory.read(0x8000 - 6, 2));
    }

    @Test
    void aStepOverHltSaysThatTheProcessorSleeps() throws Exception {
        put(CODE, "f4");
        assertEquals(Exit.Halt.HALT, step());
        assertEquals(CODE + 1, state.rip);
    }
}
