package straddle.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;

/// A guest like the embedded one under QEMU's translator, on a board without firmware.
///
/// The guest finds nobody at its phase port and takes the number of operations from its own table, where they are
/// put before. A phase begins when its name has come on the serial port and ends when the next character comes;
/// its time is QEMU's CPU time in between.
final class QemuRun {
    static final String COMMAND = "qemu-system-x86_64";

    private static final int PHASES_OFFSET = 40;
    private static final int PHASE_BYTES = 64;
    private static final int OPS_OFFSET = 12;
    private static final int ROM_BYTES = 0x1_0000;
    private static final int RESET_VECTOR = 0xfff0;
    private static final int LIMIT_SECONDS = 300;

    /// CPU time in nanoseconds of all operations of a phase, by its id.
    final Map<Integer, Long> nanos = new TreeMap<>();

    private final StringBuilder serial = new StringBuilder();
    private final Map<String, Phase> byName = new TreeMap<>();
    private final ProcessClock clock;

    private QemuRun(List<Phase> phases, long pid) {
        clock = new ProcessClock(pid);
        phases.forEach(phase -> byName.put(phase.name(), phase));
    }

    /// What the guest sent to its serial port.
    String serial() {
        return serial.toString();
    }

    /// QEMU's version, or null where there is none.
    static String version() throws InterruptedException {
        try {
            Process process = new ProcessBuilder(COMMAND, "--version").start();
            try (InputStream out = process.getInputStream()) {
                String said = new String(out.readAllBytes(), StandardCharsets.US_ASCII);
                String line = said.lines().findFirst().orElse("");
                return process.waitFor() == 0 ? line : null;
            }
        } catch (IOException e) {
            return null;
        }
    }

    static QemuRun run(EmbeddedGuest guest, ToIntFunction<Phase> operations, Path directory)
            throws IOException, InterruptedException {
        Path image = directory.resolve("guest.img");
        Path rom = directory.resolve("rom.bin");
        Files.write(image, withOperations(guest, operations));
        Files.write(rom, jumpTo(guest));
        Process process =
                new ProcessBuilder(command(guest, image, rom))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        QemuRun run = new QemuRun(guest.phases(), process.pid());
        try (InputStream out = new BufferedInputStream(process.getInputStream())) {
            Thread.ofPlatform().daemon().start(() -> endAfterLimit(process));
            for (int c = out.read(); c >= 0; c = out.read()) {
                run.received((char) c);
            }
            // isa-debug-exit: twice the guest's code, plus 1.
            if (process.waitFor() != 1) {
                throw new IOException("QEMU or its guest failed: " + run.serial);
            }
        } finally {
            process.destroyForcibly();
        }
        return run;
    }

    private static void endAfterLimit(Process process) {
        try {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }

    private static List<String> command(EmbeddedGuest guest, Path image, Path rom) {
        return List.of(
                COMMAND,
                "-accel",
                "tcg",
                "-cpu",
                "qemu64,-apic",
                "-m",
                "64",
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-bios",
                rom.toString(),
                "-device",
                "loader,file=%s,addr=0x%x,force-raw=on".formatted(image, guest.loadGpa()),
                "-serial",
                "stdio",
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=4");
    }

    private static byte[] withOperations(EmbeddedGuest guest, ToIntFunction<Phase> operations) {
        ByteBuffer image = ByteBuffer.wrap(guest.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int at = image.getInt(PHASES_OFFSET) + OPS_OFFSET;
        for (Phase phase : guest.phases()) {
            image.putInt(at, operations.applyAsInt(phase));
            at += PHASE_BYTES;
        }
        return image.array();
    }

    /// A ROM whose reset vector is a far jump to the guest.
    private static byte[] jumpTo(EmbeddedGuest guest) {
        ByteBuffer rom = ByteBuffer.allocate(ROM_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        rom.put(RESET_VECTOR, (byte) 0xea);
        rom.putShort(RESET_VECTOR + 1, (short) 0);
        rom.putShort(RESET_VECTOR + 3, (short) (guest.loadGpa() >>> 4));
        return rom.array();
    }

    private void received(char c) throws IOException {
        Phase ending = byName.get(currentLine());
        if (ending != null) {
            nanos.merge(ending.id(), clock.nanos(), Long::sum);
        }
        serial.append(c);
        Phase beginning = byName.get(currentLine());
        if (beginning != null) {
            nanos.put(beginning.id(), -clock.nanos());
        }
    }

    private String currentLine() {
        return serial.substring(serial.lastIndexOf("\n") + 1);
    }
}
