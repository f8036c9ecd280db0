package straddle.launcher.monitor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.IoRange;
import straddle.core.bus.PortBus;
import straddle.core.memory.Region;
import straddle.core.vcpu.ExitCounts;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.VcpuLoop;
import straddle.launcher.report.Figures;
import straddle.machines.Machine;

/// The monitor's `info`.
final class Inspection {
    static final List<Topic> TOPICS =
            List.of(
                    new Topic("status", "does the guest run, for how long, on which engine"),
                    new Topic("cpus", "each vCPU: what it does now"),
                    new Topic(
                            "registers", "a vCPU's registers, with the bits that are set by name"),
                    new Topic("exits", "how often guest code was left, and for what"),
                    new Topic("stats", "the engine's own figures"),
                    new Topic(
                            "irq",
                            "the interrupt controllers: what asks, what is masked, what is in service"),
                    new Topic("tlb", "address translations that the engine has at hand"),
                    new Topic("mem", "the guest's page tables: which addresses lead where"),
                    new Topic("mtree", "the physical address map: memory and devices, then ports"),
                    new Topic("pci", "the functions on the PCI bus"),
                    new Topic("version", "of Straddle and of Java"));

    private final Memory memory;
    private final String version;

    /// Something to look at, and a line about it.
    record Topic(String name, String summary) {}

    /// @param memory whose choice of a vCPU counts here, too
    Inspection(Memory memory, String version) {
        this.memory = memory;
        this.version = version;
    }

    /// Those of every machine, then the engine's own.
    static List<Topic> topics(Machine machine) {
        List<Topic> topics = new ArrayList<>(TOPICS);
        machine.loops()
                .getFirst()
                .vcpu()
                .topics()
                .forEach((name, summary) -> topics.add(new Topic(name, summary)));
        return topics;
    }

    String info(List<String> arguments, Machine machine)
            throws MonitorException, InterruptedException {
        if (arguments.size() != 1) {
            return list(machine);
        }
        String topic = arguments.getFirst();
        return switch (topic) {
            case "status" -> status(machine);
            case "cpus" -> cpus(machine);
            case "registers" -> new RegisterText(memory.state(machine)).toString();
            case "exits" -> exits(machine);
            case "stats" -> statistics(machine);
            case "irq", "pci" -> ofBoard(machine, topic);
            case "tlb" -> ofEngine(machine, topic);
            case "mem" -> new PageTables(memory.state(machine), machine.memory()).toString();
            case "mtree" -> map(machine);
            case "version" -> version + "\n";
            default -> another(machine, topic);
        };
    }

    private static String list(Machine machine) {
        StringBuilder text = new StringBuilder();
        for (Topic topic : topics(machine)) {
            text.append("info %-10s %s%n".formatted(topic.name(), topic.summary()));
        }
        return text.toString();
    }

    private String another(Machine machine, String topic)
            throws MonitorException, InterruptedException {
        List<String> known = topics(machine).stream().map(Topic::name).toList();
        if (!known.contains(topic)) {
            throw new MonitorException(
                    Monitor.unknown("topic", topic, known, "'info' lists them all."));
        }
        return ofEngine(machine, topic);
    }

    private static String status(Machine machine) {
        RunControl.State state = machine.control().state();
        String what =
                switch (state) {
                    case RUNNING -> "The guest runs";
                    case PAUSED -> "The guest is paused ('cont' lets it go on)";
                    case STOPPED -> "The guest has stopped";
                };
        int vcpus = machine.loops().size();
        return "%s, %d vCPU%s under %s. Its clock shows %s since power-on.%n"
                .formatted(
                        what,
                        vcpus,
                        vcpus == 1 ? "" : "s",
                        machine.accelerator(),
                        Figures.time((double) machine.clock().now()));
    }

    private String cpus(Machine machine) throws MonitorException, InterruptedException {
        StringBuilder text = new StringBuilder();
        List<X86State> states = memory.states(machine);
        for (int i = 0; i < states.size(); i++) {
            X86State state = states.get(i);
            text.append(
                    "%s vCPU %d: rip %016x, %s%s%n"
                            .formatted(
                                    i == memory.vcpu() ? "*" : " ",
                                    i,
                                    state.rip,
                                    RegisterText.mode(state),
                                    state.halted ? ", halted until an interrupt" : ""));
        }
        return text.toString();
    }

    private static String exits(Machine machine) {
        Map<ExitCounts.Kind, Long> counts = new HashMap<>();
        long total = 0;
        long instructions = 0;
        for (VcpuLoop loop : machine.loops()) {
            for (ExitCounts.Kind kind : ExitCounts.Kind.values()) {
                counts.merge(kind, loop.exits().of(kind), Long::sum);
            }
            total += loop.exits().total();
            instructions += loop.retiredInstructions();
        }
        StringBuilder text = new StringBuilder();
        for (ExitCounts.Kind kind : ExitCounts.Kind.values()) {
            if (counts.get(kind) > 0) {
                text.append("%-18s %,15d%n".formatted(kind.label(), counts.get(kind)));
            }
        }
        text.append("%-18s %,15d%n".formatted("all", total));
        if (instructions > 0 && total > 0) {
            text.append(
                    "%,d instructions: one exit in %,d.%n"
                            .formatted(instructions, instructions / total));
        }
        return text.toString();
    }

    private static String statistics(Machine machine)
            throws MonitorException, InterruptedException {
        Statistics statistics = new Statistics();
        Held.during(
                machine,
                () -> {
                    machine.loops().forEach(loop -> loop.statistics(statistics));
                    return statistics;
                });
        StringBuilder text = new StringBuilder();
        for (Statistics.Tier tier : statistics.tiers()) {
            text.append("%-44s %,18d instructions%n".formatted(tier.name(), tier.instructions()));
        }
        for (Statistics.Figure figure : statistics.figures()) {
            text.append(
                    "%-44s %18s%n".formatted(figure.group() + ": " + figure.name(), value(figure)));
        }
        return text.isEmpty() ? "This engine has no figures.\n" : text.toString();
    }

    private static String value(Statistics.Figure figure) {
        return switch (figure.unit()) {
            case COUNT -> Figures.count(figure.value());
            case NANOS -> Figures.time((double) figure.value());
            case BYTES -> Figures.bytes(figure.value());
        };
    }

    private static String ofBoard(Machine machine, String topic) throws MonitorException {
        String text;
        machine.ports().lock().lock();
        try {
            text = machine.describe(topic);
        } finally {
            machine.ports().lock().unlock();
        }
        if (text.isEmpty()) {
            throw new MonitorException("This machine has nothing to say about '" + topic + "'.");
        }
        return text;
    }

    private String ofEngine(Machine machine, String topic)
            throws MonitorException, InterruptedException {
        String text =
                Held.during(
                        machine, () -> machine.loops().get(memory.vcpu()).vcpu().describe(topic));
        if (text.isEmpty()) {
            throw new MonitorException(
                    "The engine '"
                            + machine.accelerator()
                            + "' has nothing to say about '"
                            + topic
                            + "'"
                            + (topic.equals("tlb")
                                    ? "; 'info mem' walks the guest's page tables."
                                    : "."));
        }
        return text;
    }

    private static String map(Machine machine) {
        StringBuilder text = new StringBuilder("Physical addresses:\n");
        for (Region region : machine.memory().regions()) {
            String kind =
                    switch (region) {
                        case Region.Ram ram -> ram.readOnly() ? "ROM" : "RAM";
                        case Region.Mmio _ -> "device";
                    };
            text.append(
                    "  %012x-%012x  %-6s %s, %s%n"
                            .formatted(
                                    region.gpa(),
                                    region.end() - 1,
                                    kind,
                                    region.name(),
                                    Figures.bytes(region.length())));
        }
        text.append("Ports:\n");
        IoRange last = null;
        for (int port = 0; port < PortBus.PORTS; port++) {
            IoRange range = machine.ports().at(port);
            if (range != null && range != last) {
                text.append(
                        "  %04x-%04x  %s%n"
                                .formatted(
                                        range.base(),
                                        range.base() + range.length() - 1,
                                        range.name()));
            }
            last = range;
        }
        return text.toString();
    }
}
