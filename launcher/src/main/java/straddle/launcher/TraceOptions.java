package straddle.launcher;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import straddle.core.observe.Trace;

/// What a run traces, and where to.
final class TraceOptions {
    @Option(
            names = "--trace",
            paramLabel = "WHAT",
            split = ",",
            description =
                    "Trace insn (instructions), tb (blocks), exit, fault, int (interrupts) and io (device accesses): one or several of them. What is traced runs slowly; insn and tb need the tcg engine.")
    private List<String> events;

    @Option(
            names = "--trace-file",
            paramLabel = "FILE",
            description = "Write the trace to a file. Default: standard error.")
    private Path file;

    @Option(
            names = "--trace-filter",
            paramLabel = "CONDITION",
            split = ",",
            description =
                    "Show only what passes all of these: pc=FROM-TO, cpl=LEVEL, vcpu=NUMBER, after=COUNT (begin after so many that pass), limit=COUNT (end after so many).")
    private List<String> conditions = List.of();

    private PrintStream out;

    /// Opens the file.
    ///
    /// @return null if nothing is to be traced
    Trace open(PrintStream err) throws CommandFailure {
        if (events == null) {
            if (file != null || !conditions.isEmpty()) {
                throw CommandFailure.usage(
                        "--trace-file and --trace-filter go with --trace, which says what to trace.");
            }
            return null;
        }
        Set<Trace.Event> wanted = EnumSet.noneOf(Trace.Event.class);
        for (String each : events) {
            wanted.add(event(each));
        }
        Trace.Filter filter = filter();
        if (file == null) {
            return new Trace(wanted, filter, err::println);
        }
        try {
            out =
                    new PrintStream(
                            new BufferedOutputStream(Files.newOutputStream(file), 1 << 16),
                            false,
                            StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "The trace can't be written to '" + file + "': " + e.getMessage() + ".");
        }
        return new Trace(wanted, filter, this::print);
    }

    private synchronized void print(String line) {
        out.println(line);
    }

    void close() {
        if (out != null) {
            out.close();
        }
    }

    private static Trace.Event event(String name) throws CommandFailure {
        for (Trace.Event event : Trace.Event.values()) {
            if (event.label().equals(name)) {
                return event;
            }
        }
        String all =
                Arrays.stream(Trace.Event.values())
                        .map(Trace.Event::label)
                        .collect(Collectors.joining(", "));
        throw CommandFailure.usage("--trace takes " + all + "; it was '" + name + "'.");
    }

    private Trace.Filter filter() throws CommandFailure {
        Trace.Filter filter = Trace.Filter.ALL;
        for (String condition : conditions) {
            int equals = condition.indexOf('=');
            String key = equals < 0 ? condition : condition.substring(0, equals);
            String value = equals < 0 ? "" : condition.substring(equals + 1);
            long from = filter.from();
            long to = filter.to();
            int cpl = filter.cpl();
            int vcpu = filter.vcpu();
            long skip = filter.skip();
            long limit = filter.limit();
            switch (key) {
                case "pc" -> {
                    int dash = value.indexOf('-');
                    from = number(condition, dash < 0 ? value : value.substring(0, dash));
                    to = dash < 0 ? from : number(condition, value.substring(dash + 1));
                }
                case "cpl" -> cpl = (int) number(condition, value);
                case "vcpu" -> vcpu = (int) number(condition, value);
                case "after" -> skip = number(condition, value);
                case "limit" -> limit = number(condition, value);
                default -> throw wrong(condition);
            }
            filter = new Trace.Filter(from, to, cpl, vcpu, skip, limit);
        }
        return filter;
    }

    private static long number(String condition, String text) throws CommandFailure {
        try {
            String digits = text.toLowerCase(Locale.ROOT);
            return digits.startsWith("0x")
                    ? Long.parseUnsignedLong(digits.substring(2), 16)
                    : Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw wrong(condition);
        }
    }

    private static CommandFailure wrong(String condition) {
        return CommandFailure.usage(
                "--trace-filter takes pc=FROM-TO, cpl=, vcpu=, after= and limit= with numbers; it was '"
                        + condition
                        + "'.");
    }
}
