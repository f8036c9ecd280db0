package straddle.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import straddle.launcher.measure.Comparison;
import straddle.launcher.measure.ModeResult;
import straddle.machines.embedded.EmbeddedGuest;

/// `straddle demo`: the built-in guest in every mode that works here, side by side.
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        header = "Runs the built-in guest in every mode that works here, and compares them.",
        descriptionHeading = "%n",
        description = {
            "'native' is the guest's own machine code, called in this process: what the processor makes of it.",
            "Slow modes do fewer operations, so that it all takes less than a minute; times are for one.",
            "Every result is checked against one computed beforehand."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle demo                     the table and what it means",
            "  straddle compare --repeat 5       the same, repeated: median and spread",
            "  straddle accel                    why a mode is fast or slow on this host"
        })
final class DemoCommand implements Callable<Integer> {
    private static final Comparison.Plan PLAN =
            new Comparison.Plan(3, 150e6, ModeResult.Choice.FASTEST);

    private final Surroundings surroundings;

    @Mixin private MachineOptions machine;

    DemoCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailure {
        EmbeddedGuest guest = machine.guest();
        Comparing comparing = new Comparing(surroundings, guest, machine.ramBytes(guest));
        ComparisonReport report = comparing.measure(comparing.all(), PLAN);
        report.print(surroundings.out(), surroundings.colour());
        return report.exitCode();
    }
}
