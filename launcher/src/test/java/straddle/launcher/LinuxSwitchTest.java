package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.VmResources;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.Statistics;
import straddle.devices.ByteSink;
import straddle.launcher.console.ExecSession;
import straddle.launcher.console.SerialEnd;
import straddle.launcher.debian.AddedFile;
import straddle.launcher.debian.DebianGuest;
import straddle.launcher.debian.TestGuest;
import straddle.launcher.session.Interruption;
import straddle.launcher.session.Session;
import straddle.machines.Machine;
import straddle.machines.boot.Boot;
import straddle.machines.pc.Pc;

/// Debian moves between engines while its programs compute, measure time, take signals and print.
///
/// `-Dstraddle.switches.linux=1000` makes more of them, `-Dstraddle.switches.vcpus=2` takes so many processors,
/// `-Dstraddle.switches.engines=tcg,hybrid,kvm` more engines, `-Dstraddle.switches.seed=N` repeats a run's choices, and
/// `-Dstraddle.switches.report=FILE` has all pauses written there.
@Tag("boot")
@Timeout(600)
class LinuxSwitchTest {
    private static final int SWITCHES = Integer.getInteger("straddle.switches.linux", 15);
    private static final Integer VCPUS = Integer.getInteger("straddle.switches.vcpus");
    private static final List<String> ENGINES =
            List.of(System.getProperty("straddle.switches.engines", "tcg,hybrid").split(","));

    /// What a Linux guest may see of its processor that is to go to `kvm` too.
    private static final String CPU =
            VmResources.COMMON_CPU + (ENGINES.contains("kvm") ? ",-x2apic,-pcid" : "");

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String CHECKS =
            "echo begins; "
                    + "(for i in $(seq 8); do sha256sum /bin/busybox; done | sort -u | wc -l) & "
                    + "/checks "
                    + (ENGINES.contains("kvm") ? "" : "processor_model ")
                    + "signals_and_fpu fpu_between_processes avx_between_processes counters made_code protection"
                    + " threads replaced_pages atomics;"
                    + " code=$?; wait; echo $code";

    @TempDir private static Path directory;
    private static DebianGuest guest;

    private final Output out = new Output();
    private final Output err = new Output();
    private final long seed = Long.getLong("straddle.switches.seed", System.nanoTime());

    @BeforeAll
    static void prepare() throws Exception {
        GuestPrograms.requireNativeUserCode();
        guest = TestGuest.in(directory);
    }

    @Test
    void programsNoticeNoSwitch() throws Exception {
        Mover mover = new Mover(50, 250, () -> {});
        Path checks = GuestPrograms.compiled("checks", directory);
        ExecSession.Outcome outcome = run(checks, CHECKS, 2, mover, new Interruption());

        String seen = seen(outcome);
        assertTrue(mover.pauses.size() > 5, () -> mover.pauses.size() + " switches, " + seen);
        assertEquals(0, outcome.code().orElse(-1), seen);
        assertFalse(out.toString().contains("FAILED"), seen);
        List<String> lines = out.toString().lines().toList();
        assertEquals("0", lines.getLast(), seen);
        assertTrue(lines.contains("1"), seen);
        assertEquals("", err.toString(), seen);
    }

    /// Their code runs under KVM, too, which interprets it where the processor can't.
    @Test
    void programsOf32BitsNoticeNoSwitch() throws Exception {
        Mover mover = new Mover(20, 100, () -> {});
        System.setProperty("straddle.hybrid.all-modes", "true");
        try {
            ExecSession.Outcome outcome =
                    run(
                            GuestPrograms.compiled32("compat", directory),
                            "echo begins; (for i in 1 2 3 4 5 6; do /compat 20000; done) &"
                                    + " for i in 1 2 3 4 5 6; do /compat 20000; done; wait",
                            2,
                            mover,
                            new Interruption());

            String seen = seen(outcome);
            assertTrue(mover.pauses.size() > 5, () -> mover.pauses.size() + " switches, " + seen);
            assertEquals("begins\n" + "compat ok\n".repeat(12), out.toString(), seen);
            assertEquals("", err.toString(), seen);
            Statistics figures = outcome.run().statistics();
            assertTrue(figures.of("hybrid", "slices of 32-bit and 16-bit code") > 10, seen);
        } finally {
            System.clearProperty("straddle.hybrid.all-modes");
        }
    }

    /// Each computes, maps and unmaps memory, looks at the clocks and prints, until it has been moved often enough.
    @Test
    void aWorkerOnEachProcessorNoticesNoSwitch() throws Exception {
        int workers = VCPUS == null ? 4 : VCPUS;
        Interruption end = new Interruption();
        Mover mover = new Mover(0, 60, () -> stopOnceAllHaveSpoken(workers, end));
        Path steady = GuestPrograms.compiled("steady", directory);
        ExecSession.Outcome outcome = run(steady, "/steady " + workers, workers, mover, end);

        assertEquals(SWITCHES, mover.pauses.size(), () -> seen(outcome));
        List<String> lines = wholeLines();
        assertEquals(List.of(), SteadyWorkers.wrong(lines), () -> seen(outcome));
        assertEquals(workers, SteadyWorkers.spoken(lines), () -> seen(outcome));
        assertEquals("", err.toString(), () -> seen(outcome));
    }

    private void stopOnceAllHaveSpoken(int workers, Interruption end) {
        long start = System.nanoTime();
        while (SteadyWorkers.spoken(wholeLines()) < workers
                && System.nanoTime() - start < PATIENCE.toNanos()) {
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
        end.stopRunning();
    }

    private List<String> wholeLines() {
        String all = out.toString();
        return all.substring(0, all.lastIndexOf('\n') + 1).lines().toList();
    }

    private ExecSession.Outcome run(
            Path program, String command, int usualVcpus, Mover mover, Interruption interruption)
            throws Exception {
        Boot boot =
                NamedGuests.boot(
                        guest,
                        List.of(new AddedFile(program, "/" + program.getFileName())),
                        Optional.of(command),
                        "");
        int vcpus = VCPUS == null ? usualVcpus : VCPUS;
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<?> moves = thread.submit(mover::move);
            ExecSession.Outcome outcome =
                    ExecSession.run(
                            serial -> Pc.create(config(serial, vcpus), boot, first()),
                            new ExecSession.Output(SerialEnd.to(out), SerialEnd.to(err)),
                            Duration.ofMinutes(9),
                            List.of(mover),
                            interruption);
            mover.ended.countDown();
            moves.get();
            return outcome;
        } finally {
            mover.ended.countDown();
            mover.report();
        }
    }

    private String seen(ExecSession.Outcome outcome) {
        return "seed "
                + seed
                + ":\n"
                + out
                + err
                + outcome.kernelsWords()
                + outcome.code()
                + outcome.run();
    }

    private static Pc.Config config(List<ByteSink> serial, int vcpus) {
        return new Pc.Config(
                256 << 20,
                MachineOptions.ram(),
                vcpus,
                serial,
                ByteSink.NOWHERE,
                System::nanoTime,
                System.currentTimeMillis() / 1000);
    }

    private static AcceleratorProvider engine(String name) {
        return AcceleratorProvider.installed().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static AcceleratorProvider first() {
        return new CpuOptions.WithCpu(engine("hybrid"), CPU);
    }

    /// Moves the guest about from its command's first word on.
    private final class Mover implements Session.Attendant {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Random random = new Random(seed);
        private final List<String> pauses = new ArrayList<>();
        private final int leastMillis;
        private final int mostMillis;
        private final Runnable whenDone;
        private long longest;
        private volatile Machine machine;

        Mover(int leastMillis, int mostMillis, Runnable whenDone) {
            this.leastMillis = leastMillis;
            this.mostMillis = mostMillis;
            this.whenDone = whenDone;
        }

        @Override
        public void begins(Machine begun) {
            machine = begun;
        }

        Void move() throws InterruptedException, AcceleratorException {
            try {
                return moveAbout();
            } finally {
                whenDone.run();
            }
        }

        private Void moveAbout() throws InterruptedException, AcceleratorException {
            while (out.isEmpty() && ended.getCount() != 0) {
                Thread.sleep(10);
            }
            while (pauses.size() < SWITCHES && ended.getCount() != 0) {
                Thread.sleep(leastMillis + random.nextInt(mostMillis));
                String from = machine.accelerator();
                List<String> others = ENGINES.stream().filter(each -> !each.equals(from)).toList();
                String to = others.get(random.nextInt(others.size()));
                try {
                    Duration pause = machine.switchTo(engine(to));
                    longest = Math.max(longest, pause.toNanos());
                    pauses.add(
                            "%s %s %d us %s"
                                    .formatted(
                                            from,
                                            to,
                                            pause.toNanos() / 1000,
                                            machine.control().latecomers()));
                } catch (AcceleratorException e) {
                    if (machine.control().state() != RunControl.State.STOPPED) {
                        throw e;
                    }
                    return null;
                }
            }
            return null;
        }

        void report() throws IOException {
            String file = System.getProperty("straddle.switches.report");
            if (file != null) {
                long lines = out.toString().lines().count();
                Files.writeString(
                        Path.of(file),
                        "%d switches, the longest pause %d us; the guest printed %d lines%n%s%n"
                                .formatted(
                                        pauses.size(),
                                        longest / 1000,
                                        lines,
                                        String.join("\n", pauses)));
            }
        }
    }

    /// What the guest says.
    private static final class Output implements ByteSink {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public synchronized void write(int b) {
            bytes.write(b);
        }

        synchronized boolean isEmpty() {
            return bytes.size() == 0;
        }

        @Override
        public synchronized String toString() {
            return bytes.toString(StandardCharsets.US_ASCII);
        }
    }
}
