package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.vcpu.RunControl;
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

/// Debian moves between `hybrid` and `tcg` while its programs compute, measure time and take signals.
///
/// `-Dstraddle.switches.linux=100` makes more of them, `-Dstraddle.switches.vcpus=1` takes one processor,
/// `-Dstraddle.switches.seed=N` repeats a run's choices.
@Tag("boot")
@Timeout(300)
class LinuxSwitchTest {
    private static final int SWITCHES = Integer.getInteger("straddle.switches.linux", 15);
    private static final int VCPUS = Integer.getInteger("straddle.switches.vcpus", 2);
    private static final String COMMAND =
            "echo begins; "
                    + "(for i in $(seq 8); do sha256sum /bin/busybox; done | sort -u | wc -l) & "
                    + "/checks signals_and_fpu fpu_between_processes counters made_code protection;"
                    + " code=$?; wait; echo $code";

    @TempDir private static Path directory;
    private static DebianGuest guest;
    private static Path checks;

    @BeforeAll
    static void prepare() throws Exception {
        GuestPrograms.requireNativeUserCode();
        checks = GuestPrograms.compiled("checks", directory);
        guest = TestGuest.in(directory);
    }

    @Test
    void programsNoticeNoSwitch() throws Exception {
        long seed = Long.getLong("straddle.switches.seed", System.nanoTime());
        Boot boot =
                NamedGuests.boot(
                        guest,
                        List.of(AddedFile.parse(checks + ":/checks")),
                        Optional.of(COMMAND),
                        "");
        Output out = new Output();
        Output err = new Output();
        Mover mover = new Mover(out, new Random(seed));
        ExecSession.Outcome outcome;
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<Integer> moves = thread.submit(mover::move);
            outcome =
                    ExecSession.run(
                            serial -> Pc.create(config(serial), boot, engine("hybrid")),
                            new ExecSession.Output(SerialEnd.to(out), SerialEnd.to(err)),
                            Duration.ofMinutes(4),
                            List.of(mover),
                            new Interruption());
            mover.ended.countDown();
            int done = moves.get();
            assertTrue(done > 5, () -> done + " switches, " + out);
        }
        String seen = "seed " + seed + ":\n" + out + err + outcome.kernelsWords();
        assertEquals(0, outcome.code().orElse(-1), seen);
        assertFalse(out.toString().contains("FAILED"), seen);
        List<String> lines = out.toString().lines().toList();
        assertEquals("0", lines.getLast(), seen);
        assertTrue(lines.contains("1"), seen);
        assertEquals("", err.toString(), seen);
    }

    private static Pc.Config config(List<ByteSink> serial) {
        return new Pc.Config(
                256 << 20,
                MachineOptions.ram(),
                VCPUS,
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

    /// Moves the guest to and fro from its command's first word on.
    private static final class Mover implements Session.Attendant {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Output out;
        private final Random random;
        private volatile Machine machine;

        Mover(Output out, Random random) {
            this.out = out;
            this.random = random;
        }

        @Override
        public void begins(Machine begun) {
            machine = begun;
        }

        int move() throws InterruptedException, AcceleratorException {
            while (out.isEmpty() && ended.getCount() != 0) {
                Thread.sleep(10);
            }
            int done = 0;
            while (done < SWITCHES && ended.getCount() != 0) {
                Thread.sleep(50 + random.nextInt(250));
                boolean isNative = machine.accelerator().equals("hybrid");
                try {
                    machine.switchTo(engine(isNative ? "tcg" : "hybrid"));
                    done++;
                } catch (AcceleratorException e) {
                    if (machine.control().state() != RunControl.State.STOPPED) {
                        throw e;
                    }
                    return done;
                }
            }
            return done;
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
