package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.StopReason;
import straddle.machines.Machine;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;
import straddle.machines.embedded.PhaseObserver;
import straddle.machines.pc.MinimalPc;

/// A running guest moves between engines, and does not notice.
///
/// `-Dstraddle.switches=1000` makes more of them, `-Dstraddle.switches.seed=N` repeats a run's choices.
class LiveSwitchTest {
    private static final int SWITCHES = Integer.getInteger("straddle.switches", 100);
    private static final int HOOK_ROUNDS = 9;
    private static final int HOOK_SPIN = 3;

    @Test
    @Timeout(600)
    void aGuestThatComputesTimesAndPrintsNoticesNothing() throws Exception {
        long seed = Long.getLong("straddle.switches.seed", System.nanoTime());
        List<AcceleratorProvider> engines =
                AcceleratorProvider.installed().stream().filter(LiveSwitchTest::works).toList();
        Rounds rounds = new Rounds();
        try (Machine machine = machine(common(engines.getFirst()), HOOK_ROUNDS, rounds)) {
            machine.start();
            Random random = new Random(seed);
            for (int i = 0; i < SWITCHES; i++) {
                Thread.sleep(random.nextInt(30));
                machine.switchTo(engines.get(random.nextInt(engines.size())));
            }
            rounds.end();
            assertEquals(
                    new StopReason.PoweredOff(0),
                    machine.awaitStop(),
                    () -> "seed " + seed + ": " + rounds.serial());
            Statistics figures = new Statistics();
            machine.loops().getFirst().statistics(figures);
            assertTrue(rounds.phases > 13, () -> "only " + rounds.phases + " phases: " + figures);
            assertEquals(
                    engines.stream().anyMatch(each -> each.name().equals("hybrid")),
                    figures.of("hybrid", "slices on the processor") > 0,
                    figures::toString);
        }
        String all = rounds.serial();
        assertTrue(
                all.contains(rounds.expected()),
                () -> "seed " + seed + ": " + all + " instead of " + rounds.expected());
    }

    @ParameterizedTest
    @CsvSource({"tcg,hybrid,x86-64-v2", "kvm,tcg,the host's own processor"})
    void aGuestWhoseProcessorTheOtherEngineCanNotShowStaysAndGoesOn(
            String from, String to, String because) throws Exception {
        assumeTrue(works(engine(from)) && works(engine(to)), "this host has no KVM");
        Rounds rounds = new Rounds();
        try (Machine machine = machine(engine(from), HOOK_SPIN, rounds)) {
            machine.start();
            AcceleratorProvider other = engine(to);
            AcceleratorException refusal =
                    assertThrows(AcceleratorException.class, () -> machine.switchTo(other));
            assertTrue(refusal.getMessage().contains(because), refusal::getMessage);
            assertTrue(refusal.getMessage().contains("--cpu common"), refusal::getMessage);
            assertEquals(from, machine.accelerator());
        }
    }

    private static Machine machine(AcceleratorProvider engine, int hook, Rounds rounds)
            throws Exception {
        MinimalPc.Config config =
                new MinimalPc.Config(
                        16 << 20,
                        MachineOptions.ram(),
                        rounds::take,
                        System::nanoTime,
                        rounds,
                        hook);
        return MinimalPc.create(config, EmbeddedGuest.builtIn(), engine);
    }

    private static boolean works(AcceleratorProvider engine) {
        return engine.availability(GuestArchitecture.X86_64).isAvailable();
    }

    private static AcceleratorProvider engine(String name) {
        return AcceleratorProvider.installed().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static AcceleratorProvider common(AcceleratorProvider engine) {
        return new CpuOptions.WithCpu(engine, VmResources.COMMON_CPU);
    }

    /// Gives the guest few operations of each phase, again and again, and notes what it must print of them.
    private static final class Rounds implements PhaseObserver {
        private static final int KINDS = 3;

        private final ByteArrayOutputStream serial = new ByteArrayOutputStream();
        private final StringBuilder expected = new StringBuilder();
        private final AtomicBoolean ending = new AtomicBoolean();
        private int phases;

        void end() {
            ending.set(true);
        }

        void take(int value) {
            serial.write(value);
        }

        String serial() {
            return serial.toString(StandardCharsets.US_ASCII);
        }

        String expected() {
            return expected.toString();
        }

        @Override
        public int operations(Phase phase) {
            if (ending.get()) {
                expected.append("%s ... skipped\r\n".formatted(phase.name()));
                return 0;
            }
            int least = phase.ring() == 3 || phase.name().equals("timer") ? 1 : 20;
            int operations = least * (1 + phases++ % KINDS);
            expected.append(
                    "%s ... ok (result 0x%016x, ops %d)\r\n"
                            .formatted(phase.name(), phase.expected(), operations));
            return operations;
        }

        @Override
        public void began(Phase phase) {}

        @Override
        public void ended(Phase phase) {}

        @Override
        public void result(Phase phase, long checksum, boolean passed) {}
    }
}
