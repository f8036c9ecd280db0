package straddle.launcher;

import java.time.Duration;
import picocli.CommandLine.Option;
import straddle.launcher.report.Figures;

/// How long a guest may run.
final class LimitOptions {
    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description =
                    "Stop the guest after so many seconds, with exit code 124. Default: never.")
    private double timeout;

    /// @return zero for none
    Duration limit() throws CommandFailure {
        if (!(timeout >= 0) || timeout > 1e6) {
            throw CommandFailure.usage(
                    "--timeout takes seconds, from 0 (never) to 1,000,000; it was "
                            + timeout
                            + ".");
        }
        return Duration.ofMillis((long) (timeout * 1000));
    }

    CommandFailure reached() {
        return CommandFailure.guest(
                ExitCodes.TIMED_OUT,
                "The guest was still running after "
                        + Figures.significant(timeout)
                        + " s, and was stopped.");
    }
}
