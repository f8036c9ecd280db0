package straddle.launcher;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.AutoChoice;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.launcher.report.Figures;
import straddle.launcher.report.Json;
import straddle.launcher.report.Table;

/// `straddle accel`: what this host can run natively, and what `--accel=auto` makes of it.
@Command(
        name = "accel",
        mixinStandardHelpOptions = true,
        header = "Shows which guest modes this host runs natively, measured.",
        descriptionHeading = "%n",
        description = {
            "A /dev/kvm may run every guest mode on the processor, or interpret some of them a thousand times",
            "slower. This measures which, once for each host kernel, and says what --accel=auto chooses."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle accel                    the table",
            "  straddle accel --fresh            measured again, after an update of kernel or microcode",
            "  straddle accel --json | jq .auto  for scripts"
        })
final class AccelCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Option(
            names = "--fresh",
            description = "Measure again, even if this kernel's figures are known.")
    private boolean fresh;

    @Option(names = "--json", description = "Print JSON instead of tables.")
    private boolean json;

    AccelCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailure {
        Engines engines = new Engines(surroundings.engines().get(), surroundings.host());
        Optional<HostVerdict> verdict;
        try {
            verdict = engines.verdict(fresh);
        } catch (AcceleratorException e) {
            throw CommandFailure.host(e.getMessage(), e);
        }
        AutoChoice choice = engines.auto(verdict);
        PrintStream out = surroundings.out();
        if (json) {
            out.println(Json.pretty(toJson(engines, verdict, choice)));
        } else {
            print(engines, verdict, choice);
        }
        return ExitCodes.OK;
    }

    private void print(Engines engines, Optional<HostVerdict> verdict, AutoChoice choice) {
        PrintStream out = surroundings.out();
        boolean ansi = surroundings.colour();
        verdict.ifPresent(found -> {
            Table.wrap("This host: " + found.host(), Table.WIDTH).forEach(out::println);
            out.println();
        });
        Table table = Table.of(Table.left("accelerator"), Table.wrapped("on this host"));
        for (AcceleratorProvider engine : engines.installed()) {
            table.row(engine.name(), state(engine) + " (" + engine.description() + ")");
        }
        table.print(out, ansi);
        out.println();
        verdict.ifPresent(found -> {
            speeds(found).print(out, ansi);
            out.println();
            exits(found).print(out, ansi);
            out.println();
            for (HostVerdict.Section section : found.sections()) {
                section(section).print(out, ansi);
                out.println();
            }
        });
        Table.wrap(
                        "--accel=auto chooses "
                                + choice.accelerator()
                                + ", because "
                                + choice.because()
                                + ".",
                        Table.WIDTH)
                .forEach(out::println);
    }

    private static String state(AcceleratorProvider engine) {
        return switch (engine.availability(GuestArchitecture.X86_64)) {
            case Availability.Available _ -> "available";
            case Availability.Unavailable(String because, String remedy) ->
                    "unavailable, because " + because + (remedy.isEmpty() ? "" : ". " + remedy);
        };
    }

    private static Table speeds(HostVerdict verdict) {
        Table table =
                Table.of(
                        Table.left("guest mode under kvm"),
                        Table.right("M insn/s"),
                        Table.wrapped(""));
        for (GuestMode mode : GuestMode.values()) {
            OptionalDouble speed = verdict.speed(mode);
            table.row(
                    mode.label(),
                    speed.isPresent() ? Figures.significant(speed.getAsDouble()) : "-",
                    speed.isEmpty()
                            ? "could not be entered"
                            : verdict.isNative(mode)
                                    ? "native"
                                    : "interpreted by the host's kernel");
        }
        return table;
    }

    private static Table exits(HostVerdict verdict) {
        return Table.of(Table.left("leaving guest code and going back"), Table.right("µs"))
                .row(
                        "an exception in 64-bit user code",
                        Figures.significant(verdict.userExitMicros()))
                .row(
                        "a system call of 64-bit user code",
                        Figures.significant(verdict.systemCallMicros()))
                .row(
                        "a port access in the guest's kernel",
                        Figures.significant(verdict.portExitMicros()));
    }

    private static Table section(HostVerdict.Section section) {
        Table table = Table.of(Table.left(section.title()), Table.left(""), Table.wrapped(""));
        for (HostVerdict.Row row : section.rows()) {
            table.row(row.name(), row.value(), row.meaning());
        }
        return table;
    }

    private static JsonObject toJson(
            Engines engines, Optional<HostVerdict> verdict, AutoChoice choice) {
        JsonObject root = new JsonObject();
        JsonArray accelerators = new JsonArray();
        for (AcceleratorProvider engine : engines.installed()) {
            JsonObject each = new JsonObject();
            each.addProperty("name", engine.name());
            switch (engine.availability(GuestArchitecture.X86_64)) {
                case Availability.Available _ -> each.addProperty("available", true);
                case Availability.Unavailable(String because, String remedy) -> {
                    each.addProperty("available", false);
                    each.addProperty("because", because);
                    each.addProperty("remedy", remedy);
                }
            }
            accelerators.add(each);
        }
        root.add("accelerators", accelerators);
        verdict.ifPresent(found -> root.add("kvm", toJson(found)));
        JsonObject auto = new JsonObject();
        auto.addProperty("accelerator", choice.accelerator());
        auto.addProperty("because", choice.because());
        root.add("auto", auto);
        return root;
    }

    private static JsonObject toJson(HostVerdict verdict) {
        JsonObject kvm = new JsonObject();
        kvm.addProperty("host", verdict.host());
        JsonObject modes = new JsonObject();
        for (GuestMode mode : GuestMode.values()) {
            JsonObject each = new JsonObject();
            verdict.speed(mode).ifPresent(speed -> each.addProperty("million_insns_per_s", speed));
            each.addProperty("native", verdict.isNative(mode));
            modes.add(mode.name().toLowerCase(Locale.ROOT), each);
        }
        kvm.add("modes", modes);
        kvm.addProperty("user_exit_us", verdict.userExitMicros());
        kvm.addProperty("system_call_us", verdict.systemCallMicros());
        kvm.addProperty("port_exit_us", verdict.portExitMicros());
        JsonArray properties = new JsonArray();
        for (HostVerdict.Section section : verdict.sections()) {
            for (HostVerdict.Row row : section.rows()) {
                JsonObject each = new JsonObject();
                each.addProperty("section", section.title());
                each.addProperty("name", row.name());
                each.addProperty("value", row.value());
                each.addProperty("meaning", row.meaning());
                properties.add(each);
            }
        }
        kvm.add("properties", properties);
        return kvm;
    }
}
