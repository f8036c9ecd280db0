package straddle.launcher.monitor;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import straddle.core.vcpu.StopReason;
import straddle.launcher.report.Suggestions;
import straddle.machines.Machine;

/// A VM's control panel: commands in, text out. Any number of terminals and sockets may share one.
///
/// Commands run one at a time; a machine is never freed while one looks at it.
public final class Monitor {
    private final List<Command> commands = new ArrayList<>();
    private final Runnable quit;
    private Machine machine;

    /// @param version Straddle's, in a line
    /// @param quit ends the session at once, as pulling the plug does
    public Monitor(String version, Runnable quit) {
        this.quit = Objects.requireNonNull(quit);
        add(
                new Command(
                        "help|?",
                        "[COMMAND]",
                        "what there is, or about one command",
                        List.of(),
                        this::help));
        Memory memory = new Memory();
        Inspection inspection = new Inspection(memory, version);
        add(
                new Command(
                        "info",
                        "TOPIC",
                        "look at something: 'info' alone lists the topics",
                        Inspection.TOPICS.stream().map(Inspection.Topic::name).toList(),
                        inspection::info));
        add(new Command("stop", "", "pause the guest and its time", List.of(), this::stop));
        add(new Command("cont|c", "", "let the guest go on", List.of(), this::cont));
        add(
                new Command(
                        "system_reset",
                        "",
                        "reset, as the machine's button does",
                        List.of(),
                        this::reset));
        add(
                new Command(
                        "system_powerdown",
                        "",
                        "press the power button: a guest that listens shuts down",
                        List.of(),
                        this::powerDown));
        add(
                new Command(
                        "quit|q",
                        "",
                        "end Straddle: the guest is powered off at once",
                        List.of(),
                        this::quit));
        add(
                new Command(
                        "x",
                        "[/COUNT FORMAT SIZE] ADDRESS",
                        "memory as the guest's program sees it; /4xg is four 8-byte words in hex",
                        List.of(),
                        memory::virtual));
        add(
                new Command(
                        "xp",
                        "[/COUNT FORMAT SIZE] ADDRESS",
                        "the same at a physical address",
                        List.of(),
                        memory::physical));
        add(
                new Command(
                        "p|print",
                        "EXPRESSION",
                        "arithmetic on numbers and registers: p $rsp + 0x10",
                        List.of(),
                        memory::print));
        add(
                new Command(
                        "cpu",
                        "N",
                        "the vCPU that registers and addresses are of",
                        List.of(),
                        memory::choose));
    }

    /// Takes in a command; its names must be new.
    public void add(Command command) {
        for (String name : command.names()) {
            if (find(name) != null) {
                throw new IllegalArgumentException("There are two commands named " + name);
            }
        }
        commands.add(command);
    }

    /// From now on commands are about this machine.
    public synchronized void attach(Machine next) {
        machine = next;
    }

    /// The machine goes away. Waits for a command that still looks at it.
    public synchronized void detach() {
        machine = null;
    }

    /// Carries out a line and returns what to print, which ends with a line end unless it is empty.
    public synchronized String execute(String line) throws InterruptedException {
        List<String> words = words(line);
        if (words.isEmpty()) {
            return "";
        }
        String text;
        try {
            text = run(words);
        } catch (MonitorException e) {
            text = e.getMessage();
        }
        return text.isEmpty() || text.endsWith("\n") ? text : text + "\n";
    }

    /// `x/4xg` is `x /4xg`, as debuggers have it.
    private static List<String> words(String line) {
        String[] parts = line.strip().replaceFirst("^(\\w+)/", "$1 /").split("\\s+", -1);
        return parts[0].isEmpty() ? List.of() : List.of(parts);
    }

    private String run(List<String> words) throws MonitorException, InterruptedException {
        Command command = find(words.getFirst());
        if (command == null) {
            throw new MonitorException(
                    unknown("command", words.getFirst(), names(), "'help' lists them all."));
        }
        if (machine == null && !isHelp(command)) {
            throw new MonitorException("There is no guest at the moment.");
        }
        return command.action().run(words.subList(1, words.size()), machine);
    }

    /// A sentence about a word that nothing knows.
    static String unknown(String kind, String word, List<String> known, String otherwise) {
        List<String> meant = Suggestions.of(word, known);
        return "There is no "
                + kind
                + " '"
                + word
                + "'. "
                + (meant.isEmpty()
                        ? otherwise
                        : "Did you mean " + String.join(" or ", meant) + "?");
    }

    private Command find(String name) {
        for (Command command : commands) {
            if (command.names().contains(name)) {
                return command;
            }
        }
        return null;
    }

    private static boolean isHelp(Command command) {
        return command.names().contains("help");
    }

    private List<String> names() {
        return commands.stream().flatMap(command -> command.names().stream()).toList();
    }

    /// The words that could stand after those already there.
    public synchronized List<String> completions(List<String> before) {
        if (before.isEmpty()) {
            return commands.stream().map(command -> command.names().getFirst()).toList();
        }
        Command command = find(before.getFirst());
        if (command == null || before.size() > 1) {
            return List.of();
        }
        if (isHelp(command)) {
            return names();
        }
        return command.name().equals("info") && machine != null
                ? Inspection.topics(machine).stream().map(Inspection.Topic::name).toList()
                : command.arguments();
    }

    private String help(List<String> arguments, Machine any) throws MonitorException {
        if (arguments.isEmpty()) {
            StringBuilder text = new StringBuilder();
            for (Command command : commands) {
                text.append("%-44s %s%n".formatted(synopsis(command), command.summary()));
            }
            return text.toString();
        }
        Command command = find(arguments.getFirst());
        if (command == null) {
            throw new MonitorException(
                    unknown("command", arguments.getFirst(), names(), "'help' lists them all."));
        }
        return synopsis(command) + "\n  " + command.summary() + "\n";
    }

    private static String synopsis(Command command) {
        return (String.join(", ", command.names()) + " " + command.usage()).strip();
    }

    private String stop(List<String> arguments, Machine of)
            throws MonitorException, InterruptedException {
        requireNone("stop", arguments);
        of.control().pause();
        return "The guest is paused, and its time stands still. 'cont' lets it go on.";
    }

    private String cont(List<String> arguments, Machine of) throws MonitorException {
        requireNone("cont", arguments);
        of.control().resume();
        return "";
    }

    private String reset(List<String> arguments, Machine of) throws MonitorException {
        requireNone("system_reset", arguments);
        of.control().stop(new StopReason.Reset());
        return "";
    }

    private String powerDown(List<String> arguments, Machine of) throws MonitorException {
        requireNone("system_powerdown", arguments);
        return of.pressPowerButton()
                ? ""
                : "This machine has no power button; 'quit' ends it at once.";
    }

    private String quit(List<String> arguments, Machine any) throws MonitorException {
        requireNone("quit", arguments);
        quit.run();
        return "";
    }

    private static void requireNone(String command, List<String> arguments)
            throws MonitorException {
        if (!arguments.isEmpty()) {
            throw new MonitorException("'" + command + "' takes no argument.");
        }
    }
}
