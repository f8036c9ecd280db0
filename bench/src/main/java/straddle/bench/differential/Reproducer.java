package straddle.bench.differential;

import static straddle.core.arch.x86.X86.*;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import straddle.core.arch.x86.X86State;

/// A case with the reference's outcome as text, so that it can be tried again where the reference is missing.
///
/// A line is `key value...` in hexadecimal; lines that start with `#` are for people. Memory is given
/// where it isn't zero, before, and where it differs from that, after, 16 bytes a line.
///
/// @param undefined RFLAGS bits that are not compared
record Reproducer(TestCase test, Outcome expected, int undefined) {
    private static final HexFormat HEX = HexFormat.of();

    List<String> differences(Outcome got) {
        return expected.differences(got, undefined);
    }

    static Reproducer of(Comparison.Difference difference) {
        TestCase test = difference.test();
        Outcome expected = difference.expected();
        int at = expected.isFailure() ? -1 : test.stepAt(expected.state().rip);
        return new Reproducer(test, expected, at < 0 ? 0 : test.steps().get(at).undefined());
    }

    void write(Path file, List<String> comments) throws IOException {
        List<String> lines = new ArrayList<>();
        comments.forEach(comment -> lines.add("# " + comment));
        lines.add("code " + HEX.formatHex(test.code()));
        addState(lines, "before.", test.initial());
        addMemory(lines, "before.", new byte[UserSandbox.COMPARED_BYTES], test.memory());
        lines.add("undefined " + Integer.toHexString(undefined));
        lines.add("vector " + Integer.toHexString(expected.vector()));
        lines.add("error " + Long.toHexString(expected.errorCode()));
        addState(lines, "after.", expected.state());
        addMemory(lines, "after.", test.memory(), expected.memory());
        Files.write(file, lines);
    }

    private static void addState(List<String> lines, String when, X86State state) {
        StringBuilder gpr = new StringBuilder();
        for (long value : state.gpr) {
            gpr.append(' ').append(Long.toHexString(value));
        }
        lines.add(when + "gpr" + gpr);
        lines.add(when + "rip " + Long.toHexString(state.rip));
        lines.add(when + "rflags " + Long.toHexString(state.rflags));
        lines.add(when + "cr2 " + Long.toHexString(state.cr2));
        StringBuilder segments = new StringBuilder();
        for (var segment : state.segments) {
            segments.append(' ').append(Integer.toHexString(segment.selector));
        }
        lines.add(when + "segments" + segments);
        lines.add(
                when
                        + "bases "
                        + Long.toHexString(state.segments[FS].base)
                        + " "
                        + Long.toHexString(state.segments[GS].base));
        byte[] xsave = Arrays.copyOf(state.xsave, X86State.XSTATE_BV_OFFSET + 1);
        lines.add(
                when
                        + "xsave "
                        + HEX.formatHex(xsave, 0, Outcome.XSAVE_COMPARED)
                        + " "
                        + Integer.toHexString(xsave[X86State.XSTATE_BV_OFFSET] & 7));
        if ((xsave[X86State.XSTATE_BV_OFFSET] & Outcome.AVX) != 0) {
            byte[] uppers =
                    Arrays.copyOfRange(state.xsave, Outcome.YMM, Outcome.YMM + Outcome.YMM_BYTES);
            lines.add(when + "uppers " + HEX.formatHex(uppers));
        }
    }

    private static void addMemory(List<String> lines, String when, byte[] from, byte[] to) {
        for (int at = 0; at < to.length; at += 16) {
            if (!Arrays.equals(from, at, at + 16, to, at, at + 16)) {
                lines.add(
                        when
                                + "memory "
                                + Integer.toHexString(at)
                                + " "
                                + HEX.formatHex(to, at, at + 16));
            }
        }
    }

    /// @throws IllegalArgumentException if the lines are no reproducer
    static Reproducer parse(String name, List<String> lines) {
        Map<String, String[]> values = new TreeMap<>();
        byte[] before = new byte[UserSandbox.COMPARED_BYTES];
        lines.stream()
                .filter(line -> line.startsWith("before.memory "))
                .forEach(line -> putMemory(before, line));
        byte[] after = before.clone();
        lines.stream()
                .filter(line -> line.startsWith("after.memory "))
                .forEach(line -> putMemory(after, line));
        for (String line : lines) {
            if (!line.startsWith("#") && !line.isBlank()) {
                int space = line.indexOf(' ');
                values.put(line.substring(0, space), line.substring(space + 1).split(" "));
            }
        }
        TestCase test =
                new TestCase(
                        name,
                        state(values, "before."),
                        HEX.parseHex(value(values, "code")[0]),
                        before,
                        List.of(),
                        1);
        Outcome expected =
                new Outcome(
                        (int) number(values, "vector"),
                        null,
                        number(values, "error"),
                        state(values, "after."),
                        after);
        return new Reproducer(test, expected, (int) number(values, "undefined"));
    }

    private static void putMemory(byte[] memory, String line) {
        String[] parts = line.split(" ", -1);
        byte[] bytes = HEX.parseHex(parts[2]);
        System.arraycopy(bytes, 0, memory, Integer.parseInt(parts[1], 16), bytes.length);
    }

    private static String[] value(Map<String, String[]> values, String key) {
        String[] found = values.get(key);
        if (found == null) {
            throw new IllegalArgumentException("no line " + key);
        }
        return found;
    }

    private static long number(Map<String, String[]> values, String key) {
        return Long.parseUnsignedLong(value(values, key)[0], 16);
    }

    private static X86State state(Map<String, String[]> values, String when) {
        X86State state = UserSandbox.userState();
        String[] gpr = value(values, when + "gpr");
        for (int i = 0; i < state.gpr.length; i++) {
            state.gpr[i] = Long.parseUnsignedLong(gpr[i], 16);
        }
        state.rip = number(values, when + "rip");
        state.rflags = number(values, when + "rflags");
        state.cr2 = number(values, when + "cr2");
        String[] segments = value(values, when + "segments");
        for (int i = 0; i < segments.length; i++) {
            state.segments[i].selector = Integer.parseInt(segments[i], 16);
        }
        String[] bases = value(values, when + "bases");
        state.segments[FS].base = Long.parseUnsignedLong(bases[0], 16);
        state.segments[GS].base = Long.parseUnsignedLong(bases[1], 16);
        String[] xsave = value(values, when + "xsave");
        byte[] area = HEX.parseHex(xsave[0]);
        System.arraycopy(area, 0, state.xsave, 0, area.length);
        state.xsave[X86State.XSTATE_BV_OFFSET] = (byte) Integer.parseInt(xsave[1], 16);
        if (values.containsKey(when + "uppers")) {
            byte[] uppers = HEX.parseHex(value(values, when + "uppers")[0]);
            System.arraycopy(uppers, 0, state.xsave, Outcome.YMM, uppers.length);
        }
        return state;
    }
}
