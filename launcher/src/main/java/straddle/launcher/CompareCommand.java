package straddle.launcher;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import straddle.launcher.measure.Comparison;
import straddle.launcher.measure.ModeResult;
import straddle.launcher.measure.NativeYardstick;
import straddle.launcher.report.Json;
import straddle.machines.boot.Boot;
import straddle.machines.embedded.EmbeddedGuest;

/// `straddle compare`: a guest's phases in several modes, repeatedly.
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        header = "Runs a guest repeatedly in several modes: median and spread of each phase.",
        descriptionHeading = "%n",
        description = {
            "The modes take turns, so that a host that slows down for a while slows down all of them.",
            "'±' is half the difference between the slowest and the fastest run.",
            "With debian, each mode boots Debian's kernel to a short command: what the boot and the command",
            "took, and in which of the engine's parts."
        },
        parameterListHeading = "%nGuest:%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle compare                              every mode that works here, three times",
            "  straddle compare --accel native,kvm --repeat 9",
            "  straddle compare debian --accel tcg           where a boot's time goes",
            "  straddle compare --json | jq '.modes[] | {mode, phases: [.phases[] | {phase, ratio_to_native}]}'"
        })
final class CompareCommand implements Callable<Integer> {
    private static final int MAX_REPEATS = 1000;

    private final Surroundings surroundings;

    @Mixin private MachineOptions machine;

    @Option(
            names = "--accel",
            split = ",",
            paramLabel = "NAME",
            description =
                    "The modes, separated by commas: native, kvm, hybrid, tcg. Default: all that work here.")
    private List<String> accel = List.of();

    @Option(
            names = "--repeat",
            paramLabel = "N",
            description = "How often each mode runs the guest. Default: 3, and 1 for debian.")
    private Integer repeat;

    @Option(
            names = "--phase-time",
            paramLabel = "SECONDS",
            defaultValue = "0.3",
            description = "How long a phase should take, about. Default: ${DEFAULT-VALUE}.")
    private double phaseTime;

    @Parameters(
            arity = "0..1",
            paramLabel = "GUEST",
            description = "debian: Debian's kernel and busybox. Default: the built-in guest.")
    private String named;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "180",
            description = "Give up a boot of debian after so long. Default: ${DEFAULT-VALUE}.")
    private int timeout;

    @Option(names = "--json", description = "Print JSON instead of tables.")
    private boolean json;

    CompareCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailure {
        int repeats = repeat != null ? repeat : named == null ? 3 : 1;
        if (repeats < 1 || repeats > MAX_REPEATS) {
            throw CommandFailure.usage(
                    "--repeat takes 1 to " + MAX_REPEATS + "; it was " + repeats + ".");
        }
        if (named != null) {
            return compareBoots(repeats);
        }
        if (!(phaseTime > 0) || phaseTime > 10) {
            throw CommandFailure.usage(
                    "--phase-time takes seconds, more than 0 and up to 10; it was "
                            + phaseTime
                            + ".");
        }
        EmbeddedGuest guest = machine.guest();
        Comparing comparing = new Comparing(surroundings, guest, machine.ramBytes(guest));
        Set<String> modes = accel.isEmpty() ? comparing.all() : new LinkedHashSet<>(accel);
        ComparisonReport report =
                comparing.measure(
                        modes,
                        new Comparison.Plan(repeats, phaseTime * 1e9, ModeResult.Choice.MEDIAN));
        if (json) {
            surroundings.out().println(Json.pretty(report.toJson()));
        } else {
            report.print(surroundings.out(), surroundings.colour());
        }
        return report.exitCode();
    }

    private int compareBoots(int repeats) throws CommandFailure {
        if (timeout < 1) {
            throw CommandFailure.usage("--timeout takes seconds, from 1; it was " + timeout + ".");
        }
        machine.requireNoImage(NamedGuests.DEBIAN);
        Boot boot = new NamedGuests(surroundings).boot(named, BootComparison.WORK);
        Set<String> modes = new LinkedHashSet<>(accel);
        if (accel.isEmpty()) {
            modes.addAll(new Comparing(surroundings, EmbeddedGuest.builtIn(), 0).all());
            modes.remove(NativeYardstick.NAME);
        }
        return new BootComparison(
                        surroundings, boot, machine.ramBytes(boot), Duration.ofSeconds(timeout))
                .run(modes, repeats, json);
    }
}
