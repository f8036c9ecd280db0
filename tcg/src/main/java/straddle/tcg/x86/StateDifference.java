package straddle.tcg.x86;

import static straddle.core.arch.x86.X86.*;

import java.util.Arrays;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// In what two processor states differ, but for the time-stamp counter.
final class StateDifference {
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};

    private final StringJoiner found = new StringJoiner(", ");

    private StateDifference() {}

    /// Register names, or nothing.
    static String of(X86State a, X86State b) {
        StateDifference difference = new StateDifference();
        for (int i = 0; i < 16; i++) {
            difference.compare(Disassembler.name(i, 8), a.gpr[i], b.gpr[i]);
        }
        difference.compare("rip", a.rip, b.rip);
        difference.compare("rflags", a.rflags, b.rflags);
        for (int i = 0; i < SEGMENTS.length; i++) {
            difference.compare(SEGMENTS[i], a.segments[i], b.segments[i]);
        }
        difference.compare("ldtr", a.ldtr, b.ldtr);
        difference.compare("tr", a.tr, b.tr);
        difference.compare("cr0", a.cr0, b.cr0);
        difference.compare("cr2", a.cr2, b.cr2);
        difference.compare("cr3", a.cr3, b.cr3);
        difference.compare("cr4", a.cr4, b.cr4);
        difference.compare("efer", a.efer, b.efer);
        difference.compare("xcr0", a.xcr0, b.xcr0);
        difference.compare("gdt", a.gdtBase + a.gdtLimit, b.gdtBase + b.gdtLimit);
        difference.compare("idt", a.idtBase + a.idtLimit, b.idtBase + b.idtLimit);
        for (int i = 0; i < 8; i++) {
            difference.compare("dr" + i, a.dr[i], b.dr[i]);
        }
        int at = Arrays.mismatch(a.xsave, b.xsave);
        if (at >= 0) {
            difference.found.add("xsave from byte " + at);
        }
        difference.compareMsrs(a.msrs, b.msrs);
        return difference.found.toString();
    }

    private void compareMsrs(Map<Integer, Long> a, Map<Integer, Long> b) {
        Map<Integer, Long> mine = new TreeMap<>(a);
        Map<Integer, Long> other = new TreeMap<>(b);
        mine.remove(MSR_TSC);
        other.remove(MSR_TSC);
        if (!mine.equals(other)) {
            found.add("model-specific registers");
        }
    }

    private void compare(String name, long a, long b) {
        if (a != b) {
            found.add("%s (%x and %x)".formatted(name, a, b));
        }
    }

    private void compare(String name, Segment a, Segment b) {
        if (a.selector != b.selector
                || a.base != b.base
                || a.limit != b.limit
                || a.attributes != b.attributes) {
            found.add(name);
        }
    }
}
