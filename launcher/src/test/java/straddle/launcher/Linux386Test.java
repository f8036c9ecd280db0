package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.vcpu.Statistics;
import straddle.devices.ByteSink;
import straddle.launcher.console.ExecSession;
import straddle.launcher.console.SerialEnd;
import straddle.launcher.debian.AddedFile;
import straddle.launcher.debian.DebianArchitecture;
import straddle.launcher.debian.TestGuest;
import straddle.launcher.session.Interruption;
import straddle.machines.boot.Boot;
import straddle.machines.pc.Pc;

/// Debian's 32-bit kernel and programs under `hybrid`, which runs their user code under KVM where that has it run on the processor.
@Tag("boot")
@Timeout(300)
class Linux386Test {
    @TempDir private Path directory;

    private record Ending(String out, int code, Statistics figures) {}

    private Ending run(String script, Path... programs) throws Exception {
        GuestPrograms.requireNativeUserCode();
        List<AddedFile> files =
                Arrays.stream(programs)
                        .map(each -> new AddedFile(each, "/" + each.getFileName()))
                        .toList();
        Boot boot =
                NamedGuests.boot(
                        TestGuest.in(directory, DebianArchitecture.I386),
                        files,
                        Optional.of(script),
                        "");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ExecSession.Outcome outcome =
                ExecSession.run(
                        serial -> Pc.create(config(serial), boot, hybrid()),
                        new ExecSession.Output(SerialEnd.to(out::write), SerialEnd.to(err::write)),
                        Duration.ofMinutes(4),
                        List.of(),
                        new Interruption());
        return new Ending(
                out.toString(StandardCharsets.US_ASCII),
                outcome.code().orElseThrow(() -> new AssertionError(err + outcome.kernelsWords())),
                outcome.run().statistics());
    }

    @Test
    void aThirtyTwoBitSystemRunsItsPrograms() throws Exception {
        Ending ending = run("uname -m; echo 1234 | sha1sum; exit 5");

        assertEquals("i686\n1be168ff837f043bde17c0314341c84271047b31  -\n", ending.out);
        assertEquals(5, ending.code);
    }

    @Test
    void itsUserCodeRunsUnderKvmToo() throws Exception {
        System.setProperty("straddle.hybrid.always", "true");
        System.setProperty("straddle.hybrid.all-modes", "true");
        try {
            Path compat = GuestPrograms.compiled32("compat", directory);
            Ending ending = run("/compat 1000; uname -m; echo 1234 | sha1sum; exit 5", compat);

            assertEquals(
                    "compat ok\ni686\n1be168ff837f043bde17c0314341c84271047b31  -\n", ending.out);
            assertEquals(5, ending.code);
            assertTrue(
                    ending.figures.of("hybrid", "slices of 32-bit and 16-bit code") > 500,
                    ending.figures::toString);
        } finally {
            System.clearProperty("straddle.hybrid.always");
            System.clearProperty("straddle.hybrid.all-modes");
        }
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
}
