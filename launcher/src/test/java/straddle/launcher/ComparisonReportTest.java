package straddle.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.vcpu.ExitCounts;
import straddle.launcher.measure.Comparison;
import straddle.launcher.measure.ModeFailedException;
import straddle.launcher.measure.ModeResult;
import straddle.launcher.measure.ModeRun;
import straddle.launcher.measure.PhaseTime;
import straddle.machines.embedded.Phase;

/// What a person reads, for made-up figures of made-up hosts.
class ComparisonReportTest {
    private static final Phase SIEVE =
            new Phase(1, 3, Phase.Kind.INTEGER, 1500, 1_000_000, 7, "sieve");
    private static final Phase SYSCALL =
            new Phase(10, 0, Phase.Kind.SYSTEM, 5_000_000, 42, 7, "syscall");
    private static final Comparison.Plan PLAN =
            new Comparison.Plan(3, 1e6, ModeResult.Choice.FASTEST);

    @Test
    void whereKvmInterpretsTheKernelBothEnginesHaveTheirPart() {
        String verdict =
                verdict(
                        interpretingHost(),
                        result("native", true, 250_000),
                        result("kvm", true, 255_000, 80_000),
                        result("tcg", true, 5_000_000, 1_000));

        assertTrue(verdict.contains("All results are right."), verdict);
        assertTrue(
                verdict.contains(
                        "kvm runs user code as fast as the processor does (0.98 of native)."),
                verdict);
        assertTrue(
                verdict.contains(
                        "tcg runs user code 20.0 times slower than the processor does, at 200 million instructions a second."),
                verdict);
        assertTrue(verdict.contains("80.0 times faster under tcg than under kvm"), verdict);
        assertTrue(verdict.contains("what hybrid mode is for"), verdict);
    }

    @Test
    void whereKvmIsNativeThroughoutItIsBestAtAll() {
        String verdict =
                verdict(
                        Optional.empty(),
                        result("native", true, 250_000),
                        result("kvm", true, 250_000, 100),
                        result("tcg", true, 5_000_000, 1_000));

        assertTrue(verdict.contains("fastest under kvm"), verdict);
        assertFalse(verdict.contains("hybrid"), verdict);
    }

    @Test
    void wrongResultsComeFirst() {
        ComparisonReport report = report(Optional.empty(), result("kvm", false, 1000, 1000));

        assertEquals(ExitCodes.WRONG_RESULT, report.exitCode());
        assertTrue(report.verdict().getFirst().contains("WRONG"));
    }

    @Test
    void aHostThatRefusesIsTheExitCode() {
        ModeResult failed = new ModeResult("kvm", ModeResult.Choice.FASTEST);
        failed.fail(new ModeFailedException("KVM is gone.", true, ""));

        assertEquals(
                ExitCodes.HOST,
                report(Optional.empty(), failed, result("tcg", true, 1000, 1000)).exitCode());
    }

    @Test
    void whereNothingGotThroughItSaysSo() {
        assertEquals(
                List.of("No mode got the guest through: nothing to compare."),
                report(Optional.empty()).verdict());
    }

    private static String verdict(Optional<HostVerdict> host, ModeResult... results) {
        return String.join("\n", report(host, results).verdict());
    }

    private static ComparisonReport report(Optional<HostVerdict> host, ModeResult... results) {
        return new ComparisonReport(
                new Comparison(List.of(SIEVE, SYSCALL), List.of(results)), host, PLAN);
    }

    /// @param nanos for one operation of the sieve and, if it ran, of the system call
    private static ModeResult result(String mode, boolean right, long... nanos) {
        List<PhaseTime> times = new ArrayList<>();
        times.add(new PhaseTime(SIEVE, 1, nanos[0], right));
        for (int i = 1; i < nanos.length; i++) {
            times.add(new PhaseTime(SYSCALL, 1, nanos[i], right));
        }
        ModeResult result = new ModeResult(mode, ModeResult.Choice.FASTEST);
        result.add(new ModeRun(times, Map.of(ExitCounts.Kind.HALT, 1L)));
        return result;
    }

    private static Optional<HostVerdict> interpretingHost() {
        Map<GuestMode, Double> speeds = new EnumMap<>(GuestMode.class);
        speeds.put(GuestMode.LONG_KERNEL, 4.0);
        speeds.put(GuestMode.LONG_USER, 6000.0);
        return Optional.of(new HostVerdict("made up", speeds, 66, 31, 12, List.of()));
    }
}
