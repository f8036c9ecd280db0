package straddle.launcher.monitor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86State;
import straddle.core.memory.Region;
import straddle.core.vcpu.VcpuLoop;
import straddle.machines.Machine;

/// The monitor's commands about memory and values, and the vCPU that they and `info registers` are about.
final class Memory {
    private static final Pattern FORMAT = Pattern.compile("/(\\d*)([xduoc]?)([bhwg]?)");
    private static final int MOST_ITEMS = 4096;
    private static final int BYTES_A_LINE = 16;

    private int vcpu;

    /// How a dump looks.
    ///
    /// @param letter x, d, u, o or c
    /// @param width 1, 2, 4 or 8 bytes an item
    private record Format(int count, char letter, int width) {}

    Memory() {}

    int vcpu() {
        return vcpu;
    }

    String choose(List<String> arguments, Machine machine) throws MonitorException {
        int last = machine.loops().size() - 1;
        if (arguments.size() != 1 || !arguments.getFirst().matches("\\d{1,3}")) {
            throw new MonitorException("'cpu' takes a vCPU's number, 0 to " + last + ".");
        }
        int chosen = Integer.parseInt(arguments.getFirst());
        if (chosen > last) {
            throw new MonitorException(
                    "There is no vCPU " + chosen + ": they are 0 to " + last + ".");
        }
        vcpu = chosen;
        return "";
    }

    /// The chosen vCPU's state.
    X86State state(Machine machine) throws MonitorException, InterruptedException {
        return states(machine).get(vcpu);
    }

    List<X86State> states(Machine machine) throws MonitorException, InterruptedException {
        vcpu = Math.min(vcpu, machine.loops().size() - 1);
        return Held.during(machine, () -> save(machine));
    }

    private static List<X86State> save(Machine machine) throws AcceleratorException {
        List<X86State> states = new ArrayList<>();
        for (VcpuLoop loop : machine.loops()) {
            X86State state = new X86State();
            loop.vcpu().save(state);
            states.add(state);
        }
        return states;
    }

    String print(List<String> arguments, Machine machine)
            throws MonitorException, InterruptedException {
        long value = evaluate(String.join(" ", arguments), machine);
        return "0x%x  %d%n".formatted(value, value);
    }

    private long evaluate(String expression, Machine machine)
            throws MonitorException, InterruptedException {
        return Expression.evaluate(expression, state(machine));
    }

    String virtual(List<String> arguments, Machine machine)
            throws MonitorException, InterruptedException {
        Format format = format(arguments);
        long address = address("x", arguments, machine);
        PageTables tables = new PageTables(state(machine), machine.memory());
        return dump(format, address, machine, tables);
    }

    String physical(List<String> arguments, Machine machine)
            throws MonitorException, InterruptedException {
        Format format = format(arguments);
        return dump(format, address("xp", arguments, machine), machine, null);
    }

    private static Format format(List<String> arguments) throws MonitorException {
        String given =
                arguments.isEmpty() || !arguments.getFirst().startsWith("/")
                        ? "/"
                        : arguments.getFirst();
        Matcher parts = FORMAT.matcher(given);
        if (!parts.matches() || parts.group(1).length() > 5) {
            throw new MonitorException(
                    "'"
                            + given
                            + "' is no format: a count, then x, d, u, o or c, then b, h, w or g for 1, 2, 4 or 8 bytes, as in /8xg.");
        }
        int count = parts.group(1).isEmpty() ? 1 : Integer.parseInt(parts.group(1));
        if (count < 1 || count > MOST_ITEMS) {
            throw new MonitorException("A dump has 1 to " + MOST_ITEMS + " items.");
        }
        char letter = parts.group(2).isEmpty() ? 'x' : parts.group(2).charAt(0);
        int width =
                switch (parts.group(3)) {
                    case "b" -> 1;
                    case "h" -> 2;
                    case "g" -> 8;
                    case "w" -> 4;
                    default -> letter == 'c' ? 1 : 4;
                };
        return new Format(count, letter, width);
    }

    private long address(String command, List<String> arguments, Machine machine)
            throws MonitorException, InterruptedException {
        boolean formatted = !arguments.isEmpty() && arguments.getFirst().startsWith("/");
        List<String> rest = formatted ? arguments.subList(1, arguments.size()) : arguments;
        if (rest.isEmpty()) {
            throw new MonitorException(
                    "'" + command + "' wants an address, as in '" + command + " /8xg $rsp'.");
        }
        return evaluate(String.join(" ", rest), machine);
    }

    /// @param tables translate the address, unless null
    private static String dump(Format format, long address, Machine machine, PageTables tables) {
        StringBuilder text = new StringBuilder();
        int perLine = Math.max(1, BYTES_A_LINE / format.width());
        for (int i = 0; i < format.count(); i++) {
            long at = address + (long) i * format.width();
            if (i % perLine == 0) {
                text.append(i == 0 ? "" : "\n").append("%016x:".formatted(at));
            }
            String item = item(format, at, machine, tables);
            text.append(' ').append(item);
            if (item.endsWith(".")) {
                break;
            }
        }
        return text.append('\n').toString();
    }

    private static String item(Format format, long at, Machine machine, PageTables tables) {
        byte[] bytes = new byte[8];
        for (int i = 0; i < format.width(); i++) {
            long gpa = tables == null ? at + i : tables.translate(at + i);
            Region region = gpa < 0 ? null : machine.memory().at(gpa);
            if (gpa < 0) {
                return "not mapped by the guest's page tables.";
            }
            if (region == null) {
                return "nothing is at physical address 0x%x.".formatted(gpa);
            }
            if (!(region instanceof Region.Ram)) {
                return "registers of %s, which reading could change.".formatted(region.name());
            }
            machine.memory().read(gpa, MemorySegment.ofArray(bytes).asSlice(i, 1));
        }
        return text(format, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }

    private static String text(Format format, long value) {
        int unused = 64 - 8 * format.width();
        return switch (format.letter()) {
            case 'd' -> Long.toString(value << unused >> unused);
            case 'u' -> Long.toUnsignedString(value);
            case 'o' -> "0" + Long.toOctalString(value);
            case 'c' ->
                    value >= ' ' && value < 0x7f
                            ? "'" + (char) value + "'"
                            : "\\x%02x".formatted(value);
            default -> ("%0" + 2 * format.width() + "x").formatted(value);
        };
    }
}
