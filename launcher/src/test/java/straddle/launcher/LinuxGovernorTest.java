package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.vcpu.Statistics;
import straddle.devices.ByteSink;
import straddle.launcher.console.ExecSession;
import straddle.launcher.console.SerialEnd;
import straddle.launcher.debian.DebianGuest;
import straddle.launcher.debian.TestGuest;
import straddle.launcher.session.Interruption;
import straddle.launcher.session.Session;
import straddle.machines.Machine;
import straddle.machines.boot.Boot;
import straddle.machines.pc.Pc;

/// What `hybrid`'s governor makes of programs in one run of Debian: a shell that forks, then a program that computes, then the
/// shell again.
@Tag("boot")
@Timeout(300)
class LinuxGovernorTest {
    private static final int FORKS = 200;
    private static final String FORKING =
            "i=0; while [ $i -lt " + FORKS + " ]; do (:); i=$((i+1)); done; ";
    private static final String COMPUTING =
            "awk 'BEGIN { for (i = 0; i < 3000000; i++) s += i % 7; print s }'; ";
    private static final String REST = "echo rests; sleep 1; ";
    private static final String COMMAND = REST + FORKING + REST + COMPUTING + REST + FORKING + REST;

    @TempDir private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<Statistics> figures = new ArrayList<>();
    private String described = "";
    private volatile Machine machine;

    @Test
    void aShellThatForksStaysTranslatedAndAProgramThatComputesDoesNot() throws Exception {
        GuestPrograms.requireNativeUserCode();
        ExecSession.Outcome outcome = run();

        String seen = out + described + figures + outcome.kernelsWords();
        assertEquals(0, outcome.code().orElse(-1), seen);
        assertEquals(4, figures.size(), seen);
        Statistics forked = figures.get(1).minus(figures.get(0));
        Statistics computed = figures.get(2).minus(figures.get(1));
        Statistics forkedAgain = figures.get(3).minus(figures.get(2));
        assertTrue(slices(forked) < FORKS / 10, seen);
        assertTrue(slices(forkedAgain) < FORKS / 10, seen);
        assertTrue(computed.of("hybrid", "address spaces sent there") >= 1, seen);
        assertTrue(nativeNanos(computed) > TimeUnit.MILLISECONDS.toNanos(20), seen);
        assertTrue(described.contains("  native  "), seen);
        assertTrue(described.contains("  translated  "), seen);
    }

    private static long slices(Statistics of) {
        return of.of("hybrid", "slices on the processor");
    }

    private static long nativeNanos(Statistics of) {
        return of.tiers().stream()
                .filter(each -> each.name().equals("on the processor"))
                .mapToLong(Statistics.Tier::nanos)
                .sum();
    }

    private ExecSession.Outcome run() throws Exception {
        DebianGuest guest = TestGuest.in(directory);
        Boot boot = NamedGuests.boot(guest, List.of(), Optional.of(COMMAND), "");
        Thread reader = Thread.ofPlatform().name("reader").start(this::readFigures);
        try {
            return ExecSession.run(
                    serial -> Pc.create(config(serial), boot, hybrid()),
                    new ExecSession.Output(
                            SerialEnd.to(this::take), SerialEnd.to(ByteSink.NOWHERE)),
                    Duration.ofMinutes(4),
                    List.of(new Observer()),
                    new Interruption());
        } finally {
            reader.interrupt();
            reader.join();
        }
    }

    private synchronized void take(int value) {
        out.write(value);
        if (value == '\n') {
            List<String> all = out.toString(StandardCharsets.US_ASCII).lines().toList();
            lines.add(all.getLast());
        }
    }

    /// Whenever the guest rests.
    private void readFigures() {
        try {
            while (true) {
                if (lines.take().equals("rests")) {
                    machine.control().hold(this::look).ifPresent(figures::add);
                }
            }
        } catch (InterruptedException _) {
            // the guest has ended
        }
    }

    private Statistics look() {
        Statistics now = new Statistics();
        machine.loops().forEach(loop -> loop.statistics(now));
        described = machine.loops().getFirst().vcpu().describe("hybrid");
        return now;
    }

    private static Pc.Config config(List<ByteSink> serial) {
        return new Pc.Config(
                256 << 20,
                MachineOptions.ram(),
                1,
                serial,
                ByteSink.NOWHERE,
                System::nanoTime,
                System.currentTimeMillis() / 1000);
    }

    private static AcceleratorProvider hybrid() {
        return AcceleratorProvider.installed().stream()
                .filter(each -> each.name().equals("hybrid"))
                .findFirst()
                .orElseThrow();
    }

    private final class Observer implements Session.Attendant {
        @Override
        public void begins(Machine begun) {
            machine = begun;
        }
    }
}
