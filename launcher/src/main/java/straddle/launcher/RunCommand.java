package straddle.launcher;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.StopReason;
import straddle.launcher.measure.GuestRun;
import straddle.launcher.measure.Interruption;
import straddle.launcher.measure.Pace;
import straddle.launcher.measure.PhaseRecorder;
import straddle.launcher.measure.SerialOutput;
import straddle.launcher.report.Figures;
import straddle.machines.embedded.EmbeddedGuest;

/// `straddle run`: one guest, its serial line on standard output.
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        header = "Runs a guest, its serial line on standard output.",
        descriptionHeading = "%n",
        description = {
            "Ends when the guest does, with the guest's exit code, or with Ctrl-C. Without --guest it is the",
            "built-in guest, which boots to 64-bit mode, runs short workloads and checks their results."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle run                      the built-in guest, in the mode that suits this host",
            "  straddle run --accel tcg --stats  translated, with what it exited for",
            "  straddle run --guest my.img -m 1G --timeout 10"
        })
final class RunCommand implements Callable<Integer> {
    private static final double NANOS_PER_PHASE = 200e6;
    private static final long PHASES_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Surroundings surroundings;

    @Mixin private MachineOptions machine;

    @Option(
            names = "--accel",
            paramLabel = "NAME",
            defaultValue = Engines.AUTO,
            description =
                    "What runs the guest: auto, kvm, hybrid or tcg. 'straddle accel' shows what works here. Default: auto.")
    private String accel;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description =
                    "Stop the guest after so many seconds, with exit code 124. Default: never.")
    private double timeout;

    @Mixin private StatsOptions stats;

    @Option(names = "--hook", hidden = true, defaultValue = "0")
    private int hook;

    RunCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailure {
        EmbeddedGuest guest = machine.guest();
        long ramBytes = machine.ramBytes(guest);
        Duration limit = limit();
        AcceleratorProvider engine =
                new Engines(surroundings.engines().get(), surroundings.host()).named(accel);
        Interruption interruption = surroundings.interruption();
        SerialOutput serial = new SerialOutput(surroundings.out(), interruption::stopRunning);
        GuestRun run;
        try (serial) {
            run =
                    GuestRun.of(
                            guest,
                            stats.observed(engine),
                            new GuestRun.Setting(
                                    ramBytes, MachineOptions.ram(), serial, limit, hook),
                            new PhaseRecorder(
                                    new Pace(), NANOS_PER_PHASE, PHASES_LIMIT_NANOS, _ -> {}),
                            interruption);
        } catch (RamUnavailableException | AcceleratorException e) {
            throw CommandFailure.host(e.getMessage(), e);
        } catch (InterruptedException e) {
            throw CommandFailure.guest(ExitCodes.INTERRUPTED, "Interrupted.");
        }
        stats.report(engine.name(), run, surroundings.err());
        return serial.readerGone() ? ExitCodes.OUTPUT_CLOSED : exitCode(run);
    }

    private Duration limit() throws CommandFailure {
        if (!(timeout >= 0) || timeout > 1e6) {
            throw CommandFailure.usage(
                    "--timeout takes seconds, from 0 (never) to 1,000,000; it was "
                            + timeout
                            + ".");
        }
        return Duration.ofMillis((long) (timeout * 1000));
    }

    private int exitCode(GuestRun run) throws CommandFailure {
        return switch (run.reason()) {
            case StopReason.PoweredOff(int code) -> code;
            case StopReason.Reset _ ->
                    throw CommandFailure.guest(
                            ExitCodes.GUEST, "The guest asked for a reset, and was stopped.");
            case StopReason.Requested _ when run.timedOut() ->
                    throw CommandFailure.guest(
                            ExitCodes.TIMED_OUT,
                            "The guest was still running after "
                                    + Figures.significant(timeout)
                                    + " s, and was stopped.");
            case StopReason.Requested _ ->
                    throw CommandFailure.guest(ExitCodes.INTERRUPTED, "Interrupted.");
            case StopReason.GuestFailed(String sentence, String report) -> {
                surroundings.err().println("straddle: " + sentence);
                if (!report.isBlank()) {
                    surroundings.err().println(report.stripTrailing());
                }
                yield ExitCodes.GUEST;
            }
            case StopReason.HostFailed(AcceleratorException cause) ->
                    throw CommandFailure.host(cause.getMessage(), cause);
            case StopReason.HostFailed(Exception cause) -> throw new IllegalStateException(cause);
        };
    }
}
