package straddle.launcher;

import picocli.CommandLine.Option;
import straddle.machines.pc.Pc;

/// The board that a kernel gets.
final class PcOptions {
    @Option(
            names = "--smp",
            paramLabel = "N",
            description = "The PC's processors, 1 to " + Pc.MAX_VCPUS + ". Default: 1.")
    private Integer vcpus;

    @Option(
            names = "--no-reboot",
            description = "A reset ends the guest, with exit code 0, instead of starting it again.")
    private boolean noReboot;

    int vcpus() throws CommandFailure {
        if (vcpus == null) {
            return 1;
        }
        if (vcpus < 1 || vcpus > Pc.MAX_VCPUS) {
            throw CommandFailure.usage(
                    "--smp takes 1 to " + Pc.MAX_VCPUS + " processors; it was " + vcpus + ".");
        }
        return vcpus;
    }

    boolean reboots() {
        return !noReboot;
    }

    /// @throws CommandFailure if a PC's options came without what makes it a PC
    void requireNone() throws CommandFailure {
        if (vcpus != null || noReboot) {
            throw CommandFailure.usage(
                    (vcpus != null ? "--smp" : "--no-reboot")
                            + " needs a guest that runs on a whole PC: add --kernel FILE.");
        }
    }
}
