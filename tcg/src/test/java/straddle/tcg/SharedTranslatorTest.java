package straddle.tcg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.Observation;
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
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.UserCodeTaker;

/// An engine goes on with the translator of the one that it follows. The guest is in real mode at 0x1000.
@Timeout(60)
class SharedTranslatorTest {
    private static final int CODE = 0x1000;

    private final Arena arena = Arena.ofShared();
    private final MachineLock lock = new MachineLock();
    private final AddressSpace memory = new AddressSpace(lock);
    private final X86State state = new X86State();
    private final List<Long> found = new ArrayList<>();
    private VmResources resources;
    private Translator first;
    private Translator second;
    private TranslatedVcpu former;
    private TranslatedVcpu next;

    @BeforeEach
    void makeThem() throws Exception {
        memory.mapRam(0, RamBlock.allocate("ram", 1 << 20, RamAllocator.OFF_HEAP, arena));
        resources =
                new VmResources(
                        GuestArchitecture.X86_64,
                        memory,
                        new PortBus(lock),
                        new VirtualClock(System::nanoTime, lock),
                        1,
                        false);
        first = create(resources);
        former = first.createVcpu(0, InterruptSource.NONE);
        second = create(resources.following(first.translator()));
        next = second.createVcpu(0, InterruptSource.NONE);
        state.segments[X86.CS].base = 0;
        state.segments[X86.CS].selector = 0;
        // inc ax; hlt
        put(CODE, "40f4");
        put(2 * CODE, "4040f4");
    }

    private static Translator create(VmResources with) throws AcceleratorException {
        return (Translator) new TcgProvider().create(with);
    }

    @AfterEach
    void freeThem() {
        next.close();
        second.close();
        arena.close();
    }

    private void put(int gpa, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        for (int i = 0; i < bytes.length; i++) {
            memory.write(gpa + i, 1, bytes[i]);
        }
    }

    private void run(TranslatedVcpu vcpu, long at) throws Exception {
        state.rip = at;
        state.halted = false;
        vcpu.load(state);
        assertEquals(Exit.Halt.MASKED, vcpu.run());
        vcpu.save(state);
    }

    private void leaveFormer() {
        former.close();
        first.close();
    }

    private static long translated(TranslatedVcpu vcpu) {
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        return statistics.of("translation", "blocks translated");
    }

    @Test
    void whatWasTranslatedStays() throws Exception {
        run(former, CODE);
        run(next, CODE);
        leaveFormer();
        run(next, CODE);

        assertEquals(3, state.gpr[X86.RAX]);
        assertEquals(0, translated(next));
    }

    @Test
    void codeThatChangedMeanwhileDoesNot() throws Exception {
        run(former, CODE);
        run(next, CODE);
        leaveFormer();
        // inc cx; hlt
        put(CODE, "41f4");
        run(next, CODE);

        assertEquals(2, state.gpr[X86.RAX]);
        assertEquals(1, state.gpr[X86.RCX]);
    }

    /// While the guest was with an engine that notices no stores.
    @Test
    void whatIsKeptIsWhatHasNotChanged() throws Exception {
        run(former, CODE);
        run(former, 2 * CODE);
        Translator.Kept kept = first.keep().orElseThrow();
        kept.rest();
        leaveFormer();
        next.close();
        second.close();
        Region.Ram ram = (Region.Ram) memory.at(CODE);
        // inc cx
        ram.block().bytes().set(ValueLayout.JAVA_BYTE, CODE, (byte) 0x41);
        kept.wake();
        second = create(resources.following(Optional.of(kept.translator())));
        next = second.createVcpu(0, InterruptSource.NONE);
        kept.close();
        run(next, CODE);
        run(next, 2 * CODE);

        assertEquals(5, state.gpr[X86.RAX]);
        assertEquals(1, state.gpr[X86.RCX]);
        assertEquals(1, translated(next));
    }

    @Test
    void eachTellsOfWhatItDid() throws Exception {
        run(former, CODE);
        run(former, 2 * CODE);
        long before = former.retiredInstructions();
        long blocks = translated(former);
        run(next, 2 * CODE);

        assertEquals(5, before);
        assertEquals(before, former.retiredInstructions());
        assertEquals(blocks, translated(former));
        assertEquals(3, next.retiredInstructions());
        run(former, 2 * CODE);
        assertEquals(before + 3, former.retiredInstructions());
        assertEquals(blocks, translated(former));
        leaveFormer();
    }

    @Test
    void userCodeIsOfferedToTheOneThatRuns() throws Exception {
        next.offerUserCode(new Finder());
        run(former, CODE);
        assertEquals(List.of(), found);
        run(next, 2 * CODE);
        assertEquals(List.of(2L * CODE), found);
        run(former, CODE);
        put(3 * CODE, "f4");
        run(former, 3 * CODE);
        assertEquals(List.of(2L * CODE), found);
        leaveFormer();
    }

    @Test
    void anotherProcessorOrObservationIsNotShared() {
        assertTrue(first.share(resources, Observation.NONE).isPresent());
        assertEquals(Optional.empty(), first.share(resources.withCpu("max"), Observation.NONE));
        assertEquals(
                Optional.empty(), first.share(resources, new Observation(true, null, null, 0)));
        leaveFormer();
    }

    private final class Finder implements UserCodeTaker {
        @Override
        public boolean wants(long cr3) {
            return false;
        }

        @Override
        public boolean wantsUndefined(long pc) {
            return false;
        }

        @Override
        public void translated(long addressSpace, long instructions, boolean goesOn) {}

        @Override
        public void codeFound(long gpa) {
            found.add(gpa);
        }

        @Override
        public void keepOut() {}

        @Override
        public void letIn() {}
    }
}
