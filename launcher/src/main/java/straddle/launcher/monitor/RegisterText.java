package straddle.launcher.monitor;

import static straddle.core.arch.x86.X86.*;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86State;

/// A processor's registers for a reader: values, and the names of the bits that are set (SDM volume 3, 2.3, 2.5 and 3.4.5).
final class RegisterText {
    private static final List<String> GENERAL =
            List.of(
                    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10",
                    "r11", "r12", "r13", "r14", "r15");
    private static final List<String> SEGMENTS = List.of("es", "cs", "ss", "ds", "fs", "gs");

    private static final List<Bit> RFLAGS =
            List.of(
                    new Bit(RFLAGS_CF, "CF"),
                    new Bit(RFLAGS_PF, "PF"),
                    new Bit(RFLAGS_AF, "AF"),
                    new Bit(RFLAGS_ZF, "ZF"),
                    new Bit(RFLAGS_SF, "SF"),
                    new Bit(RFLAGS_TF, "TF"),
                    new Bit(RFLAGS_IF, "IF"),
                    new Bit(RFLAGS_DF, "DF"),
                    new Bit(RFLAGS_OF, "OF"),
                    new Bit(RFLAGS_NT, "NT"),
                    new Bit(RFLAGS_RF, "RF"),
                    new Bit(RFLAGS_VM, "VM"),
                    new Bit(RFLAGS_AC, "AC"),
                    new Bit(RFLAGS_ID, "ID"));
    private static final List<Bit> CR0 =
            List.of(
                    new Bit(CR0_PE, "PE"),
                    new Bit(CR0_MP, "MP"),
                    new Bit(CR0_EM, "EM"),
                    new Bit(CR0_TS, "TS"),
                    new Bit(CR0_ET, "ET"),
                    new Bit(CR0_NE, "NE"),
                    new Bit(CR0_WP, "WP"),
                    new Bit(CR0_AM, "AM"),
                    new Bit(CR0_NW, "NW"),
                    new Bit(CR0_CD, "CD"),
                    new Bit(CR0_PG, "PG"));
    private static final List<Bit> CR4 =
            List.of(
                    new Bit(CR4_VME, "VME"),
                    new Bit(CR4_TSD, "TSD"),
                    new Bit(CR4_DE, "DE"),
                    new Bit(CR4_PSE, "PSE"),
                    new Bit(CR4_PAE, "PAE"),
                    new Bit(CR4_MCE, "MCE"),
                    new Bit(CR4_PGE, "PGE"),
                    new Bit(CR4_PCE, "PCE"),
                    new Bit(CR4_OSFXSR, "OSFXSR"),
                    new Bit(CR4_OSXMMEXCPT, "OSXMMEXCPT"),
                    new Bit(CR4_UMIP, "UMIP"),
                    new Bit(CR4_LA57, "LA57"),
                    new Bit(CR4_FSGSBASE, "FSGSBASE"),
                    new Bit(CR4_PCIDE, "PCIDE"),
                    new Bit(CR4_OSXSAVE, "OSXSAVE"),
                    new Bit(CR4_SMEP, "SMEP"),
                    new Bit(CR4_SMAP, "SMAP"),
                    new Bit(CR4_PKE, "PKE"));
    private static final List<Bit> EFER =
            List.of(
                    new Bit(EFER_SCE, "SCE"),
                    new Bit(EFER_LME, "LME"),
                    new Bit(EFER_LMA, "LMA"),
                    new Bit(EFER_NXE, "NXE"));

    private final X86State state;

    private record Bit(long mask, String name) {}

    RegisterText(X86State state) {
        this.state = state;
    }

    /// Mode, ring and whether interrupts are taken.
    static String mode(X86State state) {
        String mode;
        if ((state.cr0 & CR0_PE) == 0) {
            mode = "real mode";
        } else if ((state.rflags & RFLAGS_VM) != 0) {
            mode = "virtual-8086 mode";
        } else if (state.isLongMode() && state.segments[CS].has(Segment.L)) {
            mode = "64-bit mode";
        } else {
            mode =
                    (state.segments[CS].has(Segment.DB) ? "32-bit" : "16-bit")
                            + (state.isLongMode() ? " compatibility mode" : " protected mode");
        }
        return "%s, ring %d, interrupts %s"
                .formatted(mode, state.cpl(), (state.rflags & RFLAGS_IF) != 0 ? "on" : "off");
    }

    /// The value of a register by name, or null.
    static Long value(X86State state, String name) {
        int general = GENERAL.indexOf(name);
        if (general >= 0) {
            return state.gpr[number(general)];
        }
        int segment = SEGMENTS.indexOf(name);
        if (segment >= 0) {
            return (long) state.segments[segment].selector;
        }
        return switch (name) {
            case "rip", "pc" -> state.rip;
            case "rflags" -> state.rflags;
            case "cr0" -> state.cr0;
            case "cr2" -> state.cr2;
            case "cr3" -> state.cr3;
            case "cr4" -> state.cr4;
            case "cr8" -> state.cr8;
            case "efer" -> state.efer;
            case "fs_base" -> state.segments[FS].base;
            case "gs_base" -> state.segments[GS].base;
            case "gdt" -> state.gdtBase;
            case "idt" -> state.idtBase;
            default -> null;
        };
    }

    /// The names that [#value] knows.
    static List<String> names() {
        List<String> names = new ArrayList<>(GENERAL);
        names.addAll(SEGMENTS);
        names.addAll(
                List.of(
                        "rip", "rflags", "cr0", "cr2", "cr3", "cr4", "cr8", "efer", "fs_base",
                        "gs_base", "gdt", "idt"));
        return names;
    }

    /// The order in which people read registers is not that of their numbers.
    private static int number(int place) {
        return switch (place) {
            case 1 -> RBX;
            case 2 -> RCX;
            case 3 -> RDX;
            case 4 -> RSI;
            case 5 -> RDI;
            case 6 -> RBP;
            case 7 -> RSP;
            default -> place;
        };
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(mode(state));
        text.append(state.halted ? ", halted until an interrupt\n" : "\n");
        for (int i = 0; i < GENERAL.size(); i++) {
            text.append(
                    "%-3s %016x%s"
                            .formatted(
                                    GENERAL.get(i),
                                    state.gpr[number(i)],
                                    i % 4 == 3 ? "\n" : "  "));
        }
        text.append("rip %016x%n".formatted(state.rip));
        line(text, "rflags", state.rflags, RFLAGS);
        for (int i = 0; i < SEGMENTS.size(); i++) {
            text.append("%-4s %s%n".formatted(SEGMENTS.get(i), describe(state.segments[i])));
        }
        text.append("ldtr %s%n".formatted(describe(state.ldtr)));
        text.append("tr   %s%n".formatted(describe(state.tr)));
        text.append("gdt  base %016x limit %04x%n".formatted(state.gdtBase, state.gdtLimit));
        text.append("idt  base %016x limit %04x%n".formatted(state.idtBase, state.idtLimit));
        line(text, "cr0", state.cr0, CR0);
        text.append("cr2    %016x  the address of the last page fault%n".formatted(state.cr2));
        text.append("cr3    %016x  where the page tables start%n".formatted(state.cr3));
        line(text, "cr4", state.cr4, CR4);
        line(text, "efer", state.efer, EFER);
        return text.toString();
    }

    private static void line(StringBuilder text, String name, long value, List<Bit> bits) {
        StringJoiner set = new StringJoiner(" ");
        for (Bit bit : bits) {
            if ((value & bit.mask()) != 0) {
                set.add(bit.name());
            }
        }
        text.append("%-6s %016x  %s%n".formatted(name, value, set));
    }

    private static String describe(Segment segment) {
        String kind =
                !segment.has(Segment.P)
                        ? "not usable"
                        : segment.has(Segment.S) && (segment.attributes & 8) != 0
                                ? "code"
                                : segment.has(Segment.S) ? "data" : "system";
        return "%04x base %016x limit %08x  %s, ring %d"
                .formatted(segment.selector, segment.base, segment.limit, kind, segment.dpl());
    }
}
