package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import straddle.core.accel.AcceleratorProvider;
import straddle.devices.ByteSink;
import straddle.launcher.console.ExecSession;
import straddle.launcher.console.SerialEnd;
import straddle.launcher.debian.DebianArchitecture;
import straddle.launcher.debian.TestGuest;
import straddle.launcher.session.Interruption;
import straddle.machines.boot.Boot;
import straddle.machines.pc.Pc;

/// Debian's 32-bit kernel and programs under `hybrid`, which translates all of their code.
@Tag("boot")
@Timeout(300)
class Linux386Test {
    @TempDir private Path directory;

    @Test
    void aThirtyTwoBitSystemRunsItsPrograms() throws Exception {
        GuestPrograms.requireNativeUserCode();
        Boot boot =
                NamedGuests.boot(
                        TestGuest.in(directory, DebianArchitecture.I386),
                        List.of(),
                        Optional.of("uname -m; echo 1234 | sha1sum; exit 5"),
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

        String seen = out.toString(StandardCharsets.US_ASCII);
        assertEquals(
                "i686\n1be168ff837f043bde17c0314341c84271047b31  -\n",
                seen,
                () -> err + outcome.kernelsWords());
        assertEquals(5, outcome.code().orElse(-1));
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
