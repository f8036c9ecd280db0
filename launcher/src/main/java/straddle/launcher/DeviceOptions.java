package straddle.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import picocli.CommandLine.Option;
import straddle.devices.virtio.NetworkBackend;
import straddle.machines.pc.Pc;

/// What a PC gets beyond disks.
final class DeviceOptions {
    /// Locally administered (IEEE 802, 8.4).
    private static final byte[] CARD_ADDRESS = {2, 0, 0, 0, 0, 1};

    private static final Path URANDOM = Path.of("/dev/urandom");

    /// What a network card is plugged into.
    enum Net {
        NONE,
        LOOPBACK
    }

    @Option(
            names = "--net",
            paramLabel = "none|loopback",
            description =
                    "A virtio network card whose frames all come back, or no card. Default: none.")
    private Net net = Net.NONE;

    @Option(
            names = "--rng",
            description = "A virtio source of randomness, from the host's /dev/urandom.")
    private boolean rng;

    /// @throws CommandFailure if there are devices, for a guest that takes none
    void requireNone() throws CommandFailure {
        if (net != Net.NONE || rng) {
            throw CommandFailure.usage(
                    (rng ? "--rng" : "--net")
                            + " needs a guest that runs on a whole PC: run debian, or add --kernel FILE.");
        }
    }

    void attachTo(Pc machine) {
        if (net == Net.LOOPBACK) {
            machine.virtio().addNetwork(NetworkBackend.LOOPBACK, CARD_ADDRESS);
        }
        if (rng) {
            machine.virtio().addRng(DeviceOptions::fill);
        }
    }

    /// Java's own source reads the same file, after a start-up of its own.
    private static void fill(byte[] bytes) {
        try (InputStream in = Files.newInputStream(URANDOM)) {
            in.readNBytes(bytes, 0, bytes.length);
        } catch (IOException _) {
            new SecureRandom().nextBytes(bytes);
        }
    }
}
